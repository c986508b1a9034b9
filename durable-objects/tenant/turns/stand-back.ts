/**
 * Responsible for concurrency keys that are held by a job which nobody can start: it stands back behind those that wait, if one of them could
 * be started. A worker that is merely busy counts as one that can, so that jobs keep their order.
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

/** Keys that are looked at in one go. */
const keysAtOnce = 100
/** Waiting jobs among which one that can be started is looked for. */
const lookAhead = 20

const somebodyCan = (job: JobRecord, workers: readonly WorkerView[]): boolean => {
  const wants = requirementsOf(job.spec)
  return workers.some((view) => isReady(view) && mayDo(wants, view))
}

/** Holds the key, is not on offer, and stays where it is as things stand. */
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
    summary: 'nobody can start it: others of its concurrency key go first',
    actor: systemActor,
  })
}

function lookAt(ctx: CommandContext, key: string, workers: () => readonly WorkerView[]): void {
  const named = { kind: 'concurrency', key } as const
  const waiting = ctx.store.turns.waiting(named, lookAhead).flatMap(({ job_id }) => ctx.store.jobs.get(job_id) ?? [])
  const forget = (): void => ctx.onCommit(() => ctx.live.contention.forget(key))
  if (waiting.length === 0) return forget()
  const holders = ctx.store.turns.holding(named, lookAhead).flatMap((id) => ctx.store.jobs.get(id) ?? [])
  // Most keys are held by a job that runs: there is nothing to look at before another one has the key.
  if (holders.every((job) => job.status === 'running')) return forget()
  const stuck = holders.filter((job) => isStuck(ctx, job, workers()))
  const next = stuck.length === 0 ? -1 : waiting.findIndex((job) => somebodyCan(job, workers()))
  if (next < 0) return
  // Those before it in the line first, so that the key goes to it when it is let go.
  for (const job of [...waiting.slice(0, next), ...stuck]) moveBack(ctx, job)
}

export function letOthersPass(ctx: CommandContext): void {
  const { contention } = ctx.live
  if ((contention.lookAt ?? Number.POSITIVE_INFINITY) > ctx.at) return
  const keys = contention.take(ctx.at, keysAtOnce)
  // While the reins are pulled nobody starts anything.
  if (!mayClaim(ctx.store.killswitch.state().level)) return
  let seen: readonly WorkerView[] | undefined
  for (const key of keys) lookAt(ctx, key, () => (seen ??= workforce(ctx)))
}
