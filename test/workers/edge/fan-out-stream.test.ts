/** Says what one connection tells of a fan-out: every job's output under its name, each end once, and all of it again from any cursor. */
import { beforeAll, describe, expect, test } from 'vitest'
import { call, json, newTenant, newWorker, present, type TestOffer, type TestTenant, type TestWorker } from './edge.ts'

let tenant: TestTenant
const workers: TestWorker[] = []
beforeAll(async () => {
  tenant = await newTenant()
  for (const name of ['anna', 'bert']) workers.push(await newWorker(tenant, name))
  for (const worker of workers) await json(present(worker))
})

interface Event {
  readonly event: string
  readonly id: string
  readonly data: Record<string, unknown>
}

/** Every event up to the end. */
async function events(jobId: number, lastEventId?: string): Promise<readonly Event[]> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const response = await call('GET', `/api/v1/jobs/${jobId}/stream`, { token: tenant.owner, headers })
  expect(response.status).toBe(200)
  const text = await response.text()
  return text
    .split('\n\n')
    .filter((frame) => frame !== '' && !frame.startsWith(':'))
    .map((frame) => {
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1] ?? ''
      return { event: field('event'), id: field('id'), data: JSON.parse(field('data')) }
    })
}

async function work(worker: TestWorker, lines: readonly string[], result: string): Promise<number> {
  const poll = await json<{ offers: TestOffer[] }>(call('POST', '/api/v1/claims', { token: worker.token, body: { max: 1 } }))
  const [offer] = poll.offers
  if (offer === undefined) throw new Error(`${worker.name} was offered nothing`)
  const { token } = offer.lease
  const { id } = offer.job
  await json(call('POST', `/api/v1/claims/${id}/start`, { token }))
  const chunks = lines.map((text, seq) => ({ seq, text }))
  if (chunks.length > 0) await json(call('POST', `/api/v1/claims/${id}/output`, { token, body: { chunks } }))
  await json(
    call('POST', `/api/v1/claims/${id}/complete`, { token, body: { result, ...(chunks.length > 0 ? { chunks: chunks.length } : {}) } }),
  )
  return id
}

const dispatch = (merge: object): Promise<{ id: number; children: { job_id: number; worker: string }[] }> =>
  json(call('POST', '/api/v1/dispatch', { token: tenant.owner, body: { prompt: 'What is it?', targets: ['anna', 'bert'], merge } }), 201)

describe('the stream of a fan-out', () => {
  test('carries all children live, the merge, and one end', async () => {
    const parent = await dispatch({ by: 'worker', worker: 'anna' })
    const seen = events(parent.id)
    const [anna, bert] = workers
    if (anna === undefined || bert === undefined) throw new Error('two workers')
    const first = await work(anna, ['a dog\n', 'or so\n'], 'a dog')
    const second = await work(bert, [], 'a cat')
    const merge = await work(anna, ['both\n'], 'a dog or a cat')
    const told = await seen
    expect(told.filter(({ event }) => event === 'output').map(({ data }) => [data['job_id'], data['worker'], data['text']])).toEqual(
      expect.arrayContaining([
        [first, 'anna', 'a dog\n'],
        [first, 'anna', 'or so\n'],
        [merge, 'anna', 'both\n'],
      ]),
    )
    expect(
      told
        .filter(({ event }) => event === 'child')
        .map(({ data }) => [data['job_id'], data['role'], data['status']])
        .toSorted(),
    ).toEqual(
      [
        [first, 'child', 'done'],
        [second, 'child', 'done'],
        [merge, 'merge', 'done'],
      ].toSorted(),
    )
    expect(told.filter(({ event }) => event === 'merge').map(({ data }) => data)).toEqual([{ job_id: merge, worker: 'anna' }])
    expect(told.at(-1)).toMatchObject({ event: 'end', data: { status: 'done', result: 'a dog or a cat' } })
    expect(told.filter(({ event }) => event === 'end')).toHaveLength(1)
  })

  test('is the same for who comes when all is over, and goes on from any event without telling one twice', async () => {
    const parent = await dispatch({ by: 'concat' })
    for (const worker of workers) await work(worker, ['one\n', 'two\n', 'three\n'], worker.name)
    const whole = await events(parent.id)
    expect(whole.filter(({ event }) => event === 'output')).toHaveLength(6)
    const key = ({ event, data }: Event): string => `${event} ${String(data['job_id'])} ${String(data['seq'])}`
    for (const [index, { id }] of whole.slice(0, -1).entries()) {
      const before = whole.slice(0, index + 1)
      const rest = await events(parent.id, id)
      expect([...before, ...rest].map(key).toSorted(), `after ${id}`).toEqual(whole.map(key).toSorted())
    }
  })

  test('ends with the fan-out when its deadline passes while a child is still silent', async () => {
    const from = Date.now()
    const parent = await dispatch({ by: 'concat', deadline: 1 })
    const seen = events(parent.id)
    const [anna, bert] = workers
    if (anna === undefined || bert === undefined) throw new Error('two workers')
    await work(anna, [], 'a dog')
    const poll = await json<{ offers: TestOffer[] }>(call('POST', '/api/v1/claims', { token: bert.token, body: { max: 1 } }))
    const [offer] = poll.offers
    if (offer === undefined) throw new Error('bert was offered nothing')
    const { token } = offer.lease
    await json(call('POST', `/api/v1/claims/${offer.job.id}/start`, { token }))
    const told = await seen
    expect(told.at(-1)).toMatchObject({ event: 'end', data: { status: 'done' } })
    // The next sign of life of the silent child would come after 15 s.
    expect(Date.now() - from).toBeLessThan(8000)
    await json(call('POST', `/api/v1/claims/${offer.job.id}/complete`, { token, body: { result: 'a cat' } }))
  })

  test('begins anew for a cursor that is not ours', async () => {
    const parent = await dispatch({ by: 'concat' })
    for (const worker of workers) await work(worker, [], worker.name)
    for (const cursor of ['7', 'x', '1.x', '../..', '1.2_']) expect((await events(parent.id, cursor)).at(-1)?.event).toBe('end')
  })
})
