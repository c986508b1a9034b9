/** Responsible for the commands about one thread: reading its turns, renaming, archiving, aborting its unfinished jobs. */
import { limits } from '@modelreins/contract'
import type { Output, Parsed, Thread, Turn } from '@modelreins/contract'
import { countingCursor } from '../../../src/domain/cursor.ts'
import { sizeOf } from '../../../src/domain/job/job-machine.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { turnOf } from '../../../src/domain/thread/turn.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { findWorker } from '../queue/commands/dispatch.ts'
import { abortJob, abortReason } from '../queue/commands/jobs.ts'
import { showJob } from '../queue/job-view.ts'
import { deleteThread } from './delete.ts'
import { listThreads, showThread } from './list.ts'
import type { ThreadRecord } from './thread-store.ts'

const load = (ctx: CommandContext, id: string): Result<ThreadRecord> => {
  const thread = ctx.store.threadStore.get(id)
  if (thread !== undefined) return ok(thread)
  const erasure = ctx.store.erasures.newest(id)
  const why = erasure === undefined ? 'A thread is made by its first job.' : `It was deleted at ${isoTime(erasure.erased_at)}.`
  return fail('not-found', `There is no thread ${id}. ${why}`)
}

function get(ctx: CommandContext, input: Parsed<'threads.get'>): Result<Output<'threads.get'>> {
  const found = load(ctx, input.thread_id)
  if (!found.ok) return found
  const after = countingCursor(input.cursor, 0)
  if (!after.ok) return after
  const limit = input.limit ?? limits.list_default
  const turns: Turn[] = []
  let size = 0
  let more = false
  // Prompts and results are large: a page ends early so that the response stays within its size limit.
  for (const id of ctx.store.threadStore.jobIds(input.thread_id, after.value, limit + 1)) {
    more = turns.length === limit || size > limits.list_bytes
    if (more) break
    const job = ctx.store.jobs.get(id)
    if (job === undefined) continue
    size += sizeOf(job)
    turns.push(turnOf(showJob(ctx, job)))
  }
  return ok({ ...showThread(ctx, found.value), turns, next_cursor: more ? String(turns.at(-1)?.job_id) : null })
}

function update(ctx: CommandContext, input: Parsed<'threads.update'>): Result<Thread> {
  const found = load(ctx, input.thread_id)
  if (!found.ok) return found
  const target = input.defaults?.target
  if (target !== undefined && findWorker(ctx, target) === undefined) {
    const message = `names no worker: ${target}`
    return fail('invalid-request', `defaults.target ${message}.`, { issues: [{ path: 'defaults.target', message }] })
  }
  const { title, archived, defaults } = input
  const changed: ThreadRecord = {
    ...found.value,
    ...(title === undefined ? {} : { title }),
    ...(archived === undefined ? {} : { archived }),
    ...(defaults === undefined ? {} : { defaults }),
  }
  ctx.store.threadStore.save(changed)
  const fields = Object.keys(input).filter((field) => field !== 'thread_id')
  ctx.record({
    action: 'thread.update',
    subject: `thread:${input.thread_id}`,
    summary: `changed ${fields.sort().join(', ') || 'nothing'}`,
  })
  return ok(showThread(ctx, changed))
}

/** Aborts all unfinished jobs of the thread, children of fan-outs included. */
function abort(ctx: CommandContext, input: Parsed<'threads.abort'>): Result<Output<'threads.abort'>> {
  const found = load(ctx, input.thread_id)
  if (!found.ok) return found
  const ids = ctx.store.threadStore.inFlight(input.thread_id).slice(0, limits.bulk_jobs)
  for (const id of ids) {
    const job = ctx.store.jobs.get(id)
    if (job !== undefined) abortJob(ctx, job, abortReason(ctx, input.reason))
  }
  return ok({ job_ids: [...ids], remaining: ctx.store.threadStore.inFlight(input.thread_id).length })
}

export const threadCommands = {
  'threads.list': listThreads,
  'threads.get': get,
  'threads.update': update,
  'threads.abort': abort,
  'threads.delete': deleteThread,
}
