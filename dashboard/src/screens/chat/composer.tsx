/** Responsible for the message that is being written: prompt, effort, mode, targets, and a preview of which worker would get it. */
import type { Effort, Input, Presence } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useId, useState, type KeyboardEvent } from 'react'
import { useOperation } from '../../api/queries.ts'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Choice, TextField } from '../../parts/choice.tsx'
import { promptField } from './continue.tsx'
import type { Draft } from './draft.ts'
import { merges } from './merges.ts'
import { Preview } from './preview.tsx'
import { faultsOf } from './request.ts'
import { effortStops, modes, offlineWays, stopWords } from './stops.ts'

const stopOf = (effort: string): number =>
  Math.max(
    0,
    effortStops.findIndex((stop) => stop.value === effort),
  )

function Effort({ value, onChange }: { readonly value: string; readonly onChange: (value: Effort) => void }) {
  const id = useId()
  const at = stopOf(value)
  const stop = effortStops[at]
  const settings = useOperation('settings.get', {})
  const says = stopWords(value, settings.data?.attempts)
  return (
    <div className="min-w-56 flex-1">
      <div className="flex items-baseline justify-between gap-2">
        <label htmlFor={id} className="font-medium">
          Effort
        </label>
        <span className="text-sm text-soft">
          <strong className="text-ink">{stop?.value}</strong>: {says}
        </span>
      </div>
      <input
        id={id}
        type="range"
        min={0}
        max={4}
        step={1}
        value={at}
        aria-valuetext={`${stop?.value}: ${says}`}
        onChange={(event) => onChange(effortStops[Number(event.target.value)]?.value ?? 'standard')}
        className="mt-1 h-6 w-full accent-accent"
      />
      <div aria-hidden="true" className="flex justify-between px-1 text-xs text-soft">
        {effortStops.map((one) => (
          <span key={one.value} className={one.value === value ? 'font-semibold text-accent' : ''}>
            {one.value}
          </span>
        ))}
      </div>
    </div>
  )
}

/** `busy` sorts like `idle`, so that the list does not move with every job that is sent. */
const order = { idle: 0, online: 0, busy: 0, parked: 1, deaf: 1, offline: 2 } as const

function Targets({
  chosen,
  workers,
  onChange,
}: {
  readonly chosen: readonly string[]
  readonly workers: readonly Presence[]
  readonly onChange: (names: readonly string[]) => void
}) {
  const [query, setQuery] = useState('')
  const sorted = workers.toSorted((one, other) => order[one.state] - order[other.state] || one.name.localeCompare(other.name))
  const fitting = new Set(sorted.filter((worker) => worker.name.toLowerCase().includes(query.toLowerCase())).slice(0, 12))
  // A worker keeps its position when it is chosen.
  const shown = sorted.filter((worker) => fitting.has(worker) || chosen.includes(worker.name))
  return (
    <fieldset className="min-w-0">
      <legend className="float-left mr-3 font-medium">Targets</legend>
      <div className="flex flex-wrap items-center gap-1.5">
        {workers.length > 12 ? (
          <input
            type="search"
            aria-label="Find a worker"
            placeholder="Find"
            className="field min-h-8 w-32 text-sm"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        ) : null}
        {shown.map((worker) => (
          <label
            key={worker.worker_id}
            className="inline-flex min-h-8 items-center gap-1.5 rounded-full border border-line px-3 text-sm has-checked:border-accent has-checked:bg-accent-wash has-checked:font-medium has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="checkbox"
              className="sr-only"
              checked={chosen.includes(worker.name)}
              onChange={(event) =>
                onChange(event.target.checked ? [...chosen, worker.name] : chosen.filter((name) => name !== worker.name))
              }
            />
            <span
              aria-hidden="true"
              className={`size-2 rounded-full ${worker.state === 'offline' ? 'bg-edge' : worker.state === 'busy' ? 'bg-accent' : worker.state === 'deaf' ? 'bg-bad' : 'bg-good'}`}
            />
            <span className="max-w-40 truncate">{worker.name}</span>
            {worker.state === 'offline' || worker.state === 'deaf' ? <span className="text-soft">{worker.state}</span> : null}
          </label>
        ))}
        {workers.length === 0 ? <span className="text-soft">No worker is registered yet.</span> : null}
      </div>
    </fieldset>
  )
}

interface Props {
  readonly draft: Draft
  readonly onChange: (change: Partial<Draft>) => void
  readonly onSend: () => void
  readonly busy: boolean
  /** Id of the thread; '' for a thread that does not exist yet. */
  readonly thread: string
  /** The request that would be sent. The preview leaves out the prompt's text, which does not affect the result. */
  readonly request: Input<'jobs.dispatch'>
}

