/**
 * Responsible for the circuit breaker of a worker: it opens after faults of the worker's own, so that a machine that cannot work is not given
 * job after job. Jobs that fail by themselves never open it, and it never keeps a job out of the queue. Pure.
 */

export interface Breaker {
  /** What went wrong since the last attempt that showed the worker able to work: each job once, what was lost at one moment once. */
  readonly faults: readonly { readonly key: string; readonly type: string }[]
  /** Milliseconds; null while it is closed. */
  readonly open_until: number | null
  /** How often it has opened in a row. */
  readonly opened: number
}

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Seen now: `open` until then; `half-open`: one job is tried, and its end decides. */
export interface BreakerView {
  readonly state: BreakerState
  readonly until: number | null
  readonly faults: number
  readonly last: string | null
}

export const closedBreaker: Breaker = { faults: [], open_until: null, opened: 0 }

/** Ends of attempts that say something of the worker: it could not start its program, was not let in by its provider, or was not heard of. */
const ownFaults: ReadonlySet<string> = new Set(['spawn_failed', 'auth_failed', 'worker_lost'])
/** Those that the next job would meet in the same way. A lost attempt may have been the network's. */
const certain: ReadonlySet<string> = new Set(['spawn_failed', 'auth_failed'])

/** Shut out for a short while at first, since one job may have been the reason, and twice as long each further time. */
export const breakerLimits = { faults: 5, open_ms: 15_000, open_most_ms: 5 * 60_000 } as const

/** `error`: its type; null when the attempt ended well. */
export function afterAttempt(
  breaker: Breaker,
  ended: { readonly job_id: number; readonly error: string | null; readonly at: number },
): Breaker {
  const { job_id, error, at } = ended
  if (error === null || !ownFaults.has(error)) return closedBreaker
  const key = error === 'worker_lost' ? `lost at ${at}` : `job ${job_id}`
  const isNew = !breaker.faults.some((fault) => fault.key === key)
  const faults = isNew ? [...breaker.faults, { key, type: error }].slice(-breakerLimits.faults) : breaker.faults
  // Still open: attempts that had begun before end in the same way, and say nothing new. Half open: the one job that was tried does.
  if (breaker.open_until !== null && breaker.open_until > at) return { ...breaker, faults }
  const opens = breaker.open_until !== null || (isNew && certain.has(error)) || faults.length >= breakerLimits.faults
  if (!opens) return { ...breaker, faults }
  const open_ms = Math.min(breakerLimits.open_ms * 2 ** breaker.opened, breakerLimits.open_most_ms)
  return { faults, open_until: at + open_ms, opened: breaker.opened + 1 }
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
  const what = `after ${faults === 1 ? 'a fault of its own' : `${faults} faults of its own in a row`}${last === null ? '' : `, the last ${last}`}`
  return state === 'open'
    ? `has an open circuit breaker ${what}: tried again in ${Math.max(1, Math.ceil(((until ?? now) - now) / 1000))} s, or once it is resumed`
    : `has a half-open circuit breaker ${what}: one job is tried`
}
