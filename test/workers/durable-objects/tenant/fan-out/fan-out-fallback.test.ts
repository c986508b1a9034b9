/** Says where the children of a fan-out go on: along its chain, each for one worker, and nobody is asked twice. */
import { limits } from '@modelreins/contract'
import type { Input, Job } from '@modelreins/contract'
import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

const minute = 60_000
let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
const crew: Record<string, WorkerHandle> = {}
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  for (const [name, provider] of [
    ['anna', 'claude'],
    ['bert', 'codex'],
    ['cleo', 'claude'],
    ['dora', 'ollama-http'],
  ] as const)
    crew[name] = await tenant.worker(name, [], { provider })
})
afterEach(() => {
  vi.useRealTimers()
})

const worker = (name: string): WorkerHandle => {
  const found = crew[name]
  if (found === undefined) throw new Error(name)
  return found
}
const here = async (...names: readonly string[]): Promise<void> => {
  for (const name of names) await tenant.present(worker(name))
}
const ask = (more: Partial<Input<'jobs.dispatch'>> = {}): Promise<Job> =>
  tenant.must('jobs.dispatch', { prompt: 'x', targets: ['anna', 'bert'], merge: { by: 'vote' }, max_attempts: 1, ...more })
const get = ({ id }: Pick<Job, 'id'>): Promise<Job> => tenant.must('jobs.get', { job_id: id })
const childrenOf = async ({ id }: Job): Promise<readonly Job[]> =>
  (await tenant.must('jobs.children', { job_id: id })).items.filter((job) => job.role === 'child')
const whom = async (job: Job) => (await childrenOf(job)).map(({ target, status }) => `${target} ${status}`)

async function end(name: string, how: 'answer' | 'fail' | 'limit'): Promise<void> {
  await here(name)
  const [offer] = await tenant.offers(worker(name))
  if (offer === undefined) throw new Error(`${name} was offered nothing`)
  const { id } = offer.job
  const lease = tenant.lease(offer)
  await tenant.must('claims.start', { job_id: id }, lease)
  if (how === 'answer') return void (await tenant.must('claims.complete', { job_id: id, result: 'yes' }, lease))
  const error = { type: how === 'limit' ? 'rate_limited' : 'exit_error', message: 'It broke', retryable: how === 'limit' }
  const parked = how === 'limit' ? { parked_until: new Date(clock.now + 60 * minute).toISOString() } : {}
  await tenant.must('claims.fail', { job_id: id, error, ...parked }, lease)
}

describe('a child of a fan-out', () => {
  it('goes on to a worker that no other child asks, and answers there', async () => {
    const asked = await ask({ fallback: [{ provider: 'claude', after: 'failed' }] })
    expect(asked.fallback).toBeUndefined()
    await end('bert', 'fail')
    // anna runs claude, too, and is asked already.
    expect(await whom(asked)).toEqual(['anna pending', 'cleo pending'])
    await abortAllDurableObjects()
    clock.pass(1)
    await end('anna', 'answer')
    await end('cleo', 'answer')
    expect(await get(asked)).toMatchObject({
      status: 'done',
      result: 'yes',
      merge: { answered: 2, failed: 0, counts: [{ answer: 'yes', count: 2, workers: ['anna', 'cleo'] }] },
    })
    const [, second] = await childrenOf(asked)
    expect(second?.fallback).toMatchObject({ step: 1, asked: { target: 'bert' } })
  })

  it('passes over a step to a worker that is asked already, and fails where no other is left', async () => {
    const asked = await ask({
      targets: ['anna', 'bert', 'cleo'],
      fallback: [
        { target: 'anna', after: 'failed' },
        { target: 'dora', after: 'failed' },
      ],
    })
    await end('bert', 'fail')
    await end('cleo', 'fail')
    expect(await whom(asked)).toEqual(['anna pending', 'dora pending', 'cleo failed'])
    const why = await tenant.must('jobs.why', { job_id: asked.id + 1 })
    // Of anna's child: dora is asked by another by now.
    expect(why.fallback?.map(({ target, worker }) => [target, worker])).toEqual([
      ['anna', 'anna'],
      ['dora', null],
    ])
  })

  it('leaves no step to whoever was asked first, though that one has gone on itself', async () => {
    const asked = await ask({
      fallback: [
        { provider: 'claude', after: 'failed' },
        { target: 'anna', after: 'failed' },
      ],
    })
    await end('anna', 'fail')
    await end('bert', 'fail')
    expect(await whom(asked)).toEqual(['cleo pending', 'bert failed'])
  })

  it('keeps the providers different that were asked to be', async () => {
    await tenant.must('workers.pause', { worker_id: worker('dora').id })
    const asked = await ask({
      targets: undefined,
      fan_out: { count: 2, distinct: 'provider' },
      fallback: [
        { provider: 'claude', after: 'failed' },
        { target: 'dora', after: 'failed' },
      ],
    })
    await tenant.must('workers.resume', { worker_id: worker('dora').id })
    const before = await whom(asked)
    expect(before).toContain('bert pending')
    await end('bert', 'fail')
    // The other child runs claude, whoever of the two it is.
    expect(await whom(asked)).toEqual(before.map((one) => one.replace('bert', 'dora')))
  })

  it('goes on when its worker has no quota, is away, or is revoked', async () => {
    const limited = await ask({
      fallback: [
        { target: 'cleo', after: 'rate_limited' },
        { target: 'dora', after: 'offline' },
      ],
    })
    await end('bert', 'limit')
    expect(await whom(limited)).toEqual(['anna pending', 'cleo pending'])
    await tenant.must('workers.revoke', { worker_id: worker('anna').id })
    expect(await whom(limited)).toEqual(['dora pending', 'cleo pending'])
  })

  it('begins at a step where its own worker is away at the dispatch, each at another one', async () => {
    clock.pass(10 * minute)
    await here('cleo', 'dora')
    const asked = await ask({
      fallback: [
        { target: 'cleo', after: 'offline' },
        { target: 'dora', after: 'offline' },
      ],
    })
    expect(await whom(asked)).toEqual(['cleo pending', 'dora pending'])
    clock.pass(10 * minute)
    await here('cleo')
    const refused = await tenant.call('jobs.dispatch', {
      prompt: 'x',
      targets: ['anna', 'bert'],
      fallback: [{ target: 'cleo', after: 'offline' }],
    })
    expect(refused).toMatchObject({ failure: { code: 'no-live-worker', detail: expect.stringContaining('targets[1]') } })
  })

  it('is looked at while it waits', async () => {
    const asked = await ask({ fallback: [{ provider: 'claude', after: 'offline' }] })
    clock.pass(10 * minute)
    await here('anna', 'cleo')
    clock.pass(limits.presence_ms)
    expect(await whom(asked)).toEqual(['anna pending', 'cleo pending'])
  })

  it('is retried by hand with a worker that no other child asks', async () => {
    const asked = await ask()
    await tenant.must('workers.revoke', { worker_id: worker('bert').id })
    const child = asked.id + 2
    expect((await tenant.must('jobs.get', { job_id: child })).error?.message).toContain('with `target`, another worker')
    for (const target of ['anna', null])
      expect(failureOf(await tenant.call('jobs.retry', { job_id: child, target }))).toBe('invalid-request')
    expect(failureOf(await tenant.call('jobs.retry', { job_id: asked.id, target: 'cleo' }))).toBe('invalid-request')
    await tenant.must('jobs.retry', { job_id: child, target: 'cleo' })
    expect(await whom(asked)).toEqual(['anna pending', 'cleo pending'])
  })
})
