/** Responsible for creating and changing a schedule; the server computes the next runs that are shown while the person types. */
import type { Schedule } from '@modelreins/contract'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useId, useMemo, useState, type FormEvent } from 'react'
import { client, ModelReinsError, sentence } from '../../api/client.ts'
import { operation, refresh, useOperation } from '../../api/queries.ts'
import { Button } from '../../parts/button.tsx'
import { Choice, TextField } from '../../parts/choice.tsx'
import { Modal } from '../../parts/modal.tsx'
import { Notice } from '../../parts/notices.tsx'
import { say } from '../../parts/toasts.tsx'
import { effortStops, modes, offlineWays, stopWords } from '../chat/stops.ts'
import { cronWords, everyWords } from './cron-words.ts'
import { NextRuns } from './next-runs.tsx'
import { draftOf, patchOf, previewOf, requestOf, units, type RepeatedJob, type ScheduleDraft } from './schedule-draft.ts'

const rules = [
  { value: 'cron', name: 'Cron', says: 'at set times and days' },
  { value: 'every', name: 'Every', says: 'at a fixed interval' },
]
export const overlapWays = [
  { value: 'skip', name: 'Skip', says: 'skip this run' },
  { value: 'queue', name: 'Queue', says: 'dispatch it anyway' },
  { value: 'replace', name: 'Replace', says: 'abort the previous job' },
]
export const catchUpWays = [
  { value: 'none', name: 'None', says: 'none of them runs' },
  { value: 'last', name: 'Last', says: 'the last of them runs' },
  { value: 'all', name: 'All', says: 'each of them runs' },
]
const unsaid = { value: '', name: 'default of the tenant' }
const efforts = [unsaid, ...effortStops.map(({ value }) => ({ value, name: value, says: stopWords(value) }))]
const modeWays = [unsaid, ...modes]
const offline = offlineWays.map((way) => ({ ...way, value: way.value === 'now' ? 'reject' : way.value }))

/** The value after it has not changed for `ms` milliseconds, so that not every keystroke makes a call. */
function useRested<Value>(value: Value, ms: number): Value {
  const [rested, setRested] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return rested
}

function Preview({ draft, before }: { readonly draft: ScheduleDraft; readonly before: Schedule | undefined }) {
  const text = JSON.stringify(previewOf(draft, before))
  const rule = useRested(text, 300)
  const { data, error } = useQuery({
    ...operation('schedules.preview', JSON.parse(rule)),
    placeholderData: keepPreviousData,
    refetchInterval: false,
  })
  const words =
    draft.rule === 'cron'
      ? cronWords(draft.cron)
      : Number(draft.count) > 0
        ? everyWords(Number(draft.count) * Number(draft.unit))
        : undefined
  return (
    <section aria-label="Next runs" aria-live="polite" className="rounded-md border border-line bg-sunken p-3">
      {words === undefined ? null : <p className="font-medium first-letter:uppercase">{words}</p>}
      {error === null ? (
        <NextRuns
          times={data?.next_runs ?? []}
          timezone={draft.rule === 'cron' ? draft.timezone : undefined}
          none={data === undefined ? '' : 'It would never be due.'}
        />
      ) : (
        <p className="text-bad foreign">{sentence(error)}</p>
      )}
    </section>
  )
}

/** What the server found wrong, by field. */
function faultsOf(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof ModelReinsError)) return {}
  return Object.fromEntries(error.issues.map(({ path, message }) => [path, message]))
}

const zones = (): readonly string[] => ['UTC', ...Intl.supportedValuesOf('timeZone')]

interface Props {
  readonly schedule: Schedule | undefined
  /** The job that a new schedule starts from. */
  readonly job?: RepeatedJob | undefined
  readonly onClose: () => void
}

