/**
 * Responsible for accounts that are out of quota: until when, and which workers that affects. A limit belongs to the account and not to the job, so
 * workers that declare the same account are parked together. Pure; times are milliseconds since 1970.
 */
import { limits } from '@modelreins/contract'
import type { WorkerConfig } from '@modelreins/contract'

/** End times by key. End times in the past have no effect. */
export type Parkings = Readonly<Record<string, number>>

/** The account whose quota a worker uses: the one that its config names, or the worker's own. */
export const parkingKey = (worker: { readonly worker_id: string; readonly config: WorkerConfig }): string =>
  worker.config.account === undefined ? `worker ${worker.worker_id}` : `account ${worker.config.account}`

/** Null when it is not parked. */
export function parkedUntil(
  parkings: Parkings,
  worker: { readonly worker_id: string; readonly config: WorkerConfig },
  now: number,
): number | null {
  const until = parkings[parkingKey(worker)]
  return until === undefined || until <= now ? null : until
}

/** Adds a parking. Returns the same object when nothing changes. A time far in the future is capped, and one in the past is ignored. */
export function parked(parkings: Parkings, key: string, told: number, now: number): Parkings {
  const until = Math.min(told, now + limits.retry_at_max_ms)
  return until <= now || until <= (parkings[key] ?? 0) ? parkings : { ...inForce(parkings, now), [key]: until }
}

/** Removes this parking and those in the past. Returns the same object when nothing changes. */
export const unparked = (parkings: Parkings, key: string, now: number): Parkings =>
  Object.hasOwn(parkings, key) ? Object.fromEntries(Object.entries(inForce(parkings, now)).filter(([one]) => one !== key)) : parkings

/** Removes parkings in the past. Returns the same object when there are none. */
export function inForce(parkings: Parkings, now: number): Parkings {
  const kept = Object.entries(parkings).filter(([, until]) => until > now)
  return kept.length === Object.keys(parkings).length ? parkings : Object.fromEntries(kept)
}
