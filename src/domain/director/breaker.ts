/**
 * Responsible for the circuit breaker of a worker: it opens after faults of the worker itself, so that a machine that cannot work does not fail one
 * job after another. Failures of jobs never open it, and it never keeps a job out of the queue. Pure.
 */

export interface Breaker {
  /** Faults since the last attempt that proved the worker able to work. Each job counts once, and all attempts lost at the same moment count once. */
  readonly faults: readonly { readonly key: string; readonly type: string }[]
  /** Milliseconds since 1970; null when closed. */
  readonly open_until: number | null
  /** How many times in a row it has opened. */
  readonly opened: number
}

export type BreakerState = 'closed' | 'open' | 'half-open'

/** The state now. `open`: no offers until then; `half-open`: one job is tried, and its outcome decides. */
export interface BreakerView {
  readonly state: BreakerState
  readonly until: number | null
  readonly faults: number
  readonly last: string | null
}

export const closedBreaker: Breaker = { faults: [], open_until: null, opened: 0 }

/** Errors that say something about the worker: it could not start its program, its provider rejected its credentials, or it went silent. */
const ownFaults: ReadonlySet<string> = new Set(['spawn_failed', 'auth_failed', 'worker_lost'])
/** Faults that the next job would certainly meet too. A lost attempt may have been the network's fault. */
const certain: ReadonlySet<string> = new Set(['spawn_failed', 'auth_failed'])

/** The first time is short, since a single job may have been the cause; each further time is twice as long. */
export const breakerLimits = { faults: 5, open_ms: 15_000, open_most_ms: 5 * 60_000 } as const

/** `error`: the type of the error; null when the attempt succeeded. */
export function afterAttempt(
  breaker: Breaker,
  ended: { readonly job_id: number; readonly error: string | null; readonly at: number },
): Breaker {
  const { job_id, error, at } = ended
  if (error === null || !ownFaults.has(error)) return closedBreaker
  const key = error === 'worker_lost' ? `lost at ${at}` : `job ${job_id}`
  const isNew = !breaker.faults.some((fault) => fault.key === key)
  const faults = isNew ? [...breaker.faults, { key, type: error }].slice(-breakerLimits.faults) : breaker.faults
  // Still open: attempts that started earlier end in the same way, which is no new information. Half-open: the outcome of the one tried job is.
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

/** How many jobs this worker may be offered now, at most `room`; `busy`: how many it runs or is offered. */
export const admitted = (breaker: BreakerView, room: number, busy: number): number =>
  breaker.state === 'closed' ? room : breaker.state === 'half-open' && busy === 0 ? Math.min(room, 1) : 0

/** Words to follow a worker's name; undefined when the breaker is closed. */
export function breakerInWords({ state, until, faults, last }: BreakerView, now: number): string | undefined {
  if (state === 'closed') return undefined
  const what = `after ${faults === 1 ? 'a fault of its own' : `${faults} faults of its own in a row`}${last === null ? '' : `, the last ${last}`}`
  return state === 'open'
    ? `has an open circuit breaker ${what}: tried again in ${Math.max(1, Math.ceil(((until ?? now) - now) / 1000))} s, or once it is resumed`
    : `has a half-open circuit breaker ${what}: one job is tried`
}