export function Composer({ draft, onChange, onSend, busy, thread, request }: Props) {
  const id = useId()
  const presence = useOperation('presence.list', {})
  const workers = presence.data?.items ?? []
  const faults = faultsOf(draft)
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      event.stopPropagation()
      onSend()
    }
  }
  return (
    <form
      className="card flex flex-col gap-3 p-4"
      aria-label="Dispatch"
      onSubmit={(event) => {
        event.preventDefault()
        onSend()
      }}
    >
      {draft.from === '' ? null : (
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md bg-accent-wash px-3 py-1.5">
          <span className="min-w-0 foreign">
            Continues with{' '}
            <Link to="/jobs/$jobId" params={{ jobId: draft.from }} className="text-accent underline">
              {draft.from_worker === '' ? `the answer of job ${draft.from}` : `${draft.from_worker}’s answer, job ${draft.from}`}
            </Link>
          </span>
          <Button look="quiet" className="ml-auto min-h-8 text-sm" onClick={() => onChange({ from: '', from_worker: '' })}>
            Continue with the thread instead
          </Button>
        </p>
      )}
      <div>
        <label htmlFor={promptField} className="sr-only">
          Prompt
        </label>
        <textarea
          id={promptField}
          className="field field-sizing-content max-h-[40vh] min-h-20 resize-y text-lg"
          placeholder="What is to be done?"
          value={draft.prompt}
          onChange={(event) => onChange({ prompt: event.target.value })}
          onKeyDown={keys}
        />
      </div>
      <div className="flex flex-wrap gap-x-6 gap-y-3">
        <Effort value={draft.effort} onChange={(effort) => onChange({ effort })} />
        <Choice label="Mode" value={draft.mode} options={modes} onChange={(mode) => onChange({ mode })} />
        <Choice
          label="If all workers are offline"
          value={draft.offline}
          options={offlineWays}
          onChange={(offline) => onChange({ offline })}
        />
        <div>
          <label htmlFor={`${id}-capability`} className="block font-medium">
            Capability <span className="font-normal text-soft">(optional)</span>
          </label>
          <CapabilityField id={`${id}-capability`} value={draft.capability} onChange={(capability) => onChange({ capability })} />
        </div>
        <div>
          <label htmlFor={`${id}-at`} className="block font-medium">
            Not before <span className="font-normal text-soft">(optional)</span>
          </label>
          <input
            id={`${id}-at`}
            type="datetime-local"
            className="field mt-1 w-56"
            value={draft.not_before}
            onChange={(event) => onChange({ not_before: event.target.value })}
          />
        </div>
      </div>
      <Targets chosen={draft.targets} workers={workers} onChange={(targets) => onChange({ targets })} />
      {draft.targets.length < 2 ? null : (
        <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
          <Choice label="Merge" value={draft.merge} options={merges} onChange={(merge) => onChange({ merge })} />
          {draft.merge === 'first' ? null : (
            <TextField
              label="Enough answers"
              type="number"
              min={1}
              max={draft.targets.length}
              placeholder={`all ${draft.targets.length}`}
              className="w-32"
              value={draft.quorum}
              fault={faults.quorum}
              onChange={(quorum) => onChange({ quorum })}
            />
          )}
          <TextField
            label="Wait at most, minutes"
            type="number"
            min={1}
            placeholder="no limit"
            className="w-40"
            value={draft.minutes}
            fault={faults.minutes}
            onChange={(minutes) => onChange({ minutes })}
          />
        </div>
      )}
      <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-3">
        <Preview request={request} nobody={presence.data !== undefined && workers.length === 0} />
        <div className="ml-auto flex gap-2">
          <LinkButton to="/schedules" search={{ edit: 'new', chat: thread === '' ? 'new' : thread }} className="min-h-11">
            Repeat it...
          </LinkButton>
          <Button
            type="submit"
            look="primary"
            className="min-h-11 px-5"
            busy={busy}
            disabled={draft.prompt.trim() === ''}
            title="Ctrl+Enter"
          >
            Send it
          </Button>
        </div>
      </div>
    </form>
  )
}

function CapabilityField({
  id,
  value,
  onChange,
}: {
  readonly id: string
  readonly value: string
  readonly onChange: (value: string) => void
}) {
  const workers = useOperation('workers.list', { limit: 200 })
  const names = [...new Set((workers.data?.items ?? []).flatMap((worker) => worker.capabilities.map((one) => one.name)))].sort()
  return (
    <>
      <input
        id={id}
        list={`${id}-list`}
        className="field mt-1 w-44"
        value={value}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={`${id}-list`}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  )
}
