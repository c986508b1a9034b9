/** Responsible for the killswitch: choosing a level with its effect in numbers, raising it, watching which workers have stopped, and lowering it. */
import type { KillswitchState, Presence } from '@modelreins/contract'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { client } from '../../api/client.ts'
import { queryClient, refresh, useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { Badge } from '../../parts/badge.tsx'
import { Button, HoldButton } from '../../parts/button.tsx'
import { Panel } from '../../parts/facts.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { spelledOut } from '../../parts/safe-text.ts'
import { plural, spanWords, Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'
import { levels } from './levels.ts'

function Raise({ state, live, preset }: { readonly state: KillswitchState; readonly live: readonly Presence[]; readonly preset: number }) {
  const id = useId()
  const [level, setLevel] = useState(Math.max(preset, state.level + 1 > 4 ? 4 : state.level + 1))
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const { data: counts } = useOperation('jobs.counts', {})
  const chosen = levels[level]
  const raise = async (): Promise<void> => {
    setBusy(true)
    try {
      const now = await client.call('killswitch.raise', {
        level,
        ...(level < state.level ? { lower: true } : {}),
        ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
      })
      queryClient.setQueryData(['killswitch.get', {}], now)
      say(`The killswitch is at level ${now.level}.`)
      await refresh('killswitch', 'jobs', 'workers', 'presence')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Panel title={state.level === 0 ? 'Raise it' : 'Change the level'}>
      <fieldset>
        <legend className="sr-only">Level</legend>
        <div className="flex flex-col gap-2">
          {levels.slice(1).map((one) => (
            <label
              key={one.level}
              className="flex items-start gap-3 rounded-md border border-line px-4 py-3 has-checked:border-bad has-checked:bg-bad-wash has-focus-visible:outline-2 has-focus-visible:outline-accent"
            >
              <input
                type="radio"
                name={`${id}-level`}
                className="mt-1 size-4 accent-kill"
                checked={level === one.level}
                onChange={() => setLevel(one.level)}
              />
              <span className="min-w-0">
                <span className="font-semibold">
                  {one.level}. {one.name}
                </span>
                <span className="block text-soft">{one.effect}</span>
                <span className="block font-medium">Now: {one.hits(live, counts)}</span>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <label htmlFor={`${id}-reason`} className="mt-4 mb-1 block font-medium">
        Reason <span className="font-normal text-soft">(every worker is told, and the audit trail keeps it)</span>
      </label>
      <input id={`${id}-reason`} className="field" maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
      <div className="mt-4 flex flex-wrap items-center gap-3">
        <HoldButton disabled={busy} onHeld={() => void raise()}>
          Hold to {chosen?.name.toLowerCase()}
          {level >= 3
            ? `: ${plural(
                live.reduce((sum, worker) => sum + worker.running, 0),
                'job',
              )}`
            : ''}
        </HoldButton>
        <span className="text-soft">Hold the button, or Space or Enter on it, for a second.</span>
      </div>
    </Panel>
  )
}

/** The jobs of a worker that has not confirmed its stop: their processes may still run. */
function Unconfirmed({ jobs }: { readonly jobs: readonly number[] }) {
  if (jobs.length === 0) return null
  return (
    <span>
      may still run{' '}
      {jobs.slice(0, 5).map((id, index) => (
        <span key={id}>
          {index === 0 ? '' : ', '}
          <Link to="/jobs/$jobId" params={{ jobId: String(id) }} className="text-accent underline">
            job {id}
          </Link>
        </span>
      ))}
      {jobs.length > 5 ? ` and ${jobs.length - 5} more` : ''}
    </span>
  )
}

function Acknowledgements({ state }: { readonly state: KillswitchState }) {
  if (state.level === 0) return null
  const raised = Date.parse(state.raised_at ?? '')
  const times = state.acknowledged.map((one) => Date.parse(one.acknowledged_at) - raised)
  const total = state.acknowledged.length + state.stragglers.length
  return (
    <Panel title="Who has stopped">
      <p role="status" className="text-lg">
        <strong>
          {state.acknowledged.length} of {total}
        </strong>{' '}
        {total === 1 ? 'worker has' : 'workers have'} acknowledged generation {state.generation}
        {times.length === 0 ? '' : `, the last one after ${spanWords(Math.max(...times))}`}.
      </p>
      {state.level >= 3 && total > 0 ? (
        <p className="text-soft">
          {state.stragglers.length === 0
            ? `Everything has stopped: the last process had ended ${spanWords(Math.max(...times))} after the raise.`
            : 'A worker acknowledges once every process of its jobs has ended.'}
        </p>
      ) : null}
      <div aria-hidden="true" className="mt-2 h-2 overflow-hidden rounded-full bg-sunken">
        <div className="h-full bg-good" style={{ width: `${total === 0 ? 100 : (state.acknowledged.length / total) * 100}%` }} />
      </div>
      {state.stragglers.length === 0 ? null : (
        <>
          <h3 className="mt-4 font-semibold text-bad">Not yet: {state.stragglers.length}</h3>
          <ul className="divide-y divide-line">
            {state.stragglers.map((one) => (
              <li key={one.worker_id} className="flex flex-wrap items-center gap-x-3 py-2">
                <Link to="/workers/$workerId" params={{ workerId: one.worker_id }} className="font-medium text-accent underline foreign">
                  {one.name}
                </Link>
                <span className="text-soft">
                  last seen <Time at={one.last_seen} none="never" />
                </span>
                <Unconfirmed jobs={one.jobs ?? []} />
              </li>
            ))}
          </ul>
        </>
      )}
      {state.acknowledged.length === 0 ? null : (
        <details className="mt-3" open={state.acknowledged.length <= 30}>
          <summary className="font-semibold text-good">Acknowledged: {state.acknowledged.length}</summary>
          <ul className="divide-y divide-line">
            {state.acknowledged.map((one) => (
              <li key={one.worker_id} className="flex flex-wrap items-center gap-x-3 py-1.5">
                <span className="font-medium foreign">{one.name}</span>
                <span className="text-soft">after {spanWords(Date.parse(one.acknowledged_at) - raised)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Panel>
  )
}

function WayBack({ state }: { readonly state: KillswitchState }) {
  const workers = useOperation('workers.list', { limit: 200 })
  const mayClear = useMay('killswitch.clear')
  const [asking, setAsking] = useState<boolean | undefined>(undefined)
  const [busy, setBusy] = useState(false)
  const [resumed, setResumed] = useState<{ readonly done: number; readonly total: number } | undefined>(undefined)
  const paused = (workers.data?.items ?? []).filter((worker) => worker.paused && worker.revoked_at === null)
  if (!mayClear || (state.level === 0 && paused.length === 0)) return null
  const act = async (work: () => Promise<unknown>, words: string): Promise<void> => {
    setBusy(true)
    try {
      await work()
      say(words)
      setAsking(undefined)
      await refresh('killswitch', 'workers', 'presence', 'jobs')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  /** One worker after the other, so that a person who watches can stop when one misbehaves, by pausing it or raising the switch again. */
  const resumeAll = async (): Promise<void> => {
    const plan = paused.map((worker) => worker.worker_id)
    try {
      for (const [done, worker_id] of plan.entries()) {
        setResumed({ done, total: plan.length })
        await client.call('workers.resume', { worker_id })
      }
      say(`${plural(plan.length, 'worker')} offered work again.`)
    } catch (error) {
      complain(error)
    } finally {
      setResumed(undefined)
      await refresh('killswitch', 'workers', 'presence', 'jobs')
    }
  }
  return (
    <Panel title="Clear and resume">
      {state.level > 0 ? (
        <>
          <p className="text-soft">Clearing lets new jobs in. Workers that were paused stay paused, unless all are resumed with it.</p>
          <div className="mt-3 flex flex-wrap gap-2">
            <Button onClick={() => setAsking(false)}>Clear, resume no worker...</Button>
            <Button onClick={() => setAsking(true)}>Clear and resume all...</Button>
          </div>
        </>
      ) : null}
      {paused.length === 0 ? null : (
        <>
          <div className="mt-3 flex flex-wrap items-center justify-between gap-2">
            <h3 className="font-semibold">{plural(paused.length, 'paused worker')}</h3>
            {state.level === 0 && paused.length > 1 ? (
              <Button className="min-h-8 text-sm" busy={resumed !== undefined} onClick={() => void resumeAll()}>
                {resumed === undefined ? `Resume all ${paused.length}, one after the other` : `${resumed.done} of ${resumed.total}`}
              </Button>
            ) : null}
          </div>
          <ul className="divide-y divide-line">
            {paused.map((worker) => (
              <li key={worker.worker_id} className="flex items-center justify-between gap-3 py-2">
                <span className="min-w-0 font-medium foreign">{worker.name}</span>
                <Button
                  className="min-h-8 text-sm"
                  disabled={busy}
                  onClick={() =>
                    void act(() => client.call('workers.resume', { worker_id: worker.worker_id }), `${worker.name} is offered work again.`)
                  }
                >
                  Resume
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
      {asking === undefined ? null : (
        <Modal title="Clear the killswitch" onClose={() => setAsking(undefined)}>
          <p>
            {asking
              ? `New jobs are let in, and every paused worker is offered work again: ${paused.length}.`
              : 'New jobs are let in. Workers stay paused until you resume them one by one.'}
          </p>
          <Choices leave="Leave it raised" onLeave={() => setAsking(undefined)}>
            <Button
              look="primary"
              busy={busy}
              onClick={() =>
                void act(() => client.call('killswitch.clear', asking ? { resume_all: true } : {}), 'The killswitch is cleared.')
              }
            >
              {asking ? `Clear and resume ${plural(paused.length, 'worker')}` : 'Clear'}
            </Button>
          </Choices>
        </Modal>
      )}
    </Panel>
  )
}

export function Killswitch() {
  const search = useSearch({ from: '/killswitch' })
  const navigate = useNavigate({ from: '/killswitch' })
  const mayRaise = useMay('killswitch.raise')
  const state = useOperation('killswitch.get', {})
  const presence = useOperation('presence.list', {})
  const items = presence.data?.items ?? []
  const live = items.filter((worker) => worker.state !== 'offline')
  const preset = Number(search.level ?? 3)
  return (
    <Screen
      narrow
      title="Killswitch"
      badge={
        state.data === undefined ? undefined : (
          <Badge
            tone={state.data.level === 0 ? 'good' : 'bad'}
          >{`Level ${state.data.level}: ${levels[state.data.level]?.name ?? ''}`}</Badge>
        )
      }
      lead="Stops the whole tenant, at the level you choose. Workers acknowledge; those that have not are listed."
    >
      {state.isPending ? (
        <Skeleton label="The killswitch" rows={4} />
      ) : state.data === undefined ? (
        <ErrorNotice error={state.error} what="The killswitch" retry={() => void state.refetch()} />
      ) : (
        <>
          {state.data.level > 0 ? (
            <Notice tone="bad" title={`Raised by ${state.data.raised_by ?? 'a member'}`}>
              {state.data.reason === null ? 'No reason was given.' : spelledOut(state.data.reason)} <Time at={state.data.raised_at} />
            </Notice>
          ) : null}
          <Acknowledgements state={state.data} />
          <WayBack state={state.data} />
          {mayRaise && state.data.level < 4 ? (
            <Raise
              key={`${state.data.generation}-${preset}`}
              state={state.data}
              live={live}
              preset={preset >= 1 && preset <= 4 ? preset : 3}
            />
          ) : mayRaise ? null : (
            <Notice>
              Your role cannot raise the killswitch. An operator or owner can.
              <Button className="mt-2" onClick={() => void navigate({ to: '/' })}>
                Back to Home
              </Button>
            </Notice>
          )}
        </>
      )}
    </Screen>
  )
}
