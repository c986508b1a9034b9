/**
 * Responsible for the life of a job as a sequence of states with branches: how long it waited, was held and ran, each attempt with its events, and
 * for a fan-out each of its jobs. It is computed from the job's audit rows and, where these are not there yet, from the job itself. It draws nothing.
 */
import type { AuditRow, Job } from '@modelreins/contract'

export type Row = Pick<AuditRow, 'seq' | 'at' | 'action' | 'actor' | 'summary'>

/** An event at one time. */
export interface Moment {
  readonly key: string
  readonly at: string
  readonly words: string
  readonly who: string
  readonly detail: string
}

export type State = 'queued' | 'held' | 'running' | 'retry' | 'lost'

/** A period in one state. An attempt is a branch; `to` null: it has not ended. */
export interface Stretch {
  readonly state: State
  readonly from: string
  readonly to: string | null
  /** For `running`: the attempt's number, and how it ended; null while it runs. */
  readonly attempt: number
  readonly ending: string | null
  readonly failed: boolean
  readonly worker: string
  readonly moments: readonly Moment[]
}

export interface Timeline {
  readonly begin: Moment
  readonly stretches: readonly Stretch[]
  readonly end: Moment | undefined
}

/** For each action that ends an attempt: words, and the state that follows; undefined: none follows. */
const ends: Readonly<Record<string, { readonly words: string; readonly next?: State; readonly good?: true }>> = {
  'job.complete': { words: 'done', good: true },
  'job.fail': { words: 'failed' },
  'job.abort': { words: 'aborted' },
  'job.expire': { words: 'expired' },
  'job.retry_later': { words: 'failed, another follows', next: 'retry' },
  'job.timeout': { words: 'took too long', next: 'retry' },
  'job.lose': { words: 'its worker was lost', next: 'lost' },
  'job.hand_back': { words: 'handed back', next: 'queued', good: true },
  'job.escalate': { words: 'escalated to a person', next: 'held', good: true },
}
const begins = new Set(['job.dispatch', 'job.create', 'fan_out.merge'])

const words: Readonly<Record<string, string>> = {
  'job.update': 'Changed',
  'job.fall_back': 'Goes on along its fallback chain',
  'job.retry': 'Another attempt asked for',
  'job.release': 'Released',
  'job.requeue': 'Its wait is over',
  'job.resume': 'Its worker reported again',
  'job.stand_back': 'Let others of its key go first',
  'job.note': 'Note',
  'job.remind': 'Reminded',
  'job.abort_acknowledged': 'The worker has stopped it',
  'review.open': 'A review was opened',
  'review.approve': 'Approved',
  'review.edit': 'Approved with changes',
  'review.deny': 'Denied',
  'review.respond': 'Answered',
  'review.expire': 'The review expired',
  'review.withdraw': 'The review was withdrawn',
  'review.supersede': 'The review was superseded',
  'review.consume': 'The approval was used',
  'action.allow': 'An action was allowed',
  'grant.create': 'A grant was made',
  'artifact.upload': 'A file was stored',
  'fan_out.pick': 'An answer was picked',
}

const spoken = (action: string): string => words[action] ?? action.replace('.', ': ').replaceAll('_', ' ')

const momentOf = (row: Row, said = spoken(row.action)): Moment => ({
  key: String(row.seq),
  at: row.at,
  words: said,
  who: row.actor.kind === 'system' ? '' : row.actor.name,
  detail: row.summary,
})

type Open = { -readonly [Field in keyof Stretch]: Stretch[Field] } & { moments: Moment[] }
const opened = (state: State, from: string, more: Partial<Stretch> = {}): Open => ({
  state,
  from,
  to: null,
  attempt: 0,
  ending: null,
  failed: false,
  worker: '',
  ...more,
  moments: [],
})

type Told = Pick<
  Job,
  'status' | 'hold' | 'attempt' | 'assigned_to' | 'created_at' | 'created_by' | 'started_at' | 'ended_at' | 'error' | 'kind' | 'role'
>

