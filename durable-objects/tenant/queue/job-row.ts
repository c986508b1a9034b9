/** Responsible for converting a job to its row and back: its place in the queue, its state, and what it asks for. */
import type { Effort, JobHold, JobStatus } from '@modelreins/contract'
import { mergeDue } from '../../../src/domain/fan-out/fan-out.ts'
import { mayFallBack } from '../../../src/domain/job/fallback.ts'
import { deadlineOf, expiryOf, hasDefaultExpiry } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { places, poolRank } from '../../../src/domain/job/queue.ts'
import type { jobs } from './tables.ts'

export type JobRow = typeof jobs.$inferSelect

/** The place of a job, from its state alone. `poolId` is called only for a job that may be offered. */
function placeOf(job: JobRecord, poolId: (job: JobRecord) => number): { readonly pool: number | null; readonly rank: number | null } {
  if (job.status === 'running' && job.spec.fan_out !== undefined)
    return { pool: places.parents, rank: mergeDue(job.spec.fan_out) ?? Number.MAX_SAFE_INTEGER }
  if (job.status === 'running') return { pool: places.running, rank: deadlineOf(job) }
  if (job.status === 'retry') return { pool: places.timed, rank: job.retry_at ?? 0 }
  if (job.status !== 'pending') return { pool: null, rank: null }
  if (job.hold === 'schedule') return { pool: places.timed, rank: job.queued_at }
  if (job.hold !== null) return { pool: places.held, rank: expiryOf(job) }
  return { pool: poolId(job), rank: poolRank(job.queued_at, job.effort, job.priority) }
}

/** Columns that updates do not set: SQLite rewrites the index entry of every column in SET, even when its value is unchanged. */
type Fixed = 'idempotency_key' | 'idempotency_digest' | 'dispatch_key' | 'thread_id' | 'parent_id' | 'created_by' | 'created_at'
/** The state of a job, about a hundred bytes. The request itself (`spec`) may be half a megabyte. */
export type JobState = Omit<JobRow, Fixed | 'spec'>

export function stateOf(job: JobRecord, poolId: (job: JobRecord) => number): JobState {
  const place = placeOf(job, poolId)
  const claimable = place.pool !== null && place.pool > 0
  return {
    id: job.id,
    status: job.status,
    hold: job.hold,
    pool: place.pool,
    rank: place.rank,
    expires_at: claimable && !hasDefaultExpiry(job) ? expiryOf(job) : null,
    effort: job.effort,
    priority: job.priority,
    worker_id: job.worker_id,
    attempt: job.attempt,
    max_attempts: job.max_attempts,
    nonce: job.nonce,
    long_lease: Number(job.long_lease),
    queued_at: job.queued_at,
    started_at: job.started_at,
    ended_at: job.ended_at,
    retry_at: job.retry_at,
    review_id: job.review_id,
    stream: Number(job.stream),
    falls_back: mayFallBack(job) ? 1 : null,
    outcome: job.outcome === null ? null : JSON.stringify(job.outcome),
  }
}

export const fromRow = (row: Omit<JobRow, 'idempotency_key' | 'idempotency_digest' | 'dispatch_key'>): JobRecord => ({
  id: row.id,
  status: row.status as JobStatus,
  hold: row.hold as JobHold | null,
  effort: row.effort as Effort,
  priority: row.priority,
  thread_id: row.thread_id,
  worker_id: row.worker_id,
  attempt: row.attempt,
  max_attempts: row.max_attempts,
  nonce: row.nonce,
  long_lease: row.long_lease === 1,
  created_by: row.created_by,
  created_at: row.created_at,
  queued_at: row.queued_at,
  started_at: row.started_at,
  ended_at: row.ended_at,
  retry_at: row.retry_at,
  review_id: row.review_id,
  parent_id: row.parent_id,
  stream: row.stream === 1,
  spec: JSON.parse(row.spec),
  outcome: row.outcome === null ? null : JSON.parse(row.outcome),
})

/** The columns that a start changes. An end changes its own columns and also clears the job's place. */
export const starting = ['status', 'pool', 'rank', 'worker_id', 'attempt', 'nonce', 'started_at'] as const
export const ending = ['status', 'ended_at', 'outcome'] as const
type Changing = (typeof starting)[number] | (typeof ending)[number]

export const pick = <Fields extends object, Name extends keyof Fields>(fields: Fields, names: readonly Name[]): Pick<Fields, Name> =>
  Object.fromEntries(names.map((name) => [name, fields[name]])) as Pick<Fields, Name>

/** All other columns that may change, as a record so that the compiler reports a missing one. */
const others: Record<Exclude<keyof JobState, Changing | 'id'>, true> = {
  hold: true,
  expires_at: true,
  effort: true,
  priority: true,
  max_attempts: true,
  long_lease: true,
  queued_at: true,
  retry_at: true,
  review_id: true,
  stream: true,
  falls_back: true,
}
const otherNames = Object.keys(others) as (keyof typeof others)[]

/** The smallest statement that writes the change. */
export function changeOf(before: JobState, after: JobState): 'start' | 'end' | 'update' {
  if (!otherNames.every((name) => before[name] === after[name])) return 'update'
  if (before.ended_at === after.ended_at && before.outcome === after.outcome) return 'start'
  const sameAttempt = before.worker_id === after.worker_id && before.attempt === after.attempt && before.nonce === after.nonce
  return sameAttempt && before.started_at === after.started_at && after.pool === null && after.rank === null ? 'end' : 'update'
}

/** The state of a row as it was read. Written as one literal without spreads, because this runs for every job that is read. */
export const stateOfRow = (row: JobRow): JobState => ({
  id: row.id,
  status: row.status,
  hold: row.hold,
  pool: row.pool,
  rank: row.rank,
  expires_at: row.expires_at,
  effort: row.effort,
  priority: row.priority,
  worker_id: row.worker_id,
  attempt: row.attempt,
  max_attempts: row.max_attempts,
  nonce: row.nonce,
  long_lease: row.long_lease,
  queued_at: row.queued_at,
  started_at: row.started_at,
  ended_at: row.ended_at,
  retry_at: row.retry_at,
  review_id: row.review_id,
  stream: row.stream,
  falls_back: row.falls_back,
  outcome: row.outcome,
})
