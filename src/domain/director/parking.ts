/**
 * Responsible for accounts that are out of quota: until when, and which workers that concerns. A limit is the account's, not the job's, so
 * workers that declare one account are parked together. Pure; times are milliseconds since 1970.
 */
import { limits } from '@modelreins/contract'
import type { WorkerConfig } from '@modelreins/contract'

/** Until when, by key. Those that have passed mean nothing. */
export type Parkings = Readonly<Record<string, number>>

/** Whose quota a worker uses: the account that its config names, or its own. */
export const parkingKey = (worker: { readonly worker_id: string; readonly config: WorkerConfig }): string =>
  worker.config.account === undefined ? `worker ${worker.worker_id}` : `account ${worker.config.account}`

/** Null while it is not parked. */
export function parkedUntil(
  parkings: Parkings,
  worker: { readonly worker_id: string; readonly config: WorkerConfig },
  now: number,
): number | null {
  const until = parkings[parkingKey(worker)]
  return until === undefined || until <= now ? null : until
}

/** With a further parking; the very same when it says nothing new. A time far ahead is bounded, one that has passed is none. */
export function parked(parkings: Parkings, key: string, told: number, now: number): Parkings {
  const until = Math.min(told, now + limits.retry_at_max_ms)
  return until <= now || until <= (parkings[key] ?? 0) ? parkings : { ...inForce(parkings, now), [key]: until }
}

/** Without this one, and without those that have passed; the very same when that changes nothing. */
export const unparked = (parkings: Parkings, key: string, now: number): Parkings =>
  Object.hasOwn(parkings, key) ? Object.fromEntries(Object.entries(inForce(parkings, now)).filter(([one]) => one !== key)) : parkings

/** The very same when none has passed. */
export function inForce(parkings: Parkings, now: number): Parkings {
  const kept = Object.entries(parkings).filter(([, until]) => until > now)
  return kept.length === Object.keys(parkings).length ? parkings : Object.fromEntries(kept)
}
