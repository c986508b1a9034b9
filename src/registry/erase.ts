/** Responsible for erasing finished jobs from the registry: given jobs, and finding those of a deleted thread. */
import type { Result } from '../domain/result.ts'
import { callD1 } from './page.ts'

export interface ArchivedJob {
  readonly id: number
  /** R2 key of the whole result; null when the row has all of it. */
  readonly stored_result: string | null
}

const idsPerStatement = 1_000

/** Deletes their rows, with prompts and results. Erasing a job that does not exist changes nothing. */
export function eraseJobs(database: D1Database, tenant: string, ids: readonly number[]): Promise<Result<unknown>> {
  const statements: D1PreparedStatement[] = []
  for (let from = 0; from < ids.length; from += idsPerStatement) {
    statements.push(
      database
        .prepare('DELETE FROM jobs WHERE tenant = ?1 AND id IN (SELECT value FROM json_each(?2))')
        .bind(tenant, JSON.stringify(ids.slice(from, from + idsPerStatement))),
    )
  }
  return callD1(async () => (statements.length === 0 ? [] : database.batch(statements)))
}

/** Children and merge jobs of a fan-out do not have its thread id: the row of the fan-out names them, even before they have arrived here. */
const ofThread = `
  WITH turns AS MATERIALIZED (
    SELECT id, rest FROM jobs WHERE tenant = ?1 AND thread_id = ?2 AND id <= ?3 ORDER BY id LIMIT ?4
  ), family AS (
    SELECT id FROM turns
    UNION SELECT CAST(child.value->>'job_id' AS INTEGER) FROM turns, json_each(turns.rest, '$.children') AS child
    UNION SELECT CAST(turns.rest->>'$.merge.job_id' AS INTEGER) FROM turns WHERE turns.rest->>'$.merge.job_id' IS NOT NULL
  )
  SELECT family.id AS id, jobs.rest->>'stored_result' AS stored_result
  FROM family LEFT JOIN jobs ON jobs.tenant = ?1 AND jobs.id = family.id
  ORDER BY family.id`

/** The oldest turns of the thread up to this job id, at most `limit`, with the children and merge jobs of those that are fan-outs. */
export function jobsOfThread(
  database: D1Database,
  tenant: string,
  threadId: string,
  through: number,
  turns: number,
): Promise<Result<readonly ArchivedJob[]>> {
  return callD1(async () => (await database.prepare(ofThread).bind(tenant, threadId, through, turns).all<ArchivedJob>()).results)
}
