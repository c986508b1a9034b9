/**
 * Responsible for Settings, Policies: each capability of the tenant, which workers have it under which tier, and how reviews of it are decided; an
 * owner can change that.
 */
import type { Input, ReviewPolicy } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useMemo, useState, type FormEvent, type ReactNode } from 'react'
import { client, sentence } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { TierBadge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Choice, TextField } from '../../parts/choice.tsx'
import { Panel } from '../../parts/facts.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { say } from '../../parts/toasts.tsx'
import { Changeable } from './changeable.tsx'
import { capabilitiesOf, draftOf, isGated, policyFrom, policyWords, type TenantCapability } from './policies.ts'

type Policies = Readonly<Record<string, ReviewPolicy>>

function Tick(props: { readonly checked: boolean; readonly onChange: (checked: boolean) => void; readonly children: ReactNode }) {
  return (
    <label className="flex min-h-6 items-center gap-2">
      <input
        type="checkbox"
        className="size-4 accent-accent"
        checked={props.checked}
        onChange={(event) => props.onChange(event.target.checked)}
      />
      {props.children}
    </label>
  )
}

function Edit(props: {
  readonly capability: TenantCapability
  readonly policies: Policies
  readonly onDone: (reviewId: number | undefined) => void
  readonly onLeave: () => void
}) {
  const { capability, policies, onDone, onLeave } = props
  const [draft, setDraft] = useState(() => draftOf(capability.policy))
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setFault('')
    try {
      const { [capability.name]: _, ...others } = policies
      const policy = policyFrom(capability.policy, draft)
      const review_policies = policy === undefined ? others : { ...others, [capability.name]: policy }
      const changed = await client.call('settings.update', { review_policies } as Input<'settings.update'>)
      if (changed.review_id === undefined) say(`The policy of ${capability.name} is changed.`)
      await refresh('settings', 'reviews')
      onDone(changed.review_id)
    } catch (error) {
      setFault(sentence(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      onSubmit={(event) => void save(event)}
      noValidate
      aria-label={`Policy of ${capability.name}`}
      className="mt-2 flex flex-col gap-3 rounded-md border border-line p-3"
    >
      <div className="flex flex-wrap gap-3">
        <TextField
          label="Approvals needed"
          type="number"
          min={1}
          max={10}
          className="w-40"
          placeholder="1"
          value={draft.approve}
          onChange={(approve) => setDraft({ ...draft, approve })}
        />
        <TextField
          label="If undecided after, hours"
          type="number"
          min={0}
          step="any"
          className="w-44"
          value={draft.ttlHours}
          onChange={(ttlHours) => setDraft({ ...draft, ttlHours })}
        />
        <Choice
          label="Then"
          value={draft.on_expiry}
          options={[
            { value: '', name: 'the default' },
            { value: 'keep', name: 'remind' },
            { value: 'escalate', name: 'announce it again' },
            { value: 'deny', name: 'let it expire' },
          ]}
          onChange={(on_expiry) => setDraft({ ...draft, on_expiry })}
        />
      </div>
      <Tick checked={draft.signed} onChange={(signed) => setDraft({ ...draft, signed })}>
        Every decision must be signed with a passkey
      </Tick>
      <Tick checked={draft.irreversible} onChange={(irreversible) => setDraft({ ...draft, irreversible })}>
        Irreversible: never decided together with others
      </Tick>
      <Tick checked={draft.self_approval} onChange={(self_approval) => setDraft({ ...draft, self_approval })}>
        Members may approve their own requests
      </Tick>
      {fault === '' ? null : (
        <Notice tone="bad" live>
          {fault}
        </Notice>
      )}
      <div className="flex gap-2">
        <Button type="submit" look="primary" busy={busy}>
          Save
        </Button>
        <Button onClick={onLeave}>Leave it</Button>
      </div>
    </form>
  )
}

function Entry({ capability, policies }: { readonly capability: TenantCapability; readonly policies: Policies }) {
  const words = policyWords(capability.policy)
  return (
    <Changeable
      what="the policy"
      change={`Change the policy of ${capability.name}`}
      form={(onLeave, onDone) => <Edit capability={capability} policies={policies} onLeave={onLeave} onDone={onDone} />}
    >
      <h3 className="font-semibold foreign">{oneLine(capability.name, 120)}</h3>
      <p className="text-soft">
        {words.length > 0 ? `${words.join('; ')}.` : isGated(capability) ? 'One approval by another member.' : 'No human decides.'}
      </p>
      {capability.uses.length === 0 ? (
        <p className="text-sm text-soft">No worker has it.</p>
      ) : (
        <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-1">
          {capability.uses.map((use) => (
            <li key={use.worker_id} className="flex items-center gap-1.5 text-sm">
              <Link to="/workers/$workerId" params={{ workerId: use.worker_id }} className="text-accent underline foreign">
                {oneLine(use.worker, 120)}
              </Link>
              <TierBadge tier={use.tier} />
              {use.own === undefined ? null : <span className="text-soft">{policyWords(use.own).join('; ')}</span>}
            </li>
          ))}
        </ul>
      )}
    </Changeable>
  )
}

export function Capabilities() {
  const settings = useOperation('settings.get', {})
  const workers = useOperation('workers.list', { limit: 200 })
  const policies: Policies = settings.data?.review_policies ?? {}
  const found = useMemo(
    () => capabilitiesOf(workers.data?.items ?? [], settings.data?.review_policies ?? {}),
    [workers.data, settings.data],
  )
  const error = settings.error ?? workers.error
  return (
    <Panel title="Policies by capability">
      <p className="text-soft">
        The tier is set on each worker, under its capabilities: auto and audit run at once, approve needs a review each time, session one
        review per session. The policies here say how reviews are decided, for the whole tenant. A policy of the worker itself takes
        precedence.
      </p>
      {settings.isPending || workers.isPending ? (
        <Skeleton label="Policies" rows={4} />
      ) : error !== null ? (
        <ErrorNotice
          error={error}
          what="Policies"
          retry={() => {
            void settings.refetch()
            void workers.refetch()
          }}
        />
      ) : found.length === 0 ? (
        <p className="mt-2 text-soft">No worker declares a capability yet: add some to a worker, under Workers.</p>
      ) : (
        <ul aria-label="Capabilities" className="mt-1 divide-y divide-line">
          {found.map((capability) => (
            <Entry key={capability.name} capability={capability} policies={policies} />
          ))}
        </ul>
      )}
      {workers.data?.next_cursor == null ? null : <Notice>Capabilities of the first 200 workers.</Notice>}
    </Panel>
  )
}
