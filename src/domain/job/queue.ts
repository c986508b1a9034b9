/**
 * Responsible for the order of the queue: where a job stands and by which number it is ranked there. Ranks never change
 * while a job waits: a head start in time is given once, so every job ages past any other (bounded overtaking, I9).
 */
import { headStartByEffort, limits } from '@modelreins/contract'
import type { Effort } from '@modelreins/contract'

/** Places that are no pool. Pools have positive ids. */
export const places = {
  /** Running, ranked by hard deadline. */
  running: 0,
  /** Waiting for a time (retry, schedule), ranked by that time. */
  timed: -1,
  /** Waiting for somebody (review, secrets, budget), ranked by expiry. */
  held: -2,
  /** Parents of fan-outs, ranked by the deadline of their merge. */
  parents: -3,
} as const

/** Rank in a pool, milliseconds: the time it was queued, less its head start. Lower is sooner. */
export const poolRank = (queuedAt: number, effort: Effort, priority: number): number =>
  queuedAt - headStartByEffort[effort] - priority * limits.priority_step_ms

/** The longest head start that any job can have over another queued at the same time. */
export const greatestHeadStart =
  headStartByEffort.critical - headStartByEffort.trivial + (limits.priority_max - limits.priority_min) * limits.priority_step_ms

/** The highest rank that a job queued by then can have: a low priority stands behind its time. */
export const highestRank = (queuedBy: number): number => queuedBy - limits.priority_min * limits.priority_step_ms

/** The earliest and latest queueing time that a job of this rank can have. */
export const queuedWithin = (rank: number): { readonly from: number; readonly to: number } => ({
  from: rank + limits.priority_min * limits.priority_step_ms,
  to: rank + headStartByEffort.critical + limits.priority_max * limits.priority_step_ms,
})
