/** Says how a job continues with the answer of one other: what its worker reads, what a reviewer binds to, and when it is refused. */
import { describe, expect, it } from 'vitest'
import type { Input } from '@modelreins/contract'
import { capability, scene as approvalScene } from '../reviews/approval-scene.ts'
import { failureOf, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

async function answer(tenant: TestTenant, worker: WorkerHandle, result: string): Promise<number> {
  const { id, lease } = await tenant.start(worker)
  await tenant.must('claims.complete', { job_id: id, result }, lease)
  return id
}

/** A fan-out of a thread, answered by both: jobs 1 (parent), 2 (anna) and 3 (bert). */
async function panel() {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  const bert = await tenant.worker('bert')
  await tenant.must('jobs.dispatch', { prompt: 'Name it', thread_id: 't', targets: ['anna', 'bert'], merge: { by: 'concat' } })
  await answer(tenant, anna, 'Call it A.')
  await answer(tenant, bert, 'Call it B.')
  const follow = async (more: Partial<Input<'jobs.dispatch'>>, budget?: number) => {
    await tenant.must('jobs.dispatch', { prompt: 'Go on', target: 'anna', ...more })
    const { id, lease } = await tenant.start(anna)
    const reply = await tenant.must('context.get', { job_id: id, ...(budget === undefined ? {} : { budget }) }, anna.credential)
    await tenant.must('claims.complete', { job_id: id, result: 'went on' }, lease)
    return { id, ...reply }
  }
  return { tenant, anna, bert, follow }
}

describe('a job that continues with another', () => {
  it('reads its prompt and its answer, and nothing else, in a thread or out of one', async () => {
    const { tenant, follow } = await panel()
    const told = 'User: Name it\nAssistant: Call it B.'
    expect(await follow({ context_from: 3 })).toMatchObject({ policy: 'job', context: told, size: told.length })
    const inThread = await follow({ context_from: 3, thread_id: 't' })
    expect(inThread.context).toBe(told)
    expect(await tenant.must('jobs.get', { job_id: inThread.id })).toMatchObject({ context: 'job', context_from: 3, thread_id: 't' })
    expect((await follow({})).policy).toBe('none')
    // Members see what it was given.
    expect(await tenant.must('jobs.context', { job_id: inThread.id })).toEqual({ policy: 'job', context: told, size: told.length })
    expect(failureOf(await tenant.call('jobs.context', { job_id: 99 }))).toBe('not-found')
  })

  it('reads the chosen answer in place of the merged one, after the turns before it', async () => {
    const { follow } = await panel()
    await follow({ thread_id: 't' })
    const { context } = await follow({ context_from: 2, context: 'thread', thread_id: 't' })
    expect(context).toBe('User: Go on\nAssistant: went on\n\nUser: Name it\nAssistant: Call it A.')
    const whole = await follow({ context: 'thread', thread_id: 't' })
    expect(whole.context).toContain('Call it B.')
  })

  it('reads as much of a long answer as fits, and is told that there is more', async () => {
    const { tenant, anna, follow } = await panel()
    await tenant.must('jobs.dispatch', { prompt: 'p'.repeat(500), target: 'anna' })
    const long = await answer(tenant, anna, `begin ${'x'.repeat(2_000)}`)
    const { context } = await follow({ context_from: long }, 300)
    expect(context.length).toBeLessThanOrEqual(300)
    expect(context).toMatch(/^Assistant: begin x+\n\[The rest does not fit into the context\.\]$/)
    const short = await follow({ context_from: 3 }, 60)
    expect(short.context).toBe('User: Name it\nAssistant: Call it B.')
    expect((await follow({ context_from: 3 }, 0)).context).toBe('')
  })

  it('is refused when there is no such answer, by the reason, in every way to dispatch; the preview says so too', async () => {
    const { tenant, anna, bert } = await panel()
    const fail = await tenant.must('jobs.dispatch', { prompt: 'x', target: 'anna' })
    const { lease } = await tenant.start(anna)
    await tenant.must('claims.fail', { job_id: fail.id, error: { type: 'x', message: 'y', retryable: false } }, lease)
    const waiting = await tenant.must('jobs.dispatch', { prompt: 'x', target: 'anna' })
    await tenant.must('jobs.dispatch', { prompt: 'x', target: 'bert' })
    const silent = await answer(tenant, bert, '')
    const refused = async (context_from: number, reason: string): Promise<void> => {
      const request = { prompt: 'Go on', context_from }
      const failure = { code: 'invalid-request', detail: expect.stringContaining(reason), issues: [{ path: 'context_from' }] }
      expect(await tenant.call('jobs.dispatch', request)).toMatchObject({ ok: false, failure })
      expect(failureOf(await tenant.call('jobs.create', request))).toBe('invalid-request')
      expect(failureOf(await tenant.call('jobs.dispatch_batch', { jobs: [request] }))).toBe('invalid-request')
      expect(failureOf(await tenant.call('jobs.dispatch', { ...request, targets: ['anna', 'bert'] }))).toBe('invalid-request')
      expect(await tenant.must('jobs.preview', request)).toMatchObject({ would: 'refuse', answer: expect.stringContaining(reason) })
    }
    await refused(99, 'names job 99, which does not exist or is no longer stored')
    await refused(fail.id, `names job ${fail.id}, which has failed`)
    await refused(waiting.id, `names job ${waiting.id}, which is pending`)
    await refused(silent, `names job ${silent}, which has no result`)
    expect((await tenant.must('jobs.preview', { prompt: 'Go on', context_from: 3 })).answer).toContain('continues with the answer of job 3')
  })

  it('is given to all that a fan-out asks', async () => {
    const { tenant, bert } = await panel()
    await tenant.must('jobs.dispatch', { prompt: 'Better?', context_from: 2, targets: ['anna', 'bert'] })
    const { id } = await tenant.start(bert)
    expect((await tenant.must('context.get', { job_id: id }, bert.credential)).context).toContain('Call it A.')
  })

  it('gets no other context once that job was erased: its worker is told that it is gone', async () => {
    const { tenant, anna } = await panel()
    await tenant.must('jobs.dispatch', { prompt: 'Go on', target: 'anna', context_from: 3 })
    await tenant.must('threads.delete', { thread_id: 't' })
    const { id } = await tenant.start(anna)
    const read = await tenant.as(anna.credential, 'context.get', { job_id: id })
    expect(read).toMatchObject({ ok: false, failure: { code: 'gone', detail: expect.stringContaining('names job 3, which was erased') } })
    expect(failureOf(await tenant.call('jobs.dispatch', { prompt: 'x', context_from: 3 }))).toBe('invalid-request')
  })
})

describe('the review of such a job', () => {
  it('binds to the job that it continues with', async () => {
    const { tenant, anna, rosa } = await approvalScene()
    await tenant.must('jobs.dispatch', { prompt: 'first', target: 'anna' })
    const first = await answer(tenant, anna, 'the first answer')
    const job = await tenant.must('jobs.dispatch', { prompt: 'Send it', capability, context_from: first })
    const other = await tenant.must('jobs.dispatch', { prompt: 'Send it', capability })
    const [one, two] = await Promise.all([job, other].map(({ review_id }) => tenant.must('reviews.get', { review_id: review_id ?? 0 })))
    expect(one?.payload).toMatchObject({ context: { policy: 'job', jobs: [first] } })
    expect(one?.digest).not.toBe(two?.digest)
    await tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' }, rosa.credential)
    const { id } = await tenant.start(anna)
    expect(id).toBe(job.id)
    expect((await tenant.must('context.get', { job_id: id }, anna.credential)).context).toBe('User: first\nAssistant: the first answer')
    expect(failureOf(await tenant.as(anna.credential, 'context.get', { job_id: id, policy: 'thread' }))).toBe('invalid-request')
  })
})
