/** Responsible for verbs on many jobs at once: the same filters as lists, a dry run that counts, and portions that fit one transaction. */
import { limits } from '@modelreins/contract'
import type { Output, Parsed } from '@modelreins/contract'
import { isTerminal } from '../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { dispatchRefusal } from '../../../../src/domain/killswitch.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { JobMatch } from '../job-match.ts'
import { abortJob, abortReason, selectionOf } from './jobs.ts'

type BulkResult = Output<'jobs.abort_many'>

/** Applies `verb` to the jobs that match now, up to `limits.bulk_jobs` per call: the caller repeats while `remaining` is above zero. */
function inPortions(ctx: CommandContext, matching: JobMatch | undefined, dryRun: boolean, verb: (id: number) => void): Result<BulkResult> {
  const count = matching === undefined ? 0 : ctx.store.jobs.count(matching)
  const ids = matching === undefined ? [] : ctx.store.jobs.ids(matching, limits.bulk_jobs)
  if (dryRun) return ok({ count, dry_run: true, job_ids: [...ids], remaining: count })
  for (const id of ids) verb(id)
  return ok({ count: ids.length, dry_run: false, job_ids: [...ids], remaining: count - ids.length })
}

/** A call without a filter may be a mistake, so selecting everything requires `all: true`. */
const refuseUnsaidAll = (selection: JobMatch | undefined, all: boolean | undefined, verb: string): Result<never> | undefined =>
  selection === undefined || Object.keys(selection).length > 0 || all === true
    ? undefined
    : fail('invalid-request', `Name a filter, or say \`all: true\` to ${verb} everything.`, {
        issues: [{ path: 'all', message: 'required when there is no filter' }],
      })

function abortMany(ctx: CommandContext, input: Parsed<'jobs.abort_many'>): Result<BulkResult> {
  const selection = selectionOf(ctx, input)
  const unsaid = refuseUnsaidAll(selection, input.all, 'abort')
  if (unsaid !== undefined) return unsaid
  return inPortions(ctx, selection && { ...selection, unfinished: true }, input.dry_run ?? false, (id) => {
    const job = ctx.store.jobs.get(id)
    if (job !== undefined) abortJob(ctx, job, abortReason(ctx, input.reason))
  })
}

/**
 * `verb` retries one job, which may be a fan-out. Retrying a fan-out also retries its failed children, so children are retried separately only when
 * the filter names their parent.
 */
export function retryMany(ctx: CommandContext, input: Parsed<'jobs.retry_many'>, verb: (job: JobRecord) => void): Result<BulkResult> {
  const refused = dispatchRefusal(ctx.store.killswitch.state())
  if (refused !== undefined) return refused
  const selection = selectionOf(ctx, input)
  const unsaid = refuseUnsaidAll(selection, input.all, 'retry')
  if (unsaid !== undefined) return unsaid
  const statuses = input.status ?? ['failed']
  const wrong = statuses.find((status) => status !== 'failed' && status !== 'retry')
  if (wrong !== undefined) {
    const message = 'can only contain failed and retry: other jobs cannot be retried'
    return fail('invalid-request', `\`status\` ${message}.`, { issues: [{ path: 'status', message }] })
  }
  const parent = input.parent_id === undefined ? undefined : ctx.store.jobs.get(input.parent_id)
  if (parent !== undefined && isTerminal(parent.status))
    return fail(
      'wrong-state',
      `Fan-out ${parent.id} has ended (${parent.status}): retry it as a whole, POST /api/v1/jobs/${parent.id}/retry.`,
    )
  const matching = selection && { ...selection, statuses, parentless: input.parent_id === undefined }
  return inPortions(ctx, matching, input.dry_run ?? false, (id) => {
    const job = ctx.store.jobs.get(id)
    if (job !== undefined) verb(job)
  })
}

export const bulkCommands = { 'jobs.abort_many': abortMany }
