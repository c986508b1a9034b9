/** Responsible for the hold `key`: implements the queue's hold interface with concurrency keys and rates. */
import type { JobRequest } from '@modelreins/contract'
import { limits } from '@modelreins/contract'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { freeAt, isFree, keysOf } from '../../../src/domain/job/keys.ts'
import type { JobKey } from '../../../src/domain/job/keys.ts'
import { fail } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import { abortJob } from '../queue/commands/jobs.ts'
import type { Hold } from '../queue/hold.ts'
import { jobInPlace, needsPlace } from '../queue/workforce/place.ts'
import { blockedBy } from './turns.ts'

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** "job 41", or "jobs 41, 42 and 3 more". */
function named(ids: readonly number[], total: number): string {
  const shown = ids.slice(0, 3)
  const more = total > shown.length ? ` and ${total - shown.length} more` : ''
  return `${total === 1 ? 'job' : 'jobs'} ${shown.join(', ')}${more}`
}

function heldBy(ctx: ReadContext, key: JobKey): string {
  const ids = ctx.store.turns.holding(key, limits.rate_starts_max)
  return `${named(ids, ids.length)}, which ${ids.length === 1 ? 'holds' : 'hold'} ${key.key}`
}

function explain(ctx: ReadContext, job: JobRecord): string {
  const own = keysOf(job)
  const waits = own.find((key) => ctx.store.turns.of(job.id, key.kind)?.state === 'waits')
  const use = waits === undefined ? undefined : ctx.store.turns.of(job.id, waits.kind)
  if (waits === undefined || use === undefined) return 'It is held for key.'
  const ahead = ctx.store.turns.ahead(use)
  const behind = ahead === 0 ? '' : ` ${plural(ahead, 'job')} ${ahead === 1 ? 'waits' : 'wait'} for it before this one.`
  if (waits.kind === 'concurrency') return `It waits for ${heldBy(ctx, waits)}.${behind}`
  const window = `${waits.most} starts in ${(waits.per_ms ?? 0) / 1000} s`
  const free = freeAt(waits, ctx.store.turns.use(waits, job.id, Number.MIN_SAFE_INTEGER, ctx.at))
  const when = free === undefined ? 'queued jobs of this key start first' : `next in ${Math.max(1, Math.ceil((free - ctx.at) / 1000))} s`
  return `It waits for the rate ${waits.key}, at most ${window}: ${when}.${behind}`
}

/** Refuses a dispatch whose `on_conflict` does not allow waiting for the key. */
function refuse(ctx: CommandContext, { concurrency }: JobRequest): Result<never> | undefined {
  if (concurrency === undefined || concurrency.on_conflict === 'wait') return undefined
  const key: JobKey = { kind: 'concurrency', key: concurrency.key, most: concurrency.limit, per_ms: null }
  if (concurrency.on_conflict === 'replace') {
    const waiting = ctx.store.turns.jobsOf(key, limits.bulk_jobs + 1).length
    if (waiting <= limits.bulk_jobs) return undefined
    return fail('conflict', `More than ${limits.bulk_jobs} jobs have the key ${key.key}: abort those that wait before you replace them.`)
  }
  if (isFree(key, ctx.store.turns.use(key, 0, Number.MAX_SAFE_INTEGER, ctx.at))) return undefined
  return fail(
    'conflict',
    `It would have to wait for ${heldBy(ctx, key)}. Dispatch it again once the key is free, or use on_conflict "wait".`,
  )
}

/** For `on_conflict` `replace`: aborts the other jobs of the key that have not started. */
export function replaceOthers(ctx: CommandContext, job: JobRecord): void {
  const { concurrency } = job.spec
  if (concurrency?.on_conflict !== 'replace') return
  for (const id of ctx.store.turns.jobsOf({ kind: 'concurrency', key: concurrency.key }, limits.bulk_jobs)) {
    const other = id === job.id ? undefined : ctx.store.jobs.get(id)
    if (other === undefined || other.status === 'running') continue
    abortJob(ctx, other, `Replaced by job ${job.id}, which has the same concurrency key ${concurrency.key}`)
  }
}

/**
 * A job's own keys were taken when it was queued, and are held until it ends. A job without a concurrency key uses that of its worker's
 * directory, which is checked here because the worker is known only now.
 */
const clear: Hold['clear'] = (ctx, job, worker) => {
  if (worker.config.concurrency_key === undefined || !needsPlace(job)) return { kind: 'pass' }
  // Offers to other workers of the same directory count as jobs there, unless this job was itself offered to this worker: then it may
  // start.
  const starts = ctx.live.leases.offer(job.id)?.worker_id === worker.worker_id
  const other = jobInPlace(ctx, worker, job.id, !starts)
  if (other === undefined) return { kind: 'pass' }
  return { kind: 'refused', why: `waits for job ${other}, which works in the directory of ${worker.name}`, staysQueued: () => true }
}

/** A directory runs one job at a time, so one batch of offers to a worker with several slots must not contain two. */
const excludes: Hold['excludes'] = (worker, chosen, job) =>
  worker.config.concurrency_key !== undefined && needsPlace(job) && chosen.some(needsPlace)

export const turnHold: Hold = {
  reason: 'key',
  before: (_ctx, job) => job,
  admit: (ctx, job) => (blockedBy(ctx, job) === undefined ? job : { ...job, hold: 'key' }),
  refuse,
  explain,
  clear,
  excludes,
  spend: () => ({}),
  // A job that waits for a key is in no pool, so claims never read it.
  pools: { released: () => false, refuses: (_pool, worker) => (worker.config.concurrency_key === undefined ? 'none' : 'some') },
}
