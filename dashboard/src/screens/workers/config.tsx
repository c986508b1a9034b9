/** Responsible for the configuration that the server pushes to a worker: its values, whether the worker runs with them, and changing them. */
import type { Worker, WorkerConfig } from '@modelreins/contract'
import { useState, type FormEvent } from 'react'
import { client, sentence } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { TextField } from '../../parts/choice.tsx'
import { Facts, Panel } from '../../parts/facts.tsx'
import { Notice } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { Time } from '../../parts/time.tsx'
import { say } from '../../parts/toasts.tsx'

/** The keys with a text field; all other keys stay unchanged. */
const fields = [
  { name: 'slots', label: 'Slots', kind: 'number' },
  { name: 'provider', label: 'Provider', kind: 'text' },
  { name: 'model', label: 'Model', kind: 'text' },
  { name: 'tags', label: 'Tags', kind: 'list' },
  { name: 'networks', label: 'Networks', kind: 'list' },
  { name: 'account', label: 'Account', kind: 'text' },
] as const

const words = (value: unknown): string =>
  Array.isArray(value) ? value.join(', ') : typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')

/** An empty field removes the key, so that the worker's own value applies again. */
function configOf(before: WorkerConfig, draft: Readonly<Record<string, string>>): WorkerConfig {
  const next: Record<string, unknown> = { ...before }
  for (const { name, kind } of fields) {
    const text = (draft[name] ?? '').trim()
    if (text === '') delete next[name]
    else if (kind === 'number') next[name] = Number(text)
    else if (kind === 'list') {
      next[name] = text
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '')
    } else next[name] = text
  }
  return next as WorkerConfig
}

function Edit({ worker, onDone }: { readonly worker: Worker; readonly onDone: () => void }) {
  const [draft, setDraft] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(fields.map(({ name }) => [name, words(worker.config[name])])),
  )
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setFault('')
    try {
      await client.call('workers.update', { worker_id: worker.worker_id, config: configOf(worker.config, draft) })
      say(`The configuration of ${worker.name} is saved; it is told at once when it is connected.`)
      await refresh('workers', 'presence')
      onDone()
    } catch (error) {
      setFault(sentence(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void save(event)} noValidate aria-label={`Configure ${worker.name}`}>
      <p className="mb-3 text-sm text-soft">A field left empty leaves the choice to the worker. Lists are separated by commas.</p>
      <div className="grid gap-3 sm:grid-cols-2">
        {fields.map(({ name, label, kind }) => (
          <TextField
            key={name}
            label={label}
            type={kind === 'number' ? 'number' : 'text'}
            value={draft[name] ?? ''}
            onChange={(text) => setDraft({ ...draft, [name]: text })}
          />
        ))}
      </div>
      {fault === '' ? null : (
        <div className="mt-3">
          <Notice tone="bad" live>
            {fault}
          </Notice>
        </div>
      )}
      <div className="mt-3 flex justify-end gap-2">
        <Button onClick={onDone}>Leave it</Button>
        <Button type="submit" look="primary" busy={busy}>
          Save configuration
        </Button>
      </div>
    </form>
  )
}

function Applied({ worker }: { readonly worker: Worker }) {
  const applied = worker.config_applied ?? null
  if (worker.member_id != null) return null
  if (applied?.version === worker.config_version)
    return (
      <p className="text-sm text-soft">
        <Badge tone="good">applied</Badge> Version {applied.version}, <Time at={applied.at} />.
      </p>
    )
  return (
    <p className="text-sm text-soft">
      <Badge tone="warn">not confirmed</Badge> Version {worker.config_version}:{' '}
      {worker.state === 'offline' ? 'the worker is offline, and gets it when it connects.' : 'the worker has not confirmed it yet.'}
      {applied === null ? '' : ` It runs with version ${applied.version}.`}
    </p>
  )
}

export function Config({ worker }: { readonly worker: Worker }) {
  const mayManage = useMay('workers.manage')
  const [editing, setEditing] = useState(false)
  const set = Object.entries(worker.config)
  return (
    <Panel
      title="Configuration"
      actions={
        mayManage && !editing && worker.revoked_at === null ? (
          <Button aria-label="Edit configuration" onClick={() => setEditing(true)}>
            Edit
          </Button>
        ) : undefined
      }
    >
      {editing ? (
        <Edit worker={worker} onDone={() => setEditing(false)} />
      ) : set.length === 0 ? (
        <p className="text-soft">Nothing is set here: the worker uses the settings it was started with.</p>
      ) : (
        <div className="flex flex-col gap-3">
          <Facts rows={set.map(([name, value]) => [name, oneLine(words(value), 300)] as const)} />
          <Applied worker={worker} />
        </div>
      )}
    </Panel>
  )
}
