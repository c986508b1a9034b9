/** Says what 32 answers of 512 KiB become: a merge prompt within its bound, with a fair share of each, and every whole answer where the note says. */
import { type Job, byteLength, limits } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { call, json, newTenant, newWorker, present, type TestOffer, type TestWorker } from './edge.ts'

const size = 512 * 1024
const count = limits.fan_out_targets
/** No two alike, and of characters that are longer than a byte. */
const answerOf = (name: string): string => `${name} says é `.repeat(Math.ceil(size / 12)).slice(0, size - 2_000)

describe('a fan-out to as many workers as there may be, each with an answer of half a MiB', () => {
  test('is merged from a fair share of each, bounded, and keeps every answer whole', { timeout: 60_000 }, async () => {
    const tenant = await newTenant()
    const asOwner = (path: string): Promise<Response> => call('GET', path, { token: tenant.owner })
    const workers: TestWorker[] = []
    for (let at = 0; at < count; at += 1) workers.push(await newWorker(tenant, `w${at}`))
    for (const worker of workers) await json(present(worker))
    const targets = workers.map(({ name }) => name)
    const body = { prompt: 'What is it?', targets, merge: { by: 'worker', worker: 'w0' } }
    const parent = await json<Job>(call('POST', '/api/v1/dispatch', { token: tenant.owner, body }), 201)
    const take = async ({ name, token }: TestWorker): Promise<{ readonly id: number; readonly lease: string }> => {
      const { offers } = await json<{ offers: TestOffer[] }>(call('POST', '/api/v1/claims', { token, body: { max: 1 } }))
      const [offer] = offers
      if (offer === undefined) throw new Error(`${name} was offered nothing`)
      await json(call('POST', `/api/v1/claims/${offer.job.id}/start`, { token: offer.lease.token }))
      return { id: offer.job.id, lease: offer.lease.token }
    }
    const complete = ({ id, lease }: { readonly id: number; readonly lease: string }, result: string): Promise<unknown> =>
      json(call('POST', `/api/v1/claims/${id}/complete`, { token: lease, body: { result } }))
    for (const worker of workers) await complete(await take(worker), answerOf(worker.name))

    const [first] = workers
    if (first === undefined) throw new Error('no worker')
    const merge = await take(first)
    const { prompt } = await json<Job>(asOwner(`/api/v1/jobs/${merge.id}`))
    expect(byteLength(prompt)).toBeLessThanOrEqual(limits.prompt_bytes)
    expect(byteLength(prompt)).toBeGreaterThan(limits.prompt_bytes * 0.95)
    const parts = prompt.split(/^## (?=w\d+ \(job \d+\) \[[a-z]+\]$)/m).slice(1)
    expect(parts).toHaveLength(count)
    const lengths = parts.map(byteLength)
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThan(64)
    for (const [at, part] of parts.entries()) {
      const child = parent.id + 1 + at
      expect(part).toContain(`[cut: the whole answer is the result of job ${child}]`)
      expect(await (await asOwner(`/api/v1/jobs/${child}/result`)).text()).toBe(answerOf(`w${at}`))
    }
    // What the merge writes may be as long; the fan-out has it whole.
    await complete(merge, answerOf('merged'))
    const done = await json<Job>(asOwner(`/api/v1/jobs/${parent.id}`))
    expect(done).toMatchObject({ status: 'done', result_truncated: true, merge: { answered: count, failed: 0, degraded: false } })
    expect(await (await asOwner(`/api/v1/jobs/${parent.id}/result`)).text()).toBe(answerOf('merged'))
  })
})
