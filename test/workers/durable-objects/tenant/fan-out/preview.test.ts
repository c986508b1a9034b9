/** Says what a preview tells of a dispatch, and that it leaves nothing behind. */
import type { Usage } from '@modelreins/contract'
import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'

beforeEach(() => {
  frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

async function scene() {
  const tenant = await TestTenant.create()
  const local = await tenant.worker('local', [{ name: 'mail.send', risk_tier: 'approve' }], {
    provider: 'ollama-http',
    model: 'llama3.2:3b',
  })
  const cloud = await tenant.worker('cloud', [], { provider: 'claude', model: 'claude-opus-4-1' })
  return { tenant, local, cloud }
}

/** All rows of all tables. */
const everything = (tenant: TestTenant): Promise<string> =>
  runInDurableObject(tenant.raw, (_, state) => {
    const { sql } = state.storage
    const tables = sql.exec("select name from sqlite_master where type = 'table' and name not like '\\_%' escape '\\'").toArray()
    return JSON.stringify(tables.map(({ name }) => [name, sql.exec(`select * from "${name}"`).toArray()]))
  })

describe('a preview', () => {
  it('says who would get the job and why, and writes nothing', async () => {
    const { tenant } = await scene()
    const before = await everything(tenant)
    const told = await tenant.must('jobs.preview', { prompt: 'x', effort: 'critical' })
    expect(told).toMatchObject({ would: 'queue', answer: 'It would be queued for cloud.', code: null, hold: null })
    const says = 'unknown: no job of cloud has reported its cost, and the catalogue has no price for its model'
    const cost = { known: false, low_usd: null, high_usd: null, from: null, jobs: 0, says }
    expect(told.choices).toEqual([{ worker: 'cloud', hold: null, model_class: 'premium', expected_seconds: null, cost }])
    expect(told.workers.map((worker) => worker.name)).toEqual(['cloud', 'local'])
    expect((await tenant.must('jobs.preview', { prompt: 'x', effort: 'critical', prefer: ['local'] })).choices[0]?.worker).toBe('local')
    expect((await tenant.must('jobs.preview', { prompt: 'x', effort: 'critical', avoid: ['cloud'] })).choices[0]?.worker).toBe('local')
    expect((await tenant.must('jobs.preview', { prompt: 'x', effort: 'critical', mode: 'local' })).choices[0]?.worker).toBe('local')
    expect(await everything(tenant)).toBe(before)
    // Numbers go on where they were, also in memory.
    expect((await tenant.must('jobs.dispatch', { prompt: 'x' })).id).toBe(1)
  })

  it('says how long and for how much, by what jobs of that worker took and reported, or by the price of their tokens', async () => {
    const { tenant, cloud } = await scene()
    const told = async () => (await tenant.must('jobs.preview', { prompt: 'x', target: 'cloud' })).choices[0]
    const job = async (usage: Usage): Promise<void> => {
      await tenant.must('jobs.dispatch', { prompt: 'x', target: 'cloud' })
      const [offer] = await tenant.offers(cloud)
      if (offer === undefined) throw new Error('no offer')
      await tenant.must('claims.start', { job_id: offer.job.id }, tenant.lease(offer))
      vi.setSystemTime(Date.now() + 4_000)
      await tenant.must('claims.complete', { job_id: offer.job.id, usage }, tenant.lease(offer))
      await tenant.present(cloud)
    }
    await job({ tokens_in: 1_000_000, tokens_out: 100_000 })
    expect((await told())?.cost.known).toBe(false)
    await tenant.must('director.set_catalogue', { rules: [{ model: '*opus*', price: { input: 2, output: 10 } }] })
    expect(await told()).toMatchObject({ expected_seconds: 4, cost: { known: true, low_usd: 3, high_usd: 3, from: 'price', jobs: 1 } })
    await job({ cost_usd: 0.25 })
    await job({ cost_usd: 0.5 })
    expect((await told())?.cost).toMatchObject({ from: 'reported', says: 'USD 0.25 to 0.5, as its last 2 jobs reported' })
  })

  it('says what would hold it: a review, a schedule, a key', async () => {
    const { tenant } = await scene()
    const review = await tenant.must('jobs.preview', { prompt: 'x', capability: 'mail.send' })
    expect(review).toMatchObject({ would: 'hold', hold: 'review', choices: [{ worker: 'local' }] })
    expect((await tenant.must('reviews.list', {})).items).toEqual([])
    const later = await tenant.must('jobs.preview', { prompt: 'x', not_before: '2036-06-02T00:00:00Z' })
    expect(later).toMatchObject({ would: 'hold', hold: 'schedule' })
    expect(later.answer).toContain('It is scheduled for 2036-06-02T00:00:00.000Z.')
    const first = await tenant.must('jobs.dispatch', { prompt: 'x', concurrency: { key: 'repo' } })
    const second = await tenant.must('jobs.preview', { prompt: 'x', concurrency: { key: 'repo' } })
    expect(second).toMatchObject({ would: 'hold', hold: 'key' })
    expect(second.answer).toContain(`It waits for job ${first.id}, which holds repo.`)
  })

  it('says why it would be refused, in the words of the refusal', async () => {
    const { tenant } = await scene()
    const nobody = await tenant.must('jobs.preview', { prompt: 'x', mode: 'local', avoid: ['local'] })
    expect(nobody).toMatchObject({ would: 'refuse', code: 'no-eligible-worker', choices: [] })
    expect(nobody.answer).toContain('cloud runs in the cloud, not locally')
    expect(nobody.answer).toContain('local is to be avoided')
    expect(await tenant.must('jobs.preview', { prompt: 'x', prefer: ['nobody'] })).toMatchObject({
      would: 'refuse',
      code: 'invalid-request',
    })
    await tenant.must('killswitch.raise', { level: 2 })
    expect(await tenant.must('jobs.preview', { prompt: 'x' })).toMatchObject({ would: 'refuse', code: 'killswitch' })
  })

  it('names each worker of a fan-out', async () => {
    const { tenant } = await scene()
    const told = await tenant.must('jobs.preview', { prompt: 'x', targets: ['local', 'cloud'] })
    expect(told.choices.map((choice) => [choice.worker, choice.model_class])).toEqual([
      ['local', 'local small'],
      ['cloud', 'premium'],
    ])
    expect((await tenant.must('jobs.list', {})).items).toEqual([])
  })
})

describe('a job with mode and avoid', () => {
  it('is offered to nobody else, also when it waits for whoever asks first', async () => {
    const { tenant, local, cloud } = await scene()
    const job = await tenant.must('jobs.create', { prompt: 'x', mode: 'local', avoid: ['cloud'] })
    expect(job).toMatchObject({ mode: 'local', avoid: ['cloud'] })
    expect(await tenant.offers(cloud)).toEqual([])
    expect((await tenant.offers(local)).map((offer) => offer.job.id)).toEqual([job.id])
    expect(failureOf(await tenant.call('jobs.dispatch', { prompt: 'x', avoid: ['who'] }))).toBe('invalid-request')
  })
})
