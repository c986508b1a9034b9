/** Responsible for a schedule as the form holds it (all fields are texts), and for the input that is sent to the server. It draws nothing. */
import type { Input, Schedule } from '@modelreins/contract'

export type RepeatedJob = Input<'schedules.create'>['job']

export interface ScheduleDraft {
  readonly name: string
  readonly rule: 'cron' | 'every'
  readonly cron: string
  readonly timezone: string
  readonly count: string
  /** Length of the chosen unit, in seconds. */
  readonly unit: string
  readonly overlap: string
  readonly catch_up: string
  readonly jitter: string
  readonly starts_at: string
  readonly ends_at: string
  readonly max_runs: string
  readonly prompt: string
  readonly effort: string
  readonly mode: string
  readonly offline: string
  readonly target: string
  readonly capability: string
}

export const units = [
  { value: '60', name: 'minutes' },
  { value: '3600', name: 'hours' },
  { value: '86400', name: 'days' },
  { value: '1', name: 'seconds' },
] as const

/** A time in the format of `datetime-local`, in this browser's time zone. */
function localText(at: string | null): string {
  if (at === null) return ''
  const moment = new Date(at)
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
/** A time that was not edited keeps its seconds, which the field does not show. */
const momentOf = (text: string, before: string | null | undefined): string | null =>
  text === localText(before ?? null) ? (before ?? null) : text === '' ? null : new Date(text).toISOString()

/** `given`: the job that a new schedule starts from. */
export function draftOf(schedule: Schedule | undefined, given?: RepeatedJob): ScheduleDraft {
  const every = schedule?.every ?? 3_600
  const largest = ['86400', '3600', '60'].find((size) => every % Number(size) === 0) ?? '1'
  const job = schedule?.job ?? given
  return {
    name: schedule?.name ?? '',
    rule: schedule !== undefined && schedule.cron === null ? 'every' : 'cron',
    cron: schedule?.cron ?? '0 3 * * *',
    timezone: schedule?.cron == null ? Intl.DateTimeFormat().resolvedOptions().timeZone : schedule.timezone,
    count: String(every / Number(largest)),
    unit: largest,
    overlap: schedule?.overlap ?? 'skip',
    catch_up: schedule?.catch_up ?? 'last',
    jitter: String(schedule?.jitter ?? 0),
    starts_at: localText(schedule?.starts_at ?? null),
    ends_at: localText(schedule?.ends_at ?? null),
    max_runs: schedule?.max_runs == null ? '' : String(schedule.max_runs),
    prompt: job?.prompt ?? '',
    effort: job?.effort ?? '',
    mode: job?.mode ?? '',
    offline: job?.when_offline ?? 'queue',
    target: job?.target ?? '',
    capability: job?.capability ?? '',
  }
}

const ruleOf = (draft: ScheduleDraft) =>
  draft.rule === 'cron'
    ? { cron: draft.cron.trim(), timezone: draft.timezone.trim() === '' ? 'UTC' : draft.timezone.trim() }
    : { every: Math.round(Number(draft.count) * Number(draft.unit)) }

/** The fields that determine the due times. */
export function previewOf(draft: ScheduleDraft, before: Schedule | undefined): Input<'schedules.preview'> {
  const starts_at = momentOf(draft.starts_at, before?.starts_at)
  const ends_at = momentOf(draft.ends_at, before?.ends_at)
  return { ...ruleOf(draft), ...(starts_at === null ? {} : { starts_at }), ...(ends_at === null ? {} : { ends_at }) }
}

const optional = <Value>(name: string, value: Value | undefined) => (value === undefined ? {} : { [name]: value })
const words = (text: string): string | undefined => (text.trim() === '' ? undefined : text.trim())

/** Fields of a job that this form does not edit stay unchanged. */
function jobOf(draft: ScheduleDraft, before: RepeatedJob | undefined): RepeatedJob {
  const {
    effort: _effort,
    mode: _mode,
    target: _target,
    capability: _capability,
    when_offline: _offline,
    prompt: _prompt,
    ...rest
  } = before ?? { prompt: '' }
  const chosen = {
    ...optional('effort', words(draft.effort)),
    ...optional('mode', words(draft.mode)),
    ...optional('target', words(draft.target)),
    ...optional('capability', words(draft.capability)),
    when_offline: draft.offline,
  }
  // The form offers only values of the contract's enums; the server checks them.
  return { ...rest, prompt: draft.prompt, ...chosen } as RepeatedJob
}

export function requestOf(draft: ScheduleDraft, before: Schedule | undefined, given?: RepeatedJob): Input<'schedules.create'> {
  const { starts_at, ends_at, ...rule } = previewOf(draft, before)
  const ends = {
    ...optional('starts_at', starts_at),
    ...optional('ends_at', ends_at),
    ...optional('max_runs', draft.max_runs === '' ? undefined : Number(draft.max_runs)),
  }
  return {
    name: draft.name.trim(),
    ...rule,
    job: jobOf(draft, before?.job ?? given),
    overlap: draft.overlap as Schedule['overlap'],
    catch_up: draft.catch_up as Schedule['catch_up'],
    jitter: Number(draft.jitter),
    ...ends,
  }
}

/** The changes to an existing schedule: fields that were emptied are removed. */
export const patchOf = (draft: ScheduleDraft, before: Schedule): Input<'schedules.update'> => {
  const request = requestOf(draft, before)
  return {
    ...request,
    schedule_id: before.schedule_id,
    starts_at: request.starts_at ?? null,
    ends_at: request.ends_at ?? null,
    max_runs: request.max_runs ?? null,
  }
}
