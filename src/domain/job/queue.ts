/**
 * Responsible for the order of the queue: in which pool or place a job is, and its rank there. A rank never changes while a job waits: the head start
 * is given once, so every job eventually passes any later one (bounded overtaking, I9).
 */
import { headStartByEffort, limits } from '@modelreins/contract'
import type { Effort } from '@modelreins/contract'

/** Places that are not pools. Pools have positive ids. */
export const places = {
  /** Running, ranked by hard deadline. */
  running: 0,
  /** Waiting for a time (retry, schedule), ranked by that time. */
  timed: -1,
  /** Waiting for a decision or a resource (review, secrets, budget), ranked by expiry. */
  held: -2,
  /** Parents of fan-outs, ranked by the deadline of their merge. */
  parents: -3,
} as const

/** Rank in a pool in milliseconds: the time when it was queued minus its head start. The lowest rank comes first. */
export const poolRank = (queuedAt: number, effort: Effort, priority: number): number =>
  queuedAt - headStartByEffort[effort] - priority * limits.priority_step_ms

/** The longest head start that a job can have over another one that was queued at the same time. */
export const greatestHeadStart =
  headStartByEffort.critical - headStartByEffort.trivial + (limits.priority_max - limits.priority_min) * limits.priority_step_ms

/** The highest rank of a job that was queued by this time. A negative priority makes the rank later than the time. */
export const highestRank = (queuedBy: number): number => queuedBy - limits.priority_min * limits.priority_step_ms

/** The earliest and latest queueing time that a job of this rank can have. */
export const queuedWithin = (rank: number): { readonly from: number; readonly to: number } => ({
  from: rank + limits.priority_min * limits.priority_step_ms,
  to: rank + headStartByEffort.critical + limits.priority_max * limits.priority_step_ms,
})
