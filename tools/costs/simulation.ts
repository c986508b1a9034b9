/**
 * Responsible for simulating a day of many tenants: the load of the busiest object, the growth of D1, and the cost. The same seed gives the same
 * result.
 */
import { counted, requestsPerJob, rowsPerJob } from './counted.ts'
import { platform } from './prices.ts'
import { times } from './usage.ts'
import type { Usage } from './usage.ts'

/** Assumptions about an average tenant. Real tenants differ by orders of magnitude: a few make most of the jobs. */
export const profile = {
  jobs_per_day: 200,
  workers: 5,
  /** Spread of a log-normal distribution: a larger value gives the largest tenants a larger share. */
  spread: 1.5,
  /** Share of a day's jobs that falls into the eight working hours. */
  work_share: 0.75,
  work_hours: 8,
  /** Share of dispatches that are a burst (a fan-out, a nightly batch), and the number of jobs in a burst. */
  burst_share: 0.02,
  burst_jobs: 100,
  /** Size of a job and its audit rows in D1. */
  bytes_per_job: 2_600,
} as const

/** mulberry32: a small generator with the same sequence on every machine. */
export function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A normally distributed number with mean 0. */
const bell = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** A random count of events with this mean (Poisson distribution). */
function poisson(mean: number, random: () => number): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * bell(random)))
  let product = random()
  let count = 0
  for (const limit = Math.exp(-mean); product > limit; count += 1) product *= random()
  return count
}

export interface Day {
  readonly tenants: number
  readonly jobs: number
  readonly largest_jobs: number
  readonly largest_workers: number
  /** Requests per second at the busiest object in its busiest minute. */
  readonly busiest_per_second: number
  readonly d1_rows_per_second: number
  /** Days until one D1 database is full. */
  readonly d1_full_days: number
  readonly usage: Usage
}

/** Jobs of one minute, `jobs` on average: single dispatches and complete bursts. */
function minuteOf(jobs: number, random: () => number): number {
  const dispatches = jobs / (1 + profile.burst_share * (profile.burst_jobs - 1))
  return poisson(dispatches * (1 - profile.burst_share), random) + profile.burst_jobs * poisson(dispatches * profile.burst_share, random)
}

/** Minutes that are simulated: the busiest hour represents the day's maximum. */
const minutes = 60

export function simulateDay(tenants: number, seed = 1): Day {
  const random = chance(seed)
  // Scaled so that the mean of the log-normal distribution is 1.
  const sizes = Array.from({ length: tenants }, () =>
    tenants === 1 ? 1 : Math.exp(profile.spread * bell(random) - profile.spread ** 2 / 2),
  )
  const jobsOf = sizes.map((size) => size * profile.jobs_per_day)
  const jobs = jobsOf.reduce((sum, count) => sum + count, 0)
  let busiest = 0
  for (const daily of jobsOf) {
    const perMinute = (daily * profile.work_share) / profile.work_hours / 60
    for (let minute = 0; minute < minutes; minute += 1) busiest = Math.max(busiest, minuteOf(perMinute, random))
  }
  const largest = Math.max(...sizes)
  return {
    tenants,
    jobs: Math.round(jobs),
    largest_jobs: Math.round(largest * profile.jobs_per_day),
    largest_workers: Math.ceil(largest * profile.workers),
    busiest_per_second: (busiest * requestsPerJob) / 60,
    d1_rows_per_second: ((jobs * profile.work_share) / profile.work_hours / 3_600) * counted.d1_rows,
    d1_full_days: (platform.d1_gb * 1e9) / (jobs * profile.bytes_per_job),
    usage: times(jobs * 30, {
      worker_request: 1,
      object_request: 1 + counted.socket_messages / 20,
      object_row_written: rowsPerJob + counted.key_rows + counted.deleted_rows,
      d1_row_written: counted.d1_rows,
    }),
  }
}

/** Jobs per second that the platform's soft limit on requests to one object allows, with each call as one request. */
export const jobsPerSecondByLimit = platform.object_requests_per_second / requestsPerJob