export function ScheduleForm({ schedule, job, onClose }: Props) {
  const id = useId()
  const [draft, setDraft] = useState(() => draftOf(schedule, job))
  const [error, setError] = useState<unknown>(undefined)
  const [busy, setBusy] = useState(false)
  const workers = useOperation('workers.list', { limit: 200 })
  const timezones = useMemo(zones, [])
  const change = (part: Partial<ScheduleDraft>): void => setDraft({ ...draft, ...part })
  const faults = faultsOf(error)
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      if (schedule === undefined) await client.call('schedules.create', requestOf(draft, undefined, job))
      else await client.call('schedules.update', patchOf(draft, schedule))
      say(schedule === undefined ? 'The schedule is made.' : 'The schedule is changed; its next run counts from now.')
      await refresh('schedules')
      onClose()
    } catch (fault) {
      setError(fault)
    } finally {
      setBusy(false)
    }
  }
  const names = (workers.data?.items ?? []).filter((one) => one.revoked_at === null)
  // Several targets, and how their answers are merged, come from Chat or another program; this form leaves them unchanged.
  const { targets } = schedule?.job ?? job ?? {}
  return (
    <Modal title={schedule === undefined ? 'New schedule' : `Change ${schedule.name}`} onClose={onClose} wide>
      <form className="flex flex-col gap-4" onSubmit={(event) => void save(event)} noValidate>
        <TextField
          label="Name"
          value={draft.name}
          maxLength={120}
          placeholder="Nightly report"
          fault={faults['name'] ?? ''}
          onChange={(name) => change({ name })}
        />
        <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
          <Choice
            label="When"
            value={draft.rule}
            options={rules}
            onChange={(rule) => change({ rule: rule === 'every' ? 'every' : 'cron' })}
          />
          {draft.rule === 'cron' ? (
            <>
              <TextField
                label="Cron expression"
                className="w-44"
                value={draft.cron}
                maxLength={200}
                spellCheck={false}
                fault={faults['cron'] ?? ''}
                onChange={(cron) => change({ cron })}
              />
              <TextField
                label="Time zone"
                className="w-52"
                value={draft.timezone}
                proposals={timezones}
                fault={faults['timezone'] ?? ''}
                onChange={(timezone) => change({ timezone })}
              />
            </>
          ) : (
            <>
              <TextField
                label="Every"
                type="number"
                min={1}
                step="any"
                className="w-24"
                value={draft.count}
                fault={faults['every'] ?? ''}
                onChange={(count) => change({ count })}
              />
              <Choice label="Unit" value={draft.unit} options={units} onChange={(unit) => change({ unit })} />
            </>
          )}
        </div>
        <Preview draft={draft} before={schedule} />
        <div>
          <label htmlFor={`${id}-prompt`} className="block font-medium">
            Prompt
          </label>
          <textarea
            id={`${id}-prompt`}
            className="field field-sizing-content mt-1 max-h-60 min-h-20"
            value={draft.prompt}
            onChange={(event) => change({ prompt: event.target.value })}
          />
        </div>
        <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
          <Choice
            label="Effort"
            className="max-w-full sm:max-w-64"
            value={draft.effort}
            options={efforts}
            onChange={(effort) => change({ effort })}
          />
          <Choice label="Mode" value={draft.mode} options={modeWays} onChange={(mode) => change({ mode })} />
          <Choice label="If all workers are offline" value={draft.offline} options={offline} onChange={(way) => change({ offline: way })} />
          {targets === undefined ? (
            <TextField
              label="Target (optional)"
              className="w-44"
              value={draft.target}
              proposals={names.map((one) => one.name)}
              onChange={(target) => change({ target })}
            />
          ) : (
            <p className="max-w-80">
              <span className="mb-1 block font-medium">Targets</span>
              <span className="text-soft foreign">{targets.join(', ')}</span>
            </p>
          )}
          <TextField
            label="Capability (optional)"
            className="w-44"
            value={draft.capability}
            proposals={[...new Set(names.flatMap((one) => one.capabilities.map((item) => item.name)))].sort()}
            onChange={(capability) => change({ capability })}
          />
        </div>
        <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
          <Choice
            label="If the previous job still runs"
            value={draft.overlap}
            options={overlapWays}
            onChange={(overlap) => change({ overlap })}
          />
          <Choice
            label="Times missed while the server was down"
            value={draft.catch_up}
            options={catchUpWays}
            onChange={(way) => change({ catch_up: way })}
          />
        </div>
        <details className="rounded-md border border-line px-3 py-2">
          <summary className="cursor-pointer font-medium">Begin, end, random delay</summary>
          <div className="mt-3 flex flex-wrap items-start gap-x-4 gap-y-3">
            <TextField
              label="Begins"
              type="datetime-local"
              className="w-56"
              value={draft.starts_at}
              fault={faults['starts_at'] ?? ''}
              onChange={(starts_at) => change({ starts_at })}
            />
            <TextField
              label="Ends"
              type="datetime-local"
              className="w-56"
              value={draft.ends_at}
              fault={faults['ends_at'] ?? ''}
              onChange={(ends_at) => change({ ends_at })}
            />
            <TextField
              label="Jobs at most"
              type="number"
              min={1}
              className="w-32"
              value={draft.max_runs}
              fault={faults['max_runs'] ?? ''}
              onChange={(max_runs) => change({ max_runs })}
            />
            <TextField
              label="Random delay, seconds"
              type="number"
              min={0}
              className="w-44"
              value={draft.jitter}
              fault={faults['jitter'] ?? ''}
              onChange={(jitter) => change({ jitter })}
            />
          </div>
        </details>
        {error === undefined ? null : (
          <Notice tone="bad" live>
            {sentence(error)}
          </Notice>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look="primary" busy={busy} disabled={draft.name.trim() === '' || draft.prompt.trim() === ''}>
            {schedule === undefined ? 'Make the schedule' : 'Save'}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
