import { expect, it } from 'vitest'
import { newJob } from '../../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../../src/domain/job/job-machine.ts'
import { RecentJobs } from '../../../../../durable-objects/tenant/queue/recent-jobs.ts'

const job = (id: number, more: Partial<JobRecord> = {}): JobRecord => ({
  ...newJob({ prompt: 'x' }, { id, at: 0, pinned: null, worker_id: null, created_by: 'anna', hold: null }),
  ...more,
})

it('answers the newest state that it was given, and forgets what it is told to', () => {
  const recent = new RecentJobs()
  recent.keep(job(1), 10)
  recent.keep(job(1, { attempt: 1 }), 10)
  expect(recent.get(1)?.attempt).toBe(1)
  recent.drop(1)
  expect(recent.get(1)).toBeUndefined()
})

it('keeps a bounded number of characters, the oldest jobs giving way first', () => {
  const recent = new RecentJobs()
  for (let id = 1; id <= 5; id += 1) recent.keep(job(id), 1_000_000)
  expect([1, 2, 3, 4, 5].filter((id) => recent.get(id) !== undefined)).toEqual([2, 3, 4, 5])
  // One that is larger than everything together is not worth the others.
  recent.keep(job(6), 5_000_000)
  expect(recent.get(6)).toBeUndefined()
})

it('keeps a bounded number of jobs', () => {
  const recent = new RecentJobs()
  for (let id = 1; id <= 8_001; id += 1) recent.keep(job(id), 1)
  expect([recent.get(1), recent.get(2)?.id, recent.get(8_001)?.id]).toEqual([undefined, 2, 8_001])
})

it('lets jobs that have ended give way first', () => {
  const recent = new RecentJobs()
  for (let id = 1; id <= 4; id += 1) recent.keep(job(id, id === 3 ? { status: 'done' } : {}), 1_000_000)
  recent.keep(job(5), 1_000_000)
  expect([1, 2, 3, 4, 5].filter((id) => recent.get(id) !== undefined)).toEqual([1, 2, 4, 5])
})

it('lets those that have ended give way in the order in which they ended, also when one of them came back meanwhile', () => {
  const recent = new RecentJobs()
  const kept = () => Array.from({ length: 9 }, (_, index) => index + 1).filter((id) => recent.get(id) !== undefined)
  for (const id of [1, 2, 3, 4]) recent.keep(job(id, { status: 'done' }), 1_000_000)
  recent.keep(job(5), 1_000_000)
  expect(kept()).toEqual([2, 3, 4, 5])
  // Tried again by hand, it is at work, and ends behind the others.
  recent.keep(job(2), 1_000_000)
  recent.keep(job(6), 1_000_000)
  expect(kept()).toEqual([2, 4, 5, 6])
  recent.keep(job(2, { status: 'done' }), 1_000_000)
  recent.keep(job(7), 1_000_000)
  recent.keep(job(8), 1_000_000)
  expect(kept()).toEqual([5, 6, 7, 8])
  recent.keep(job(9, { status: 'failed' }), 1_000_000)
  expect(kept()).toEqual([5, 6, 7, 8])
})

it('keeps those that have waited longest when a new one comes, which may have the place of one that has ended', () => {
  const recent = new RecentJobs()
  for (let id = 1; id <= 5; id += 1) recent.keep(job(id), 1_000_000, { fresh: true })
  expect([1, 2, 3, 4, 5].filter((id) => recent.get(id) !== undefined)).toEqual([1, 2, 3, 4])
  recent.keep(job(1, { status: 'done' }), 1_000_000)
  recent.keep(job(6), 1_000_000, { fresh: true })
  expect([1, 2, 3, 4, 5, 6].filter((id) => recent.get(id) !== undefined)).toEqual([2, 3, 4, 6])
})

it('never stands between a human and what is stored', () => {
  const recent = new RecentJobs()
  recent.keep(job(1), 10)
  recent.keep(job(1, { review_id: 7 }), 10)
  expect(recent.get(1)).toBeUndefined()
})
