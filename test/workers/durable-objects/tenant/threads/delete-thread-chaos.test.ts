/** Any order of dispatches, starts, ends, aborts, retries, evictions and waits around deletions leaves nothing of a deleted thread, and loses nothing of another. */
import { abortAllDurableObjects, env, runInDurableObject } from 'cloudflare:test'
import { afterEach, expect, it, vi } from 'vitest'
import { chance } from '../../../../support/seeded-chance.ts'
import type { JobEndGate } from '../../../../../durable-objects/job-stream/gate.ts'
import { frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

afterEach(() => {
  vi.useRealTimers()
})

const alarm = (tenant: TestTenant): Promise<void> =>
  runInDurableObject(tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())

const storedText = (tenant: TestTenant): Promise<string> =>
  runInDurableObject(tenant.raw, (_, { storage }) =>
    ['jobs', 'reviews', 'review_payloads', 'threads', 'artifacts', 'key_uses', 'webhook_deliveries', 'meta', 'audit']
      .map((table) => JSON.stringify(storage.sql.exec(`select * from ${table}`).toArray()))
      .join('\n'),
  )

const archivedText = async (tenant: TestTenant): Promise<string> =>
  JSON.stringify((await env.REGISTRY.prepare('SELECT * FROM jobs WHERE tenant = ?').bind(tenant.name).all()).results)

const steps = [
  'dispatch',
  'dispatch',
  'start',
  'start',
  'end',
  'end',
  'abort',
  'abort_thread',
  'retry',
  'evict',
  'wait',
  'delete',
  'late',
] as const

interface Running {
  readonly id: number
  readonly lease: ReturnType<TestTenant['lease']>
}

class Chaos {
  readonly #tenant: TestTenant
  readonly #workers: readonly WorkerHandle[]
  readonly #clock: ReturnType<typeof frozenTime>
  readonly #chance: () => number
  readonly #running: Running[] = []
  readonly #marks = new Map<string, string[]>([
    ['a', []],
    ['b', []],
  ])
  readonly gone: string[] = []
  readonly tried = new Map<string, number>()
  #highest = 0

  constructor(tenant: TestTenant, workers: readonly WorkerHandle[], clock: ReturnType<typeof frozenTime>, next: () => number) {
    this.#tenant = tenant
    this.#workers = workers
    this.#clock = clock
    this.#chance = next
  }

  #one<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#chance() * items.length)]
  }

  async step(): Promise<string> {
    const step = this.#one(steps) ?? 'wait'
    this.tried.set(step, (this.tried.get(step) ?? 0) + 1)
    await this[step]()
    for (const worker of this.#workers) await this.#tenant.present(worker, { slots: 8 })
    return step
  }

  async dispatch(): Promise<void> {
    const thread_id = this.#one(['a', 'b']) ?? 'a'
    const mark = `mark${this.#clock.now}x${Math.floor(this.#chance() * 1e9)}`
    const kinds = [
      {},
      { targets: ['anna', 'bert'], merge: { by: 'concat' as const } },
      { targets: ['anna', 'bert'], merge: { by: 'worker' as const } },
      { concurrency: { key: 'k' } },
      { capability: 'mail.send' },
      { context: 'thread' },
    ]
    const made = await this.#tenant.must('jobs.dispatch', { prompt: mark, metadata: { mark }, thread_id, ...this.#one(kinds) })
    expect(made.id).toBeGreaterThan(this.#highest)
    this.#highest = Math.max(made.id, ...(made.children ?? []).map((child) => child.job_id))
    this.#marks.get(thread_id)?.push(mark)
  }

  async start(): Promise<void> {
    const worker = this.#one(this.#workers)
    const [offer] = worker === undefined ? [] : await this.#tenant.offers(worker)
    if (offer === undefined) return
    this.#highest = Math.max(this.#highest, offer.job.id)
    const lease = this.#tenant.lease(offer)
    const begun = await this.#tenant.as(lease, 'claims.start', { job_id: offer.job.id })
    if (begun.ok) this.#running.push({ id: offer.job.id, lease })
  }

  async end(): Promise<void> {
    const job = this.#one(this.#running)
    if (job === undefined) return
    const said = { job_id: job.id, tail: { text: `output of ${job.id}` } }
    if (this.#chance() < 0.7) await this.#tenant.as(job.lease, 'claims.complete', { ...said, result: `result of ${job.id}` })
    else await this.#tenant.as(job.lease, 'claims.fail', { ...said, error: { type: 'x', message: 'no', retryable: this.#chance() < 0.5 } })
  }

  /** Of any attempt that there ever was. */
  async late(): Promise<void> {
    const job = this.#one(this.#running)
    if (job === undefined) return
    const { kind } = job.lease
    if (kind !== 'lease') return
    const { attempt, nonce } = job.lease.lease
    await (this.#tenant.stub as unknown as JobEndGate).mayWrite({ job_id: job.id, attempt, nonce })
    await this.#tenant.as(job.lease, 'claims.complete', { job_id: job.id, result: `late ${job.id}` })
  }

  async abort(): Promise<void> {
    const job_id = 1 + Math.floor(this.#chance() * this.#highest)
    await this.#tenant.call('jobs.abort', { job_id })
  }

  async retry(): Promise<void> {
    await this.#tenant.call('jobs.retry', { job_id: 1 + Math.floor(this.#chance() * this.#highest) })
  }

  async abort_thread(): Promise<void> {
    await this.#tenant.call('threads.abort', { thread_id: this.#one(['a', 'b']) ?? 'a' })
  }

  async evict(): Promise<void> {
    await abortAllDurableObjects()
  }

  async wait(): Promise<void> {
    this.#clock.pass(this.#one([500, 6_000, 31_000, 130_000]) ?? 500)
    if (this.#chance() < 0.5) await alarm(this.#tenant)
  }

  async delete(): Promise<void> {
    const thread_id = this.#one(['a', 'b']) ?? 'a'
    const answer = await this.#tenant.call('threads.delete', { thread_id, ...(this.#chance() < 0.8 ? { abort: true } : {}) })
    if (!answer.ok) return
    this.gone.push(...(this.#marks.get(thread_id) ?? []))
    this.#marks.set(thread_id, [])
  }

  /** Nothing of what is gone, and everything of what is not. */
  async check(): Promise<void> {
    const stored = await storedText(this.#tenant)
    for (const mark of this.gone) expect(stored).not.toContain(mark)
    for (const [thread_id, marks] of this.#marks) {
      if (marks.length === 0) continue
      const { turns } = await this.#tenant.must('threads.get', { thread_id, limit: 200 })
      expect(turns.map((turn) => turn.prompt)).toEqual(marks)
    }
  }
}

it('holds for random orders of commands, crashes and waits', { timeout: 120_000 }, async () => {
  const { seed, next } = chance(20_361)
  const clock = frozenTime()
  const tried = new Map<string, number>()
  let erased = 0
  for (let run = 0; run < 3; run += 1) {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna', [{ name: 'mail.send', risk_tier: 'approve' }], { slots: 8 })
    const bert = await tenant.worker('bert', [], { slots: 8 })
    const chaos = new Chaos(tenant, [anna, bert], clock, next)
    const taken: string[] = []
    try {
      for (let n = 0; n < 40; n += 1) {
        taken.push(await chaos.step())
        await chaos.check()
      }
      for (let n = 0; n < 4; n += 1) {
        clock.pass(130_000)
        await alarm(tenant)
      }
      const left = async (): Promise<readonly string[]> => {
        const archived = await archivedText(tenant)
        return chaos.gone.filter((mark) => archived.includes(mark))
      }
      await expect.poll(left, { timeout: 5_000 }).toEqual([])
      await chaos.check()
    } catch (error) {
      throw new Error(`seed ${seed}, run ${run}, after ${taken.join(' ')}`, { cause: error })
    }
    for (const [step, times] of chaos.tried) tried.set(step, (tried.get(step) ?? 0) + times)
    erased += chaos.gone.length
  }
  for (const step of new Set(steps)) expect(tried.get(step) ?? 0, step).toBeGreaterThanOrEqual(2)
  expect(erased).toBeGreaterThan(3)
})
