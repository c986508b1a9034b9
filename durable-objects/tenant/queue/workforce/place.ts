/**
 * Responsible for which job works in a worker's place now. Leases and offers give the answer, so a job without a concurrency key writes no row for
 * it.
 */
import { placeOf } from '../../../../src/domain/director/place.ts'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { WorkerRecord } from './worker-store.ts'

type Seeing = Pick<CommandContext, 'store' | 'live'>

/** False for a job with its own concurrency key: the key defines which jobs it must not run together with. */
export const needsPlace = (job: Pick<JobRecord, 'spec'>): boolean => job.spec.concurrency === undefined

const isThere = ({ store }: Seeing, jobId: number): boolean => {
  const job = store.jobs.get(jobId)
  return job !== undefined && needsPlace(job)
}

/** Ids of the workers in the same place, including this one; empty when jobs there may run together. */
export function placeMates({ store }: Pick<Seeing, 'store'>, worker: WorkerRecord): readonly string[] {
  const place = placeOf(worker)
  return place === undefined ? [] : [...store.workers.inPlace(place)]
}

/** Id of a job, other than `but`, that has a running attempt in the worker's place; with `offers`, also of one that is on offer there. */
export function jobInPlace(ctx: Seeing, worker: WorkerRecord, but?: number, offers = false): number | undefined {
  const mates = placeMates(ctx, worker)
  for (const id of mates) {
    for (const { job_id } of ctx.live.leases.heldBy(id)) if (job_id !== but && isThere(ctx, job_id)) return job_id
  }
  if (!offers || mates.length === 0) return undefined
  for (const id of mates) {
    for (const { job_id } of ctx.live.leases.offersOf(id)) if (job_id !== but && isThere(ctx, job_id)) return job_id
  }
  return undefined
}