/** The periods from the rows, and the one that has not ended. */
function walk(job: Told, rows: readonly Row[]): { stretches: Open[]; begin: Moment | undefined; end: Moment | undefined } {
  const stretches: Open[] = []
  let begin: Moment | undefined
  let end: Moment | undefined
  let attempt = 0
  let now = opened(job.kind === 'fan_out' ? 'running' : 'queued', job.created_at)
  const turn = (state: State, at: string, more: Partial<Stretch> = {}): void => {
    now.to = at
    // A period without length and without events is left out.
    if (now.from !== at || now.moments.length > 0 || now.state === 'running') stretches.push(now)
    now = opened(state, at, more)
  }
  for (const row of rows) {
    const ending = ends[row.action]
    if (begins.has(row.action) && begin === undefined) begin = momentOf(row, 'Dispatched')
    else if (row.action === 'job.start') {
      attempt += 1
      turn('running', row.at, { attempt, worker: row.actor.kind === 'worker' ? row.actor.name : '' })
    } else if (row.action === 'job.release') {
      // The row shows that the job was held for the whole period, whatever earlier rows suggested.
      now.state = 'held'
      now.moments.push(momentOf(row))
      turn('queued', row.at)
    } else if (row.action === 'job.requeue') turn('queued', row.at)
    else if (row.action === 'job.resume') {
      now.moments.push(momentOf(row))
      turn('running', row.at, { attempt, worker: row.actor.kind === 'worker' ? row.actor.name : '' })
    } else if (row.action === 'job.retry') {
      const state = job.kind === 'fan_out' ? 'running' : 'queued'
      if (end === undefined) turn(state, row.at)
      else {
        // The job had already ended, so this is no waiting period; its events belong to the one before.
        stretches.at(-1)?.moments.push(...now.moments)
        now = opened(state, row.at)
        end = undefined
      }
      now.moments.push(momentOf(row))
    } else if (ending !== undefined) {
      if (now.state === 'running') {
        now.ending = ending.words
        now.failed = ending.good !== true
      }
      if (ending.next === undefined) {
        end = momentOf(row, `${ending.words.charAt(0).toUpperCase()}${ending.words.slice(1)}`)
        now.to = row.at
        stretches.push(now)
        now = opened('queued', row.at)
      } else turn(ending.next, row.at)
    } else now.moments.push(momentOf(row))
  }
  if (end === undefined) stretches.push(now)
  else stretches.at(-1)?.moments.push(...now.moments)
  return { stretches, begin, end }
}

const stateOf = (job: Told): State =>
  job.status === 'pending' ? (job.hold === null ? 'queued' : 'held') : job.status === 'retry' ? 'retry' : 'running'

/** Audit rows are readable seconds after their events, so later changes are taken from the job itself. */
export function timelineOf(job: Told, rows: readonly Row[]): Timeline {
  const { stretches, begin, end } = walk(job, rows)
  const from = begin ?? {
    key: 'begin',
    at: job.created_at,
    words: 'Dispatched',
    who: (job.created_by ?? '').replace(/^\w+:/, ''),
    detail: '',
  }
  const told = stretches.reduce((most, one) => Math.max(most, one.attempt), 0)
  const last = stretches.at(-1)
  if (job.kind !== 'fan_out' && job.attempt > told && job.started_at !== null) {
    if (last !== undefined && last.to === null) last.to = job.started_at
    stretches.push(opened('running', job.started_at, { attempt: job.attempt, worker: job.assigned_to ?? '' }))
  }
  const now = stretches.at(-1)
  if (job.ended_at === null) {
    if (now !== undefined && now.to === null && now.state !== 'running' && stateOf(job) !== 'running') now.state = stateOf(job)
    return { begin: from, stretches, end: undefined }
  }
  if (end !== undefined) return { begin: from, stretches, end }
  const failed = job.status === 'failed'
  const ending = failed ? (job.error?.type === 'aborted' ? 'aborted' : 'failed') : 'done'
  if (now !== undefined && now.to === null)
    Object.assign(now, { to: job.ended_at, ending: now.state === 'running' ? ending : null, failed })
  const said = `${ending.charAt(0).toUpperCase()}${ending.slice(1)}`
  return {
    begin: from,
    stretches,
    end: { key: 'end', at: job.ended_at, words: said, who: '', detail: failed ? (job.error?.type ?? '') : '' },
  }
}

/** Milliseconds in each state up to now. */
export function timeIn(timeline: Timeline, now: number): Readonly<Record<State, number>> {
  const sums: Record<State, number> = { queued: 0, held: 0, running: 0, retry: 0, lost: 0 }
  for (const { state, from, to } of timeline.stretches) sums[state] += Math.max(0, (to === null ? now : Date.parse(to)) - Date.parse(from))
  return sums
}
