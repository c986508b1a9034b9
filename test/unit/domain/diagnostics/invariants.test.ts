/** Says that each broken invariant is found, named with its job, and that a queue in order breaks none. */
import { expect, test } from 'vitest'
import { checkQueue, type Picture, type SeenJob } from '../../../../src/domain/diagnostics/invariants.ts'
import { places } from '../../../../src/domain/job/queue.ts'

const job = (id: number, more: Partial<SeenJob> = {}): SeenJob => ({
  id,
  status: 'running',
  pool: places.running,
  worker_id: 'wk1',
  attempt: 1,
  max_attempts: 3,
  ...more,
})
const inOrder: Picture = {
  jobs: [
    job(1),
    job(2, { status: 'pending', pool: 4, worker_id: null, attempt: 0 }),
    job(3, { status: 'done', pool: null }),
    job(4, { pool: places.parents, worker_id: null, attempt: 0 }),
    job(5, { status: 'retry', pool: places.timed, attempt: 2 }),
  ],
  leases: [{ job_id: 1, worker_id: 'wk1', attempt: 1 }],
  releases: [{ job_id: 1, review_id: 7, status: 'consumed', fits: true }],
  revoked: new Set(['wk9']),
  killLevel: 0,
}
const broken = (picture: Partial<Picture>) =>
  checkQueue({ ...inOrder, ...picture }).flatMap(({ id, broken: found }) => found.map((one) => `${id} ${one.job_id}`))

test('a queue in order breaks nothing, and everything in it was looked at', () => {
  expect(broken({})).toEqual([])
  expect(Object.fromEntries(checkQueue(inOrder).map(({ id, checked }) => [id, checked]))).toEqual({
    I2: 1,
    I4: 1,
    I5: 1,
    I6: 5,
    I7: 1,
    I8: 1,
    I14: 1,
  })
})

const lease = { job_id: 1, worker_id: 'wk1', attempt: 1 }
test.each<[string, Partial<Picture>, readonly string[]]>([
  ['a running job without a lease', { leases: [] }, ['I5 1']],
  ['a lease of another attempt', { leases: [{ ...lease, attempt: 2 }] }, ['I2 1']],
  ['a lease of another worker', { leases: [{ ...lease, worker_id: 'wk2' }] }, ['I2 1']],
  ['two leases of one job', { leases: [lease, { ...lease, worker_id: 'wk2' }] }, ['I2 1', 'I2 1']],
  ['a lease of a job that is not there', { leases: [lease, { ...lease, job_id: 99 }] }, ['I2 99']],
  ['a lease of a job that waits', { leases: [lease, { ...lease, job_id: 2 }] }, ['I2 2']],
  ['a lease of a job that has ended', { leases: [lease, { ...lease, job_id: 3 }] }, ['I4 3']],
  ['an ended job in the queue', { jobs: [...inOrder.jobs, job(6, { status: 'failed', pool: 4 })] }, ['I4 6']],
  ['too many attempts', { jobs: [...inOrder.jobs, job(6, { status: 'retry', pool: places.timed, attempt: 4 })] }, ['I6 6']],
  ['an approval that was not spent', { releases: [{ job_id: 1, review_id: 7, status: 'approved', fits: true }] }, ['I7 1']],
  ['an approval of something else', { releases: [{ job_id: 1, review_id: 7, status: 'consumed', fits: false }] }, ['I7 1']],
  ['a job that runs through the killswitch', { killLevel: 3 }, ['I8 1']],
  ['a revoked worker with a lease', { revoked: new Set(['wk1']) }, ['I14 1']],
])('%s is found', (_, picture, found) => {
  expect(broken(picture)).toEqual(found)
})
