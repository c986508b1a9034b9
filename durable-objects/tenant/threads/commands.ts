/** Responsible for what members do with threads: listing, reading turns, naming, archiving, aborting all that is under way. */
import { limits } from '@modelreins/contract'
import type { Output, Parsed, Thread, Turn } from '@modelreins/contract'
import { countingCursor } from '../../../src/domain/cursor.ts'
import { isTerminal, sizeOf } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime, isoTimeOrNull } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { findWorker } from '../queue/commands/dispatch.ts'
import { abortJob, abortReason } from '../queue/commands/jobs.ts'
import { showJob } from '../queue/job-view.ts'
import type { ThreadRecord } from './thread-store.ts'

const show = (ctx: CommandContext, thread: ThreadRecord): Thread => {
  const sums = ctx.store.threadStore.sums(thread.thread_id)
  return {
    thread_id: thread.thread_id,
    title: thread.title,
    archived: thread.archived,
    defaults: thread.defaults,
    jobs: sums.jobs,
    running: sums.running,
    workers: sums.workers.map((id) => ctx.store.workers.get(id)?.name ?? id),
    created_at: isoTime(thread.created_at),
    last_activity: isoTime(sums.last_activity ?? thread.created_at),
  }
}

const load = (ctx: CommandContext, id: string): Result<ThreadRecord> => {
  const thread = ctx.store.threadStore.get(id)
  return thread === undefined ? fail('not-found', `There is no thread ${id}. A thread is made by its first job.`) : ok(thread)
}

function list(ctx: CommandContext, input: Parsed<'threads.list'>): Result<Output<'threads.list'>> {
  const before = countingCursor(input.cursor, Number.MAX_SAFE_INTEGER)
  if (!before.ok) return before
  const limit = input.limit ?? limits.list_default
  const found = ctx.store.threadStore.list(limit + 1, before.value, input.include_archived ?? false)
  const items = found.slice(0, limit)
  return ok({ items: items.map((thread) => show(ctx, thread)), next_cursor: found.length > limit ? String(items.at(-1)?.id) : null })
}

function turnOf(ctx: CommandContext, record: JobRecord): Turn {
  const job = showJob(ctx, record)
  const children = job.children ?? []
  return {
    job_id: job.id,
    kind: job.kind ?? 'job',
    prompt: job.prompt,
    status: job.status,
    answer: job.result ?? (isTerminal(job.status) && job.output !== '' ? job.output : null),
    truncated: job.result_truncated || (job.result === null && job.output_truncated),
    workers: children.length > 0 ? children.map((child) => child.worker) : job.assigned_to === null ? [] : [job.assigned_to],
    job_ids: [job.id, ...children.map((child) => child.job_id)],
    usage: job.usage,
    created_by: job.created_by ?? null,
    created_at: job.created_at,
    ended_at: isoTimeOrNull(record.ended_at),
  }
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
  // Prompts and results are large: a page ends early rather than outgrow what one answer may hold.
  for (const id of ctx.store.threadStore.jobIds(input.thread_id, after.value, limit + 1)) {
    more = turns.length === limit || size > limits.list_bytes
    if (more) break
    const job = ctx.store.jobs.get(id)
    if (job === undefined) continue
    size += sizeOf(job)
    turns.push(turnOf(ctx, job))
  }
  return ok({ ...show(ctx, found.value), turns, next_cursor: more ? String(turns.at(-1)?.job_id) : null })
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
  return ok(show(ctx, changed))
}

/** Everything of the thread that is under way, children of fan-outs included. */
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

export const threadCommands = { 'threads.list': list, 'threads.get': get, 'threads.update': update, 'threads.abort': abort }
