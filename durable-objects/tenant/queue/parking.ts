/** Responsible for parking workers whose account is out of quota: their offers become void, and their jobs go to other workers that may take them. */
import { inForce, parked, parkedUntil, parkingKey, unparked } from '../../../src/domain/director/parking.ts'
import type { Parkings } from '../../../src/domain/director/parking.ts'
import { requirementsOf } from '../../../src/domain/director/matching.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { lookSoon } from './fallback-book.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { WorkerRecord } from './workforce/worker-store.ts'

const sharing = (ctx: CommandContext, key: string): readonly WorkerRecord[] =>
  [...ctx.store.workers.active()].filter((worker) => parkingKey(worker) === key)

const wakeAll = (ctx: CommandContext): void => {
  for (const pool of ctx.live.occupied) ctx.after({ kind: 'wake', pool })
}

/** `told`: the end of the limit, ISO 8601, as the worker reported it. Reporting it again changes nothing. */
export function parkWorker(ctx: CommandContext, worker: WorkerRecord, told: string): void {
  const before = ctx.store.parkings.all()
  const key = parkingKey(worker)
  const after = parked(before, key, Date.parse(told), ctx.at)
  const until = after[key]
  if (after === before || until === undefined) return
  ctx.store.parkings.save(after)
  ctx.onCommit(() => {
    ctx.live.due.hint(until)
    for (const one of sharing(ctx, key)) ctx.live.leases.voidOffersTo(one.worker_id)
  })
  ctx.record({
    action: 'worker.park',
    subject: `worker:${worker.worker_id}`,
    worker_id: worker.worker_id,
    summary: `${worker.name}: out of quota until ${isoTime(until)}${Date.parse(told) > until ? `, told ${told}, at most 7 days ahead` : ''}`,
  })
  wakeAll(ctx)
  lookSoon(ctx)
}

/** Ends the parking of a worker that can work again: an attempt has ended well, or the worker or a member says so. True when it was parked. */
export function unparkWorker(ctx: CommandContext, worker: WorkerRecord, why: string): boolean {
  const before = ctx.store.parkings.all()
  if (parkedUntil(before, worker, ctx.at) === null) return false
  ctx.store.parkings.save(unparked(before, parkingKey(worker), ctx.at))
  ctx.record({
    action: 'worker.unpark',
    subject: `worker:${worker.worker_id}`,
    worker_id: worker.worker_id,
    summary: `${worker.name}: ${why}`,
  })
  wakeAll(ctx)
  return true
}

/** Ends the parkings whose time has passed. */
export function endParkings(ctx: CommandContext): void {
  const before = ctx.store.parkings.all()
  const after = inForce(before, ctx.at)
  if (after === before) return
  ctx.store.parkings.save(after)
  wakeAll(ctx)
}

export const parkingTimes = ({ store }: Pick<CommandContext, 'store'>): readonly number[] => {
  const all: Parkings = store.parkings.all()
  return Object.values(all)
}

/** Whether another worker that is available and has quota may do the job, so that it need not wait until the limit ends. */
export const isForAnother = (ctx: CommandContext, job: JobRecord): boolean =>
  ctx.live.roster.isAnybodyReady(ctx, requirementsOf(job.spec), job.worker_id)
