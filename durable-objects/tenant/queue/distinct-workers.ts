/** Responsible for the workers that a child of a fan-out may not move to, because another child asks them: no worker may answer twice. */
import { sameAs } from '../../../src/domain/fan-out/distinct.ts'
import type { Distinct, Like } from '../../../src/domain/fan-out/distinct.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { ReadContext } from '../kernel/context.ts'
import type { WorkerRecord } from './workforce/worker-store.ts'

type Seeing = Pick<ReadContext, 'store'>

const likeOf = ({ worker_id, config, profile }: WorkerRecord): Like => ({
  worker_id,
  provider: config.provider ?? profile.provider,
  model: config.model ?? profile.model,
})

/** Ids of these workers, and of all that count as the same worker under `distinct`. */
export function takenWith({ store }: Seeing, workerIds: readonly string[], distinct: Distinct): readonly string[] {
  const asked = workerIds.flatMap((id) => store.workers.get(id) ?? []).map(likeOf)
  return sameAs(asked, [...store.workers.active()].map(likeOf), distinct).map(({ worker_id }) => worker_id)
}

/** Ids of the workers that the other children of the fan-out ask, or asked first; empty for any other job. */
export function takenByOthers(ctx: Seeing, job: JobRecord): readonly string[] {
  const { store } = ctx
  const parent = job.parent_id === null || job.spec.role !== 'child' ? undefined : store.jobs.get(job.parent_id)
  if (parent === undefined) return []
  const others = store.jobs.ofParent(parent.id).filter((one) => one.spec.role === 'child' && one.id !== job.id)
  const asked = others.flatMap(({ worker_id, spec: { pinned, fallback } }) => [worker_id, pinned, fallback?.asked.pinned ?? null])
  return takenWith(ctx, [...new Set(asked.flatMap((id) => id ?? []))], parent.spec.fan_out?.distinct ?? 'worker')
}
