/** Responsible for whether this member takes jobs: the form to start, and the way to stop. */
import type { Capability, Person } from '@modelreins/contract'
import { useId, useState, type FormEvent } from 'react'
import { client, sentence } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Badge, TierBadge } from '../../parts/badge.tsx'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Panel } from '../../parts/facts.tsx'
import { Notice } from '../../parts/notices.tsx'
import { complain, say } from '../../parts/toasts.tsx'
import { CapabilityEditor, type CapabilityRow } from '../workers/capability-editor.tsx'

/** Shown the first time. The person's capabilities are set by members who manage workers. */
export function TakeJobs() {
  const id = useId()
  const me = useMe()
  const manages = useMay('workers.manage')
  const [name, setName] = useState('')
  const [rows, setRows] = useState<readonly CapabilityRow[]>([])
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setFault('')
    const capabilities: Capability[] = rows.map((row) => row.capability).filter((one) => one.name.trim() !== '')
    try {
      const person = await client.call('work.join', {
        ...(name.trim() === '' ? {} : { name: name.trim() }),
        ...(capabilities.length === 0 ? {} : { capabilities }),
      })
      say(`You take jobs as ${person.name}.`)
      await refresh('work', 'workers', 'presence')
    } catch (error) {
      setFault(sentence(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Panel title="Take jobs yourself">
      <p className="mb-3 max-w-prose text-soft">
        You get the jobs that ask for a person: those that name you as their target, those with the substrate carbon, and those that need
        something that only people can do. A job that you have started stays yours for hours, also when this tab is closed.
      </p>
      <form onSubmit={(event) => void send(event)} className="flex flex-col gap-3">
        {fault === '' ? null : (
          <Notice tone="bad" live>
            {fault}
          </Notice>
        )}
        <div>
          <label htmlFor={`${id}-name`} className="mb-1 block font-medium">
            Name <span className="font-normal text-soft">(what a job names as its target)</span>
          </label>
          <input
            id={`${id}-name`}
            className="field max-w-sm"
            placeholder={me.name}
            maxLength={120}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        {manages ? (
          <CapabilityEditor rows={rows} onChange={setRows} />
        ) : (
          <p className="text-soft">An operator may add capabilities to your worker, under Workers, once you take jobs.</p>
        )}
        <div>
          <Button type="submit" look="primary" busy={busy}>
            I take jobs
          </Button>
        </div>
      </form>
    </Panel>
  )
}

export function TakingState({ person }: { readonly person: Person }) {
  const [busy, setBusy] = useState(false)
  const set = (taking: boolean): void => {
    setBusy(true)
    client
      .call(taking ? 'work.join' : 'work.leave', {})
      .then(() => refresh('work', 'workers', 'presence'))
      .catch(complain)
      .finally(() => setBusy(false))
  }
  return (
    <section aria-label="You as a worker" className="card flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="flex min-w-0 flex-1 basis-64 flex-wrap items-center gap-x-2 gap-y-1">
        <Badge tone={person.paused ? 'warn' : person.taking ? 'good' : 'plain'}>
          {person.paused ? 'Paused' : person.taking ? 'Taking jobs' : 'Not taking jobs'}
        </Badge>
        <span className="min-w-0 foreign">
          as <strong>{person.name}</strong>
        </span>
        {person.capabilities.map((one) => (
          <span key={one.name} className="inline-flex items-center gap-1 text-sm text-soft foreign">
            {one.name} <TierBadge tier={one.risk_tier} />
          </span>
        ))}
      </div>
      <div className="flex flex-wrap gap-2">
        <LinkButton look="quiet" to="/workers/$workerId" params={{ workerId: person.worker_id }}>
          Your worker
        </LinkButton>
        <Button busy={busy} onClick={() => set(!person.taking)}>
          {person.taking ? 'Stop taking jobs' : 'I take jobs'}
        </Button>
      </div>
    </section>
  )
}
