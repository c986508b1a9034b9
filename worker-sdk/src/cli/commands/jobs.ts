/** Responsible for `jobs`: the list, and aborting or retrying all jobs that match a filter. */
import { jobErrorTypes, jobList, type Input, type Job, type Output } from '@modelreins/contract'
import { confirmed } from '../confirm.ts'
import { didYouMean } from '../../nearest.ts'
import { connect } from '../setup/connection.ts'
import { checked } from '../arguments/checked.ts'
import type { CommandContext } from '../context.ts'
import { jobColumns } from '../output/job-text.ts'
import { seeHelp, UsageError } from '../arguments/usage-error.ts'

type Filter = Pick<Input<'jobs.list'>, 'status' | 'thread_id' | 'capability' | 'worker' | 'effort' | 'created_by' | 'error'>

function filterOf(context: CommandContext): Filter {
  const { invocation } = context
  const status = invocation.words('status')
  const fields = {
    status: status === undefined ? undefined : [...status],
    thread_id: invocation.text('thread'),
    capability: invocation.text('capability'),
    worker: invocation.text('worker'),
    effort: invocation.text('effort'),
    created_by: invocation.text('created-by'),
    error: invocation.text('error'),
  }
  return checked(jobList, fields, { name: (path) => `--${path.replace(/_id$|\.\d+$/, '').replaceAll('_', '-')}` })
}

/** Nothing was found: a class that nobody knows is a typing error, and one that a worker made up would have been found. */
function assertKnownClass({ error }: Filter): void {
  if (error === undefined || jobErrorTypes.some((known) => known === error)) return
  const near = didYouMean(error, jobErrorTypes)
  throw new UsageError(`--error ${error}: no job ended with this class of error${near}`, `known classes: ${jobErrorTypes.join(', ')}`)
}

export async function jobs(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const filter = filterOf(context)
  const limit = invocation.count('limit')
  let cursor = invocation.text('cursor')
  const { client } = await connect(context)
  const found: Job[] = []
  for (;;) {
    const page = await client.jobs.list({
      ...filter,
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
    })
    cursor = page.next_cursor ?? undefined
    if (invocation.on('all') && !show.human && !show.json) show.table(jobColumns(context.now), page.items)
    else found.push(...page.items)
    // One call searches only part of the jobs: an empty page with a cursor means that the search must continue.
    if (cursor === undefined || (!invocation.on('all') && found.length > 0)) break
  }
  if (found.length === 0 && cursor === undefined) assertKnownClass(filter)
  if (show.json) {
    show.value({ items: found, next_cursor: cursor ?? null })
    return 0
  }
  if (found.length > 0) show.table(jobColumns(context.now), found)
  else if (show.human) show.note('No jobs')
  if (cursor !== undefined) show.note(show.errorStyle.dim(`more: --cursor ${cursor}, or --all`))
  return 0
}

const filterFlags = ['status', 'thread', 'capability', 'worker', 'effort', 'created-by', 'error'] as const

export async function jobsAbort(context: CommandContext): Promise<number> {
  const { invocation } = context
  const narrow = filterFlags.some((flag) => invocation.has(flag))
  if (!narrow && !invocation.on('all'))
    throw new UsageError('jobs abort needs a filter, or --all for every job of the tenant', seeHelp(['jobs', 'abort']))
  const filter = filterOf(context)
  const reason = invocation.text('reason')
  const { client } = await connect(context)
  // `all` is only sent without a filter; a request may not have both.
  const request = { ...filter, ...(narrow ? {} : { all: true }), ...(reason === undefined ? {} : { reason }) }
  return inBulk(context, 'abort', filter, (dry_run) => client.jobs.abortMany({ ...request, dry_run }))
}

export async function jobsRetry(context: CommandContext): Promise<number> {
  const filter = filterOf(context)
  const { client } = await connect(context)
  const narrow = Object.keys(filter).length > 0
  return inBulk(context, 'retry', filter, (dry_run) => client.jobs.retryMany({ ...filter, ...(narrow ? {} : { all: true }), dry_run }))
}

type Bulk = Output<'jobs.abort_many'>

async function inBulk(
  context: CommandContext,
  verb: 'abort' | 'retry',
  filter: Filter,
  call: (dryRun: boolean) => Promise<Bulk>,
): Promise<number> {
  const { invocation, show } = context
  if (invocation.on('dry-run') || !invocation.on('yes')) {
    const would = await call(true)
    if (would.count === 0) assertKnownClass(filter)
    if (invocation.on('dry-run')) return tell(context, would, `would ${verb}`)
    if (would.count === 0) return tell(context, would, verb === 'abort' ? 'aborted' : 'retried')
    if (!(await confirmed(context, `${verb === 'abort' ? 'Abort' : 'Retry'} ${jobsWord(would.count)}?`))) {
      show.note('Cancelled: nothing was changed')
      return 1
    }
  }
  return tell(context, await allPortions(() => call(false)), verb === 'abort' ? 'aborted' : 'retried')
}

/**
 * Repeats the call until no matching job remains, but changes no more jobs than matched at first: a job that fails again during the retries is not
 * retried again.
 */
async function allPortions(call: () => Promise<Bulk>): Promise<Bulk> {
  let done = await call()
  const matched = done.count + done.remaining
  let more = done.count > 0
  while (more && done.remaining > 0 && done.count < matched) {
    const next = await call()
    more = next.count > 0
    done = { ...next, count: done.count + next.count, job_ids: [...done.job_ids, ...next.job_ids] }
  }
  return done
}

const jobsWord = (count: number): string => `${count} job${count === 1 ? '' : 's'}`

function tell(context: CommandContext, outcome: Bulk, verb: string): number {
  const { show } = context
  if (show.json) show.value(outcome)
  else if (show.human)
    show.line(`${verb} ${jobsWord(outcome.count)}${outcome.job_ids.length === 0 ? '' : `: ${outcome.job_ids.join(', ')}`}`)
  else for (const id of outcome.job_ids) show.line(String(id))
  return 0
}
