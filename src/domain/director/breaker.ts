/**
 * Responsible for the circuit breaker of a worker: it opens after faults of the worker's own, so that a machine that cannot work is not given
 * job after job. Jobs that fail by themselves never open it, and it never keeps a job out of the queue. Pure.
 */

export interface Breaker {
  /** What went wrong since the last attempt that showed the worker able to work: each job once, what was lost at one moment once. */
  readonly faults: readonly { readonly key: string; readonly type: string }[]
  /** Milliseconds; null while it is closed. */
  readonly open_until: number | null
}

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Seen now: `open` until then; `half-open`: one job is tried, and its end decides. */
export interface BreakerView {
  readonly state: BreakerState
  readonly until: number | null
  readonly faults: number
  readonly last: string | null
}

export const closedBreaker: Breaker = { faults: [], open_until: null }

/** Ends of attempts that say something of the worker: it could not start its program, was not let in by its provider, or was not heard of. */
const ownFaults: ReadonlySet<string> = new Set(['spawn_failed', 'auth_failed', 'worker_lost'])

export const breakerLimits = { faults: 5, open_ms: 60_000 } as const

/** `error`: its type; null when the attempt ended well. */
export function afterAttempt(
  breaker: Breaker,
  ended: { readonly job_id: number; readonly error: string | null; readonly at: number },
): Breaker {
  const { job_id, error, at } = ended
  if (error === null || !ownFaults.has(error)) return closedBreaker
  const key = error === 'worker_lost' ? `lost at ${at}` : `job ${job_id}`
  const wasOpen = breaker.open_until !== null
  const faults = breaker.faults.some((fault) => fault.key === key)
    ? breaker.faults
    : [...breaker.faults, { key, type: error }].slice(-breakerLimits.faults)
  // Half open, the one job that was tried has shown that nothing is better.
  return { faults, open_until: wasOpen || faults.length >= breakerLimits.faults ? at + breakerLimits.open_ms : null }
}

export function viewOfBreaker({ faults, open_until }: Breaker, now: number): BreakerView {
  const state = open_until === null ? 'closed' : open_until > now ? 'open' : 'half-open'
  return { state, until: state === 'open' ? open_until : null, faults: faults.length, last: faults.at(-1)?.type ?? null }
}

/** How many jobs at once this worker may be offered now, of those it has room for; `busy`: what it runs or is offered. */
export const admitted = (breaker: BreakerView, room: number, busy: number): number =>
  breaker.state === 'closed' ? room : breaker.state === 'half-open' && busy === 0 ? Math.min(room, 1) : 0

/** Words that follow a worker's name; undefined for a closed one. */
export function breakerInWords({ state, until, faults, last }: BreakerView, now: number): string | undefined {
  if (state === 'closed') return undefined
  const what = `after ${faults} faults of its own in a row${last === null ? '' : `, the last ${last}`}`
  return state === 'open'
    ? `has an open circuit breaker ${what}: tried again in ${Math.max(1, Math.ceil(((until ?? now) - now) / 1000))} s, or once it is resumed`
    : `has a half-open circuit breaker ${what}: one job is tried`
}
