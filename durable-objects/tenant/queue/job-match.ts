/** Responsible for the jobs that a list or a bulk verb selects, as a condition on their rows. */
import { and, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import type { Effort, JobStatus } from '@modelreins/contract'
import { places } from '../../../src/domain/job/queue.ts'
import { jobs } from './tables.ts'

export interface JobSelection {
  readonly statuses?: readonly JobStatus[]
  readonly thread_id?: string
  readonly worker_id?: string
  readonly capability?: string
  readonly effort?: Effort
  /** Id of the member or worker that created it. */
  readonly created_by?: string
  readonly parent_id?: number
  /** Class of the error of its last attempt. */
  readonly error?: string
}

export interface JobMatch extends JobSelection {
  /** Only jobs that have not ended. */
  readonly unfinished?: boolean
  /** Only jobs that are not children of a fan-out; the parent of a fan-out is included. */
  readonly parentless?: boolean
  /** Only jobs outside the pools (held or scheduled) that may go to this worker alone. */
  readonly held_for?: string
}

export const matches = (matching: JobMatch) =>
  and(
    matching.unfinished === true ? isNotNull(jobs.pool) : undefined,
    matching.statuses === undefined ? undefined : inArray(jobs.status, [...matching.statuses]),
    matching.thread_id === undefined ? undefined : eq(jobs.thread_id, matching.thread_id),
    matching.worker_id === undefined ? undefined : eq(jobs.worker_id, matching.worker_id),
    matching.created_by === undefined ? undefined : eq(jobs.created_by, matching.created_by),
    matching.parent_id === undefined ? undefined : and(eq(jobs.parent_id, matching.parent_id), isNotNull(jobs.parent_id)),
    matching.parentless === true ? isNull(jobs.parent_id) : undefined,
    matching.held_for === undefined
      ? undefined
      : and(inArray(jobs.pool, [places.timed, places.held]), eq(sql`json_extract(${jobs.spec}, '$.pinned')`, matching.held_for)),
    matching.effort === undefined ? undefined : eq(jobs.effort, matching.effort),
    matching.error === undefined ? undefined : eq(sql`json_extract(${jobs.outcome}, '$.error.type')`, matching.error),
    matching.capability === undefined ? undefined : eq(sql`json_extract(${jobs.spec}, '$.capability')`, matching.capability),
  )
