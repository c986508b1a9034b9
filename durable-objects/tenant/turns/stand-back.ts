/**
 * Responsible for concurrency keys whose holder no worker can start: the holder moves behind the waiting jobs if one of them can be
 * started. A busy worker counts as able to start a job, so that jobs keep their order.
 */
import { isReady, mayDo, requirementsOf } from '../../../src/domain/director/matching.ts'
import type { WorkerView } from '../../../src/domain/director/matching.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { standBack } from '../../../src/domain/job/keys.ts'
import { mayClaim } from '../../../src/domain/killswitch.ts'
import { systemActor } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { jobSubject, saveJob } from '../queue/save-job.ts'
import { workforce } from '../queue/workforce/worker-view.ts'

/** Keys that are checked in one run. */
const keysAtOnce = 100
/** Number of waiting jobs that are searched for one that can be started. */
const lookAhead = 20

const somebodyCan = (job: JobRecord, workers: readonly WorkerView[]): boolean => {
  const wants = requirementsOf(job.spec)
  return workers.some((view) => isReady(view) && mayDo(wants, view))
}

/** Whether the holder is pending, not on offer, and no ready worker can start it. */
const isStuck = (ctx: CommandContext, job: JobRecord, workers: readonly WorkerView[]): boolean =>
  job.status === 'pending' && job.hold === null && ctx.live.leases.offer(job.id) === undefined && !somebodyCan(job, workers)

function moveBack(ctx: CommandContext, job: JobRecord): void {
  const held = job.hold === null
  saveJob(ctx, standBack(job, ctx.at))
  if (!held) return
  ctx.record({
    action: 'job.stand_back',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: job.worker_id,
    capability: job.spec.capability,
    summary: 'no worker can start it now: other jobs with its concurrency key go first',
    actor: systemActor,
  })
}

function lookAt(ctx: CommandContext, key: string, workers: () => readonly WorkerView[]): void {
  const named = { kind: 'concurrency', key } as const
  const waiting = ctx.store.turns.waiting(named, lookAhead).flatMap(({ job_id }) => ctx.store.jobs.get(job_id) ?? [])
  const forget = (): void => ctx.onCommit(() => ctx.live.contention.forget(key))
  if (waiting.length === 0) return forget()
  const holders = ctx.store.turns.holding(named, lookAhead).flatMap((id) => ctx.store.jobs.get(id) ?? [])
  // Usually the holder runs. The key needs no check until another job holds it.
  if (holders.every((job) => job.status === 'running')) return forget()
  const stuck = holders.filter((job) => isStuck(ctx, job, workers()))
  const next = stuck.length === 0 ? -1 : waiting.findIndex((job) => somebodyCan(job, workers()))
  if (next < 0) return
  // The waiting jobs ahead of it move back first, so that it gets the key when the holder releases it.
  for (const job of [...waiting.slice(0, next), ...stuck]) moveBack(ctx, job)
}

/** Checks the keys that are due and moves stuck holders back. */
export function letOthersPass(ctx: CommandContext): void {
  const { contention } = ctx.live
  if ((contention.lookAt ?? Number.POSITIVE_INFINITY) > ctx.at) return
  const keys = contention.take(ctx.at, keysAtOnce)
  // While the killswitch forbids claims, no job can start.
  if (!mayClaim(ctx.store.killswitch.state().level)) return
  let seen: readonly WorkerView[] | undefined
  for (const key of keys) lookAt(ctx, key, () => (seen ??= workforce(ctx)))
}
