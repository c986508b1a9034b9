/** Responsible for jobs whose person has not been heard of: first a reminder, then back to the queue. */
import { nextStep, reminded } from '../../../src/domain/work/person.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { isoTime, systemActor } from '../kernel/context.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import type { Duty } from '../kernel/room.ts'
import { leaseUntil, patienceOf } from '../queue/commands/attempts.ts'
import { jobSubject, saveJob } from '../queue/save-job.ts'
import { queueWebhookEvent } from '../webhooks/webhook-queue.ts'
import { giveBack } from './claim.ts'

/** The running jobs that people have started. */
const inHands = ({ live, store }: Pick<ReadContext, 'live' | 'store'>): readonly JobRecord[] =>
  [...live.leases.personal()].flatMap((id) => store.jobs.get(id) ?? []).filter((job) => job.status === 'running')

const inWords = (seconds: number): string => (seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`)

function remind(ctx: CommandContext, job: JobRecord): void {
  const { person } = job.spec
  const worker = job.worker_id === null ? undefined : ctx.store.workers.get(job.worker_id)
  if (person === undefined || worker === undefined) return
  const saved = saveJob(ctx, reminded(job, person, ctx.at))
  const back = isoTime(leaseUntil(ctx, saved))
  ctx.onCommit(() => {
    const lease = ctx.live.leases.lease(job.id)
    if (lease !== undefined) lease.expires_at = leaseUntil(ctx, saved)
  })
  const away = inWords((ctx.at - person.seen_at) / 1000)
  ctx.record({
    action: 'job.remind',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: worker.worker_id,
    capability: job.spec.capability,
    summary: `${worker.name} was not heard of for ${away}; it goes back to the queue at ${back}`,
    actor: systemActor,
  })
  queueWebhookEvent(ctx, 'work.reminded', `${worker.name} has job ${job.id} in hand and was not heard of for ${away}`, {
    job_id: job.id,
    worker_id: worker.worker_id,
    worker: worker.name,
    seen_at: isoTime(person.seen_at),
    hand_back_at: back,
  })
}

function takeBack(ctx: CommandContext, job: JobRecord): void {
  const worker = job.worker_id === null ? undefined : ctx.store.workers.get(job.worker_id)
  if (worker === undefined || job.spec.person === undefined) return
  const away = inWords((ctx.at - job.spec.person.seen_at) / 1000)
  giveBack(ctx, job, worker, `${worker.name} was not heard of for ${away}`, systemActor)
}

export const absenceDuty: Duty = {
  next(ctx) {
    const jobs = inHands(ctx)
    if (jobs.length === 0) return undefined
    let next: number | undefined
    const patience = patienceOf(ctx)
    for (const { spec } of jobs) {
      if (spec.person === undefined) continue
      const { at } = nextStep(spec.person, patience)
      next = Math.min(next ?? at, at)
    }
    return next
  },
  run(ctx) {
    const jobs = inHands(ctx)
    if (jobs.length === 0) return
    const patience = patienceOf(ctx)
    for (const job of jobs) {
      if (job.spec.person === undefined) continue
      const { at, step } = nextStep(job.spec.person, patience)
      if (at > ctx.at) continue
      if (step === 'remind') remind(ctx, job)
      else takeBack(ctx, job)
    }
  },
}
