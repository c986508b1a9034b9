/**
 * Responsible for jobs that share a key: which keys a job has, and whether one of them is free for it. A job takes its keys when it enters the queue,
 * so no more jobs are queued or running than the key allows. It stores nothing.
 */
import { poolRank } from './queue.ts'
import type { JobRecord } from './job-machine.ts'

/** `concurrency`: limits jobs that run at once. `rate`: limits starts within a time window. */
export type KeyKind = 'concurrency' | 'rate'

/** One key of one job. `per_ms` is null for a concurrency key. */
export interface JobKey {
  readonly kind: KeyKind
  readonly key: string
  readonly most: number
  readonly per_ms: number | null
}

/** How a job relates to one of its keys: it holds the key, waits for it, or neither (it no longer runs, or something else holds it back). */
export type KeyState = 'holds' | 'waits' | 'apart'

/** The state of a key from the view of one job. */
export interface KeyUse {
  /** Number of other jobs that hold the key. */
  readonly holders: number
  /** The smallest limit among them; undefined when there are none. */
  readonly smallest: number | undefined
  /** Starts within the job's own time window, newest first, at most as many as its rate allows. Milliseconds since 1970. */
  readonly starts: readonly number[]
  /** Another job waits for the key and comes first. */
  readonly before: boolean
}

/** The parent of a fan-out has no keys because it runs nothing; its children have them. */
export function keysOf(job: Pick<JobRecord, 'spec'>): readonly JobKey[] {
  const { concurrency, rate, fan_out } = job.spec
  if (fan_out !== undefined) return []
  const keys: JobKey[] = []
  if (concurrency !== undefined) keys.push({ kind: 'concurrency', key: concurrency.key, most: concurrency.limit, per_ms: null })
  if (rate !== undefined) keys.push({ kind: 'rate', key: rate.key, most: rate.max, per_ms: Math.round(rate.per_seconds * 1000) })
  return keys
}

export const isKeyed = ({ spec }: Pick<JobRecord, 'spec'>): boolean => spec.concurrency !== undefined || spec.rate !== undefined

/** The order in which jobs wait for a key: the same as in the queue, by the time at which the job was created or last moved behind the others. */
export const turnOf = (job: JobRecord): number => poolRank(job.spec.stood_back_at ?? job.created_at, job.effort, job.priority)

/**
 * Moves a job that no worker can start behind the other waiting jobs. The part of its expiry time that has passed stays used up, so that it does not
 * live for ever by letting others pass.
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

/** A rate counts a job from the moment it may be offered until it starts, and then counts its start. So no window ever has more than `most`. */
export const isFree = (key: JobKey, use: KeyUse): boolean =>
  !use.before && use.holders + use.starts.length < Math.min(key.most, key.kind === 'concurrency' ? (use.smallest ?? key.most) : key.most)

/** When a rate becomes free through time alone, milliseconds since 1970; undefined when a queued job must start or end first. */
export function freeAt(key: JobKey, use: KeyUse): number | undefined {
  if (key.per_ms === null) return undefined
  const surplus = use.holders + use.starts.length - key.most
  if (surplus < 0) return undefined
  const gone = use.starts.toReversed()[surplus]
  return gone === undefined ? undefined : gone + key.per_ms
}

/** How the job relates to this key now; `blocked` is the kind of key that it waits for. */
export function stateOf(job: JobRecord, key: JobKey, blocked: KeyKind | undefined): KeyState {
  if (job.status === 'pending' && job.hold === null) return 'holds'
  if (job.status === 'running') return key.kind === 'concurrency' ? 'holds' : 'apart'
  return job.status === 'pending' && job.hold === 'key' && key.kind === blocked ? 'waits' : 'apart'
}
