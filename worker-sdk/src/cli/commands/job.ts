/** Responsible for `job ID`: show, why, follow, result, children, abort, retry, pick. */
import { limits } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { connect } from '../setup/connection.ts'
import type { CommandContext } from '../context.ts'
import { Detached, detachedExit, detachedText, followToEnd, untilDetached, wholeResult } from '../output/follow.ts'
import { jobColumns, showJob, outlookFacts, verdictColumns } from '../output/job-text.ts'
import { manyLines } from '../output/safe-text.ts'
import { momentOf } from '../arguments/time-flag.ts'
import { UsageError } from '../arguments/usage-error.ts'
import { ended } from './dispatch.ts'

function jobNumber(context: CommandContext): number {
  const text = (context.invocation.argument(0) ?? '').replace(/^#/, '')
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new UsageError(`"${text}" is not the number of a job`)
  return Number(text)
}

/** The worker that a retry is for: a worker, null for any, undefined for no change. */
function targetOf({ invocation }: CommandContext): string | null | undefined {
  const named = invocation.text('target')
  const any = invocation.on('any-worker')
  if (named !== undefined && any) throw new UsageError('--target and --any-worker cannot be combined')
  if ((named !== undefined || any) && !invocation.on('retry')) throw new UsageError(`--${any ? 'any-worker' : 'target'} goes with --retry`)
  return any ? null : named
}

export async function job(context: CommandContext): Promise<number> {
  const job_id = jobNumber(context)
  const { invocation, show } = context
  const picked = invocation.count('pick')
  const verbs = ['why', 'result', 'children', 'abort', 'retry', 'pick'].filter((verb) =>
    verb === 'pick' ? picked !== undefined : invocation.on(verb),
  )
  if (verbs.length > 1) throw new UsageError(`--${verbs[0]} and --${verbs[1]} cannot be combined`)
  const what = invocation.text('what')
  if (what !== undefined && !invocation.on('retry')) throw new UsageError('--what goes with --retry')
  const target = targetOf(context)
  if (invocation.has('reason') && !invocation.on('abort')) throw new UsageError('--reason goes with --abort')
  const { client } = await connect(context)
  if (invocation.on('why')) return why(context, client, job_id)
  if (invocation.on('children')) return children(context, client, job_id)
  if (invocation.on('result')) return result(context, client, job_id)
  if (invocation.on('abort')) {
    const reason = invocation.text('reason')
    await client.jobs.abort({ job_id, ...(reason === undefined ? {} : { reason }) })
    if (!invocation.on('follow')) show.note(`Job ${job_id} is aborted`)
  }
  const not_before = invocation.text('not-before') === 'now' ? null : momentOf(context, 'not-before', 'ahead')
  const expires_at = momentOf(context, 'expires-at', 'ahead')
  if (not_before !== undefined || expires_at !== undefined) {
    await client.jobs.update({
      job_id,
      ...(not_before === undefined ? {} : { not_before }),
      ...(expires_at === undefined ? {} : { expires_at }),
    })
    if (!invocation.on('follow')) show.note(`Job ${job_id} is rescheduled`)
  }
  if (invocation.on('retry')) {
    await client.jobs.retry({
      job_id,
      ...(what === undefined ? {} : { what: what as 'children' | 'merge' }),
      ...(target === undefined ? {} : { target }),
    })
    if (!invocation.on('follow')) show.note(`Job ${job_id} is retried`)
  }
  if (picked !== undefined) {
    const { merge } = await client.jobs.pick({ job_id, child_id: picked })
    if (!invocation.on('follow')) show.note(`Job ${job_id} has the answer of ${merge?.picked?.worker ?? 'the child'}, job ${picked}`)
  }
  if (invocation.on('follow')) return follow(context, client, job_id)
  const found = await client.jobs.get({ job_id })
  if (show.json) show.value(found)
  else if (invocation.on('abort') || invocation.on('retry') || picked !== undefined) {
    if (!context.system.stderr.isTerminal) show.line(found.status)
  } else {
    showJob(show, found, context.now)
    const text = await wholeResult(client, found, found.output !== '')
    if (show.human && (text ?? found.output) !== '') show.line(`\n${manyLines(text ?? found.output).trimEnd()}`)
    if (found.output_truncated && found.result === null)
      show.note(`(the last ${limits.tail_bytes / 1024} KiB; job ${job_id} --follow shows all stored output)`)
  }
  return 0
}

async function follow(context: CommandContext, client: Client, jobId: number): Promise<number> {
  try {
    return await untilDetached(context, async (signal) => {
      const looked = context.system.stderr.isTerminal && !context.show.json
      const children = looked ? ((await client.jobs.get({ job_id: jobId }, { signal })).children ?? []) : []
      const workers = children.map((child) => child.worker)
      const found = await followToEnd(context, client, jobId, { events: context.show.json, workers }, signal)
      return context.show.json ? (found.status === 'failed' ? 1 : 0) : ended(context, found)
    })
  } catch (error) {
    if (!(error instanceof Detached)) throw error
    context.show.warn(detachedText(jobId))
    return detachedExit
  }
}

async function result(context: CommandContext, client: Client, jobId: number): Promise<number> {
  const found = await client.jobs.get({ job_id: jobId })
  if (context.show.json) {
    context.show.value({
      id: found.id,
      status: found.status,
      result: (await wholeResult(client, found, false)) ?? null,
      error: found.error,
    })
    return found.status === 'failed' ? 1 : 0
  }
  if (found.ended_at === null) throw new UsageError(`Job ${jobId} is ${found.status}: it has no result yet`, `--follow waits for it`)
  const text = (await wholeResult(client, found, false)) ?? ''
  context.show.write(context.system.stdout.isTerminal ? `${manyLines(text).trimEnd()}\n` : text)
  return found.status === 'failed' ? 1 : 0
}

async function children(context: CommandContext, client: Client, jobId: number): Promise<number> {
  const { show } = context
  const found = await client.jobs.children({ job_id: jobId })
  if (show.json) show.value(found)
  else show.table(jobColumns(context.now), found.items)
  return 0
}

async function why(context: CommandContext, client: Client, jobId: number): Promise<number> {
  const { show } = context
  const found = await client.jobs.why({ job_id: jobId })
  if (show.json) {
    show.value(found)
    return 0
  }
  show.facts([
    ['status', found.status],
    ['answer', found.answer],
    ['ahead', found.ahead === null ? undefined : String(found.ahead)],
    ...outlookFacts(found.fallback),
  ])
  if (found.workers.length === 0) return 0
  if (show.human) show.line()
  show.table(verdictColumns, found.workers)
  return 0
}
