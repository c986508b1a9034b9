/** Responsible for one worker: its state, its capabilities, its running jobs and recent failures; pause, rotate, revoke. */
import { slotsInUse, type Output, type Worker as WorkerShape } from '@modelreins/contract'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { PresenceBadge, TierBadge, tierWords } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { CommandWords } from '../../parts/copy.tsx'
import { Facts, Panel } from '../../parts/facts.tsx'
import { brief, JobLine } from '../../parts/job-line.tsx'
import { Json } from '../../parts/json.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { plural, Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'
import { Held } from './held.tsx'
import { Config } from './config.tsx'
import { PresenceDay } from './presence-day.tsx'
import { CapabilityEditor, capabilityRow, capabilityRows } from './capability-editor.tsx'
import { OneTimeLink } from './one-time-link.tsx'
import { RunCommand } from './register.tsx'

const word = { pause: 'is offered nothing more', resume: 'is offered work again', revoke: 'is revoked' } as const

function Actions({ worker, onRotated }: { readonly worker: WorkerShape; readonly onRotated: (link: Output<'workers.rotate'>) => void }) {
  const mayManage = useMay('workers.manage')
  const [asking, setAsking] = useState<'revoke' | 'rotate' | undefined>(undefined)
  const [busy, setBusy] = useState(false)
  if (!mayManage || worker.revoked_at !== null) return null
  const act = async (work: () => Promise<unknown>, words: string): Promise<void> => {
    setBusy(true)
    try {
      await work()
      say(`${worker.name} ${words}.`)
      setAsking(undefined)
      await refresh('workers', 'presence', 'jobs')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  const ref = { worker_id: worker.worker_id }
  return (
    <>
      {worker.paused ? (
        <Button look="primary" busy={busy} onClick={() => void act(() => client.call('workers.resume', ref), word.resume)}>
          Resume
        </Button>
      ) : (
        <Button busy={busy} onClick={() => void act(() => client.call('workers.pause', ref), word.pause)}>
          Pause
        </Button>
      )}
      {worker.member_id == null ? <Button onClick={() => setAsking('rotate')}>Rotate token...</Button> : null}
      <Button look="danger" onClick={() => setAsking('revoke')}>
        Revoke...
      </Button>
      {asking === 'revoke' ? (
        <Modal title={`Revoke ${worker.name}`} onClose={() => setAsking(undefined)}>
          <p>
            Its token stops at once and cannot be brought back.{' '}
            {worker.running === 0
              ? 'It runs nothing now.'
              : `${plural(worker.running, 'job')} that it runs now ${worker.running === 1 ? 'is' : 'are'} taken from it and given to another worker while attempts remain.`}{' '}
            Every other worker runs on, and its row stays in the audit trail.
          </p>
          <Choices leave="Keep it" onLeave={() => setAsking(undefined)}>
            <Button look="danger" busy={busy} onClick={() => void act(() => client.call('workers.revoke', ref), word.revoke)}>
              Revoke {worker.name}
            </Button>
          </Choices>
        </Modal>
      ) : null}
      {asking === 'rotate' ? (
        <Modal title={`Rotate the token of ${worker.name}`} onClose={() => setAsking(undefined)}>
          <p>The token that it has stops at once; you get a link with a new one. Until the machine has that, the worker is offline.</p>
          <Choices leave="Keep the token" onLeave={() => setAsking(undefined)}>
            <Button
              look="danger"
              busy={busy}
              onClick={() => void act(() => client.call('workers.rotate', ref).then(onRotated), 'has a new token')}
            >
              Rotate the token
            </Button>
          </Choices>
        </Modal>
      ) : null}
    </>
  )
}

function Capabilities({ worker }: { readonly worker: WorkerShape }) {
  const mayManage = useMay('workers.manage')
  const { add } = useSearch({ from: '/workers/$workerId' })
  const wanted = add !== undefined && !worker.capabilities.some((one) => one.name === add) ? add : undefined
  const [rows, setRows] = useState(() =>
    wanted === undefined ? undefined : [...capabilityRows(worker.capabilities), capabilityRow(wanted)],
  )
  const [busy, setBusy] = useState(false)
  const save = async (): Promise<void> => {
    setBusy(true)
    try {
      const capabilities = (rows ?? [])
        .map((row) => ({ ...row.capability, name: row.capability.name.trim() }))
        .filter((one) => one.name !== '')
      await client.call('workers.update', { worker_id: worker.worker_id, capabilities })
      say(`The capabilities of ${worker.name} are saved.`)
      setRows(undefined)
      await refresh('workers', 'jobs')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Panel
      title="Capabilities"
      actions={
        rows === undefined && mayManage && worker.revoked_at === null ? (
          <Button onClick={() => setRows([...capabilityRows(worker.capabilities)])}>Edit</Button>
        ) : undefined
      }
    >
      {rows !== undefined ? (
        <>
          <CapabilityEditor rows={rows} onChange={(next) => setRows([...next])} />
          <div className="mt-3 flex justify-end gap-2">
            <Button onClick={() => setRows(undefined)}>Leave them</Button>
            <Button look="primary" busy={busy} onClick={() => void save()}>
              Save capabilities
            </Button>
          </div>
        </>
      ) : worker.capabilities.length === 0 ? (
        <p className="text-soft">None declared: it gets jobs that name no capability.</p>
      ) : (
        <ul className="divide-y divide-line">
          {worker.capabilities.map((one) => (
            <li key={one.name} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
              <span className="font-medium foreign">{one.name}</span>
              <TierBadge tier={one.risk_tier} />
              <span className="text-soft">{tierWords[one.risk_tier].effect}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Work({ worker }: { readonly worker: WorkerShape }) {
  const running = useOperation('jobs.list', { worker: worker.worker_id, status: ['running'], limit: 50 })
  const failed = useOperation('jobs.list', { worker: worker.worker_id, status: ['failed', 'retry'], limit: 100 })
  const keys = [...new Set((running.data?.items ?? []).flatMap((job) => (job.concurrency === undefined ? [] : [job.concurrency.key])))]
  const classes = new Map<string, number>()
  for (const job of failed.data?.items ?? []) if (job.error !== null) classes.set(job.error.type, (classes.get(job.error.type) ?? 0) + 1)
  return (
    <>
      <Panel title="Running now">
        {(running.data?.items.length ?? 0) === 0 ? (
          <p className="text-soft">Nothing.</p>
        ) : (
          <ul className="-mx-4 divide-y divide-line border-y border-line">
            {running.data?.items.map((job) => (
              <JobLine key={job.id} job={brief(job)} />
            ))}
          </ul>
        )}
        {keys.length === 0 ? null : (
          <p className="mt-3 text-sm text-soft">
            Keys that its jobs hold: <span className="foreign">{keys.map((key) => oneLine(key, 80)).join(', ')}</span>. Other jobs with
            these keys wait.
          </p>
        )}
      </Panel>
      <Panel
        title="Failed lately"
        actions={
          <Link to="/jobs" search={{ q: `worker:${worker.name}`, status: 'failed' }} className="text-accent underline">
            All of its failed jobs
          </Link>
        }
      >
        {classes.size === 0 ? (
          <p className="text-soft">Nothing among its last jobs.</p>
        ) : (
          <table className="w-full max-w-sm">
            <thead className="text-left text-sm text-soft">
              <tr>
                <th scope="col" className="font-normal">
                  Class
                </th>
                <th scope="col" className="text-right font-normal">
                  Jobs
                </th>
              </tr>
            </thead>
            <tbody>
              {[...classes]
                .sort((one, other) => other[1] - one[1])
                .map(([type, count]) => (
                  <tr key={type}>
                    <th scope="row" className="text-left font-medium foreign">
                      {type}
                    </th>
                    <td className="text-right">{count}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        )}
      </Panel>
    </>
  )
}

export function Worker() {
  const { workerId } = useParams({ from: '/workers/$workerId' })
  const { data: worker, error, isPending, refetch } = useOperation('workers.get', { worker_id: workerId })
  const presences = useOperation('presence.list', {})
  const [link, setLink] = useState<Output<'workers.rotate'> | undefined>(undefined)
  if (isPending || worker === undefined) {
    return (
      <Screen title="Worker">
        {isPending ? (
          <Skeleton label="The worker" rows={6} />
        ) : (
          <ErrorNotice error={error} what="This worker" retry={() => void refetch()} />
        )}
      </Screen>
    )
  }
  const presence = presences.data?.items.find((one) => one.worker_id === worker.worker_id)
  const detail = (name: string): unknown =>
    typeof presence?.details === 'object' && presence.details !== null ? Reflect.get(presence.details, name) : undefined
  const said = (name: string): string | undefined => {
    const value = detail(name)
    return typeof value === 'string' && value !== '' ? oneLine(value, 80) : undefined
  }
  /** Optional data that a worker may send about its machine; workers of our SDK do not. */
  const share = (name: string): string | undefined => {
    const value = detail(name)
    return typeof value === 'number' && value >= 0 ? `${Math.round(value)} %` : undefined
  }
  return (
    <Screen
      title={worker.name}
      badge={<PresenceBadge state={worker.state} paused={worker.paused} revoked={worker.revoked_at !== null} />}
      lead={worker.description === '' ? undefined : oneLine(worker.description, 2_000)}
      actions={<Actions worker={worker} onRotated={setLink} />}
    >
      {worker.state === 'deaf' ? (
        <Notice tone="bad" title="It is deaf">
          It is connected, but did not answer its last offers. Look at its log, or restart it:{' '}
          <code className="font-mono">
            <CommandWords text="npx modelreins-worker doctor" />
          </code>{' '}
          on its machine says what is wrong.
        </Notice>
      ) : null}
      <Held worker={worker} />
      {link === undefined ? null : (
        <Panel title="A new token">
          <OneTimeLink url={link.view_url} expiresAt={link.expires_at} />
        </Panel>
      )}
      <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_20rem] lg:items-start">
        <div className="flex min-w-0 flex-col gap-4">
          <Work worker={worker} />
          <Capabilities key={worker.worker_id} worker={worker} />
          <Config key={`${worker.worker_id} config`} worker={worker} />
          {worker.last_seen === null && worker.revoked_at === null ? (
            <Panel title="Run it on its machine">
              <RunCommand name={worker.name} />
            </Panel>
          ) : null}
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          {worker.member_id == null ? <PresenceDay worker={worker} /> : null}
          <Panel title="Facts">
            <Facts
              rows={[
                ['Kind', worker.kind],
                [
                  'Running',
                  worker.state === 'offline'
                    ? 'offline'
                    : presence == null
                      ? String(worker.running)
                      : slotsInUse(worker.running, presence.slots),
                ],
                ['Connected by', presence?.transport ?? 'not'],
                presence?.machine == null
                  ? undefined
                  : [
                      'Machine',
                      <Link
                        key="machine"
                        to="/workers"
                        search={{ q: presence.machine, group: 'machine' }}
                        className="text-accent underline"
                      >
                        {oneLine(presence.machine, 120)}
                      </Link>,
                    ],
                presence?.instance == null ? undefined : ['Process', presence.instance],
                said('sdk') === undefined ? undefined : ['Version', said('sdk')],
                said('platform') === undefined
                  ? undefined
                  : ['Platform', `${said('platform')}${said('runtime') === undefined ? '' : `, ${said('runtime')}`}`],
                share('cpu_percent') === undefined ? undefined : ['Processor', share('cpu_percent')],
                share('memory_percent') === undefined ? undefined : ['Memory', share('memory_percent')],
                ['Provider', presence?.provider ?? 'not said'],
                ['Model', presence?.model ?? 'not said'],
                (presence?.tags.length ?? 0) === 0 ? undefined : ['Tags', presence?.tags.join(', ')],
                ['Last heard', <Time key="seen" at={worker.last_seen} none="never" />],
                ['Registered', <Time key="created" at={worker.created_at} />],
                worker.revoked_at === null ? undefined : ['Revoked', <Time key="revoked" at={worker.revoked_at} />],
                worker.token == null
                  ? undefined
                  : [
                      'Token',
                      <span key="token">
                        <code className="font-mono text-sm">{worker.token.begins}…</code>, given out <Time at={worker.token.created_at} />
                      </span>,
                    ],
                ['May raise the killswitch', worker.may_raise_killswitch ? 'yes' : 'no'],
                [
                  'Id',
                  <code key="id" className="font-mono text-sm">
                    {worker.worker_id}
                  </code>,
                ],
              ]}
            />
            {presence?.details == null ? null : (
              <div className="mt-3">
                <Json value={presence.details} label="Details" />
              </div>
            )}
          </Panel>
        </div>
      </div>
    </Screen>
  )
}
