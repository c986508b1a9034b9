/** Responsible for finding violations of the queue's invariants in a snapshot that was taken at one moment. It reads nothing itself. */
import type { InvariantId } from '@modelreins/contract'
import { places } from '../job/queue.ts'

export interface SeenJob {
  readonly id: number
  readonly status: string
  /** The pool or place where it is queued; null when it is in none. */
  readonly pool: number | null
  readonly worker_id: string | null
  readonly attempt: number
  readonly max_attempts: number
}

export interface SeenLease {
  readonly job_id: number
  readonly worker_id: string
  readonly attempt: number
}

/** The review that released a running job, if the job has its own. */
export interface SeenRelease {
  readonly job_id: number
  readonly review_id: number
  readonly status: string
  /** Whether the approved digest equals the digest of what runs. */
  readonly fits: boolean
}

export interface Picture {
  /** Jobs that are in a pool or place, or should be, and jobs that leases name. */
  readonly jobs: readonly SeenJob[]
  readonly leases: readonly SeenLease[]
  readonly releases: readonly SeenRelease[]
  readonly revoked: ReadonlySet<string>
  readonly killLevel: number
}

export interface Broken {
  readonly job_id: number | null
  readonly detail: string
}
export interface Check {
  readonly id: InvariantId
  readonly checked: number
  readonly broken: readonly Broken[]
}

const ended = (job: SeenJob): boolean => job.status === 'done' || job.status === 'failed'
const isWorkedOn = (job: SeenJob): boolean => job.pool === places.running

export function checkQueue({ jobs, leases, releases, revoked, killLevel }: Picture): readonly Check[] {
  const byId = new Map(jobs.map((job) => [job.id, job]))
  const leased = new Map<number, SeenLease[]>()
  for (const lease of leases) leased.set(lease.job_id, [...(leased.get(lease.job_id) ?? []), lease])
  const running = jobs.filter(isWorkedOn)
  const check = <Seen>(id: InvariantId, seen: readonly Seen[], fault: (one: Seen) => Broken | undefined): Check => ({
    id,
    checked: seen.length,
    broken: seen.flatMap((one) => fault(one) ?? []),
  })
  return [
    check('I2', leases, (lease) => {
      const job = byId.get(lease.job_id)
      const several = (leased.get(lease.job_id)?.length ?? 0) > 1
      if (several) return { job_id: lease.job_id, detail: 'it has several leases' }
      if (job === undefined) return { job_id: lease.job_id, detail: 'there is a lease, but no such job' }
      if (ended(job)) return undefined
      return job.worker_id === lease.worker_id && job.attempt === lease.attempt && job.status === 'running'
        ? undefined
        : {
            job_id: job.id,
            detail: `worker ${lease.worker_id} has a lease of attempt ${lease.attempt}; the job is ${job.status}, attempt ${job.attempt}, with ${job.worker_id ?? 'nobody'}`,
          }
    }),
    check('I4', jobs.filter(ended), (job) => {
      if (job.pool !== null) return { job_id: job.id, detail: `it is ${job.status}, but is still in the queue` }
      return leased.has(job.id) ? { job_id: job.id, detail: `it is ${job.status}, but still has a lease` } : undefined
    }),
    check('I5', running, (job) =>
      leased.has(job.id) ? undefined : { job_id: job.id, detail: `attempt ${job.attempt} runs without a lease` },
    ),
    check('I6', jobs, (job) =>
      job.attempt > job.max_attempts ? { job_id: job.id, detail: `attempt ${job.attempt} of ${job.max_attempts}` } : undefined,
    ),
    check('I7', releases, ({ job_id, review_id, status, fits }) =>
      status === 'consumed' && fits
        ? undefined
        : { job_id, detail: fits ? `review ${review_id} is ${status}` : `review ${review_id} did not approve what runs` },
    ),
    check('I8', running, (job) => (killLevel < 3 ? undefined : { job_id: job.id, detail: `it runs at level ${killLevel}` })),
    check('I14', leases, (lease) =>
      revoked.has(lease.worker_id) ? { job_id: lease.job_id, detail: `revoked worker ${lease.worker_id} has a lease` } : undefined,
    ),
  ]
}
