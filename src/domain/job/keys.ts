/**
 * Responsible for the turn of jobs that share a key: which keys a job has, and whether one of them is free for it. A job takes its keys when
 * it enters the queue, and so at most as many are queued or running as the key allows. It stores nothing.
 */
import { poolRank } from './queue.ts'
import type { JobRecord } from './job-machine.ts'

/** `concurrency`: so many at once. `rate`: so many starts in a while. */
export type KeyKind = 'concurrency' | 'rate'

/** One key of one job. `per_ms` is null of a concurrency key. */
export interface JobKey {
  readonly kind: KeyKind
  readonly key: string
  readonly most: number
  readonly per_ms: number | null
}

/** What a key is to its job: taken, waited for, or neither (the job runs no more, or something else holds it). */
export type KeyState = 'holds' | 'waits' | 'apart'

/** What is known of a key, as one job would find it. */
export interface KeyUse {
  /** Other jobs that have taken it. */
  readonly holders: number
  /** The smallest limit among them; undefined when there are none. */
  readonly smallest: number | undefined
  /** Starts within the job's own window, newest first, at most as many as its rate allows. Milliseconds since 1970. */
  readonly starts: readonly number[]
  /** Another job waits for it and goes first. */
  readonly before: boolean
}

/** The parent of a fan-out runs nothing: its children have the keys. */
export function keysOf(job: Pick<JobRecord, 'spec'>): readonly JobKey[] {
  const { concurrency, rate, fan_out } = job.spec
  if (fan_out !== undefined) return []
  const keys: JobKey[] = []
  if (concurrency !== undefined) keys.push({ kind: 'concurrency', key: concurrency.key, most: concurrency.limit, per_ms: null })
  if (rate !== undefined) keys.push({ kind: 'rate', key: rate.key, most: rate.max, per_ms: Math.round(rate.per_seconds * 1000) })
  return keys
}

export const isKeyed = ({ spec }: Pick<JobRecord, 'spec'>): boolean => spec.concurrency !== undefined || spec.rate !== undefined

/** The order in which jobs wait for a key: that of the queue, by the time at which the job was made, or let others go first. */
export const turnOf = (job: JobRecord): number => poolRank(job.spec.stood_back_at ?? job.created_at, job.effort, job.priority)

/**
 * The job behind those that wait now, since nobody can start it. What it has used up of its time to be started stays used up, so that it does
 * not live for ever by letting others pass.
 */
export const standBack = (job: JobRecord, at: number): JobRecord => ({
  ...job,
  hold: 'key',
  spec: {
    ...job.spec,
    stood_back_at: at,
    ...(job.hold === null ? { expires_ms: Math.max(1, job.spec.expires_ms - Math.max(0, at - job.queued_at)) } : {}),
  },
})

/** A rate counts a job from when it may be offered until it starts, and its start from then on; so no window ever has more than `most`. */
export const isFree = (key: JobKey, use: KeyUse): boolean =>
  !use.before && use.holders + use.starts.length < Math.min(key.most, key.kind === 'concurrency' ? (use.smallest ?? key.most) : key.most)

/** When time alone frees a rate, milliseconds since 1970; undefined while a queued job must start or end first. */
export function freeAt(key: JobKey, use: KeyUse): number | undefined {
  if (key.per_ms === null) return undefined
  const surplus = use.holders + use.starts.length - key.most
  if (surplus < 0) return undefined
  const gone = use.starts.toReversed()[surplus]
  return gone === undefined ? undefined : gone + key.per_ms
}

/** What a job is to its keys as it stands; `blocked` is the key that it waits for. */
export function stateOf(job: JobRecord, key: JobKey, blocked: KeyKind | undefined): KeyState {
  if (job.status === 'pending' && job.hold === null) return 'holds'
  if (job.status === 'running') return key.kind === 'concurrency' ? 'holds' : 'apart'
  return job.status === 'pending' && job.hold === 'key' && key.kind === blocked ? 'waits' : 'apart'
}
