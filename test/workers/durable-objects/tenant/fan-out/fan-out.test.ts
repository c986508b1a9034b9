/** Says what becomes of one prompt that several workers are given: one answer, exactly once, whatever happens on the way. */
import type { Input, Job } from '@modelreins/contract'
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

const alarm = (tenant: TestTenant): Promise<void> =>
  runInDurableObject(tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())

const names = ['anna', 'bert', 'cleo'] as const

class Fleet {
  readonly tenant: TestTenant
  readonly workers: ReadonlyMap<string, WorkerHandle>
  constructor(tenant: TestTenant, workers: readonly WorkerHandle[]) {
    this.tenant = tenant
    this.workers = new Map(workers.map((worker) => [worker.name, worker]))
  }

  static async create(more: (name: string) => Input<'presence.report'> = () => ({})): Promise<Fleet> {
    const tenant = await TestTenant.create()
    const workers: WorkerHandle[] = []
    for (const name of names) workers.push(await tenant.worker(name, [], more(name)))
    return new Fleet(tenant, workers)
  }

  handle(name: string): WorkerHandle {
    const found = this.workers.get(name)
    if (found === undefined) throw new Error(`no worker ${name}`)
    return found
  }

  ask(more: Partial<Input<'jobs.dispatch'>> = {}): Promise<Job> {
    return this.tenant.must('jobs.dispatch', { prompt: 'What is it?', targets: [...names], ...more })
  }

  get(id: number): Promise<Job> {
    return this.tenant.must('jobs.get', { job_id: id })
  }

  /** The worker takes its next job and starts it; answers how to end it. */
  async start(name: string) {
    const [offer] = await this.tenant.offers(this.handle(name))
    if (offer === undefined) throw new Error(`${name} was offered nothing`)
    const lease = this.tenant.lease(offer)
    await this.tenant.must('claims.start', { job_id: offer.job.id }, lease)
    const { id } = offer.job
    return {
      job: offer.job,
      complete: (result: string) => this.tenant.as(lease, 'claims.complete', { job_id: id, result }),
      fail: () => this.tenant.as(lease, 'claims.fail', { job_id: id, error: { type: 'exit_error', message: 'no', retryable: false } }),
    }
  }

  async answer(name: string, result: string): Promise<Job> {
    const attempt = await this.start(name)
    expect(failureOf(await attempt.complete(result))).toBe('ok')
    return attempt.job
  }

  async refuse(name: string): Promise<void> {
    expect(failureOf(await (await this.start(name)).fail())).toBe('ok')
  }
}

/** Who was offered the merge job, and by whom it was answered. */
async function answerMerge(fleet: Fleet, result: string): Promise<Job> {
  for (const name of names) {
    const [offer] = await fleet.tenant.offers(fleet.handle(name))
    if (offer === undefined) continue
    expect(offer.job.role).toBe('merge')
    const lease = fleet.tenant.lease(offer)
    await fleet.tenant.must('claims.start', { job_id: offer.job.id }, lease)
    await fleet.tenant.must('claims.complete', { job_id: offer.job.id, result }, lease)
    return offer.job
  }
  throw new Error('nobody was offered the merge')
}

describe('a fan-out', () => {
  it('makes a parent and one pinned child for each target, and the parent runs while they do', async () => {
    const fleet = await Fleet.create()
    const parent = await fleet.ask({ thread_id: 'talk' })
    expect(parent).toMatchObject({ kind: 'fan_out', status: 'running', assigned_to: null, thread_id: 'talk', parent_id: null, role: null })
    expect(parent.children?.map(({ worker, status }) => [worker, status])).toEqual(names.map((name) => [name, 'pending']))
    expect(parent.merge).toMatchObject({ by: 'worker', answered: 0, failed: 0, missing: 3, degraded: false, job_id: null })
    const { items } = await fleet.tenant.must('jobs.children', { job_id: parent.id })
    expect(items.map((job) => [job.parent_id, job.role, job.kind, job.target, job.thread_id])).toEqual(
      names.map((name) => [parent.id, 'child', 'job', name, null]),
    )
    expect((await fleet.tenant.must('jobs.list', { parent_id: parent.id })).items.map((job) => job.id).toSorted()).toEqual(
      items.map((job) => job.id).toSorted(),
    )
    expect((await fleet.tenant.must('jobs.why', { job_id: parent.id })).answer).toMatch(
      /^It waits for 3 of 3 answers: job \d+ \(anna, pending\)/,
    )
  })

  it('is merged by a worker that reads every answer under its name, once', async () => {
    const fleet = await Fleet.create()
    const parent = await fleet.ask()
    await fleet.answer('anna', 'A dog.')
    await fleet.refuse('bert')
    expect((await fleet.get(parent.id)).status).toBe('running')
    await fleet.answer('cleo', 'A cat.')
    const merge = await answerMerge(fleet, 'A dog or a cat.')
    expect(merge.prompt).toContain('A dog.')
    expect(merge.prompt).toContain('## cleo')
    expect(merge.prompt).toContain('What is it?')
    const after = await fleet.get(parent.id)
    expect(after).toMatchObject({
      status: 'done',
      result: 'A dog or a cat.',
      merge: { answered: 2, failed: 1, missing: 0, degraded: false, job_id: merge.id },
    })
    const { items } = await fleet.tenant.must('jobs.children', { job_id: parent.id })
    expect(items.filter((job) => job.role === 'merge')).toHaveLength(1)
  })

  it('names the worker that is to merge, or the Director picks one', async () => {
    const fleet = await Fleet.create()
    await fleet.ask({ merge: { by: 'worker', worker: 'bert', prompt: 'Answer in one word.' } })
    for (const name of names) await fleet.answer(name, name)
    const [offer] = await fleet.tenant.offers(fleet.handle('bert'))
    expect(offer?.job).toMatchObject({ role: 'merge', target: 'bert' })
    expect(offer?.job.prompt).toMatch(/^Answer in one word\./)
  })

  it('is degraded to the attributed answers when the merge fails, and when nobody can be had for it', async () => {
    const fleet = await Fleet.create()
    const failing = await fleet.ask({ merge: { by: 'worker', worker: 'cleo' } })
    for (const name of names) await fleet.answer(name, `${name} says so`)
    await fleet.refuse('cleo')
    expect(await fleet.get(failing.id)).toMatchObject({ status: 'done', merge: { degraded: true } })
    expect((await fleet.get(failing.id)).result).toContain('## bert')
    const alone = await fleet.ask({ targets: ['anna', 'bert'], merge: { by: 'worker', worker: 'cleo' } })
    await fleet.tenant.must('workers.revoke', { worker_id: fleet.handle('cleo').id })
    await fleet.answer('anna', 'yes')
    await fleet.answer('bert', 'no')
    expect(await fleet.get(alone.id)).toMatchObject({ status: 'done', merge: { answered: 2, failed: 0, degraded: true, job_id: null } })
  })

  it('merges by vote and by concatenation without another job, and not at all when told so', async () => {
    const fleet = await Fleet.create()
    const vote = await fleet.ask({ merge: { by: 'vote' } })
    for (const name of names) await fleet.answer(name, name === 'bert' ? 'no' : 'yes')
    expect(await fleet.get(vote.id)).toMatchObject({
      status: 'done',
      result: 'yes',
      merge: {
        counts: [
          { answer: 'yes', count: 2 },
          { answer: 'no', count: 1 },
        ],
      },
    })
    const concat = await fleet.ask({ merge: { by: 'concat' } })
    for (const name of names) await fleet.answer(name, name)
    expect((await fleet.get(concat.id)).result).toMatch(/^## anna \(job \d+\)\n\nanna\n\n## bert/)
    const none = await fleet.ask({ merge: { by: 'none' } })
    for (const name of names) await fleet.answer(name, name)
    expect(await fleet.get(none.id)).toMatchObject({ status: 'done', result: null, merge: { answered: 3 } })
  })

  it('takes the first good answer and aborts the others', async () => {
    const fleet = await Fleet.create()
    const parent = await fleet.ask({ merge: { by: 'first' } })
    await fleet.refuse('bert')
    const slow = await fleet.start('cleo')
    await fleet.answer('anna', 'first')
    expect(await fleet.get(parent.id)).toMatchObject({ status: 'done', result: 'first' })
    expect(failureOf(await slow.complete('late'))).toBe('lease-lost')
    expect(await fleet.get(slow.job.id)).toMatchObject({ status: 'failed', error: { type: 'aborted' } })
  })

  it('does not wait beyond its quorum, and a late answer changes nothing', async () => {
    const fleet = await Fleet.create()
    const parent = await fleet.ask({ merge: { by: 'concat', quorum: 2 } })
    const late = await fleet.start('cleo')
    await fleet.answer('anna', 'a')
    await fleet.answer('bert', 'b')
    const done = await fleet.get(parent.id)
    expect(done).toMatchObject({ status: 'done', merge: { answered: 2, missing: 1, quorum: 2 } })
    expect(failureOf(await late.complete('c'))).toBe('ok')
    const after = await fleet.get(parent.id)
    expect(after.result).toBe(done.result)
    expect(after.children?.find((child) => child.worker === 'cleo')?.status).toBe('done')
  })

  it('does not wait beyond its deadline, by the alarm alone', async () => {
    const fleet = await Fleet.create()
    const parent = await fleet.ask({ merge: { by: 'concat', deadline: 60 } })
    await fleet.answer('anna', 'in time')
    clock.pass(59_000)
    await alarm(fleet.tenant)
    expect((await fleet.get(parent.id)).status).toBe('running')
    clock.pass(1_000)
    await alarm(fleet.tenant)
    expect(await fleet.get(parent.id)).toMatchObject({
      status: 'done',
      merge: { answered: 1, missing: 2, deadline_at: new Date(clock.now).toISOString() },
    })
    for (const worker of fleet.workers.values()) await fleet.tenant.present(worker)
    const silent = await fleet.ask({ merge: { by: 'worker', deadline: 60 } })
    clock.pass(60_000)
    await alarm(fleet.tenant)
    expect(await fleet.get(silent.id)).toMatchObject({
      status: 'failed',
      error: { type: 'unanswered', message: 'No worker answered before the deadline' },
    })
  })

  it('fails when all fail; retried, its failed children run again', async () => {
    const fleet = await Fleet.create()
    const parent = await fleet.ask({ merge: { by: 'concat' } })
    for (const name of names) await fleet.refuse(name)
    expect(await fleet.get(parent.id)).toMatchObject({ status: 'failed', error: { message: 'No worker answered: all 3 failed' } })
    expect(failureOf(await fleet.tenant.call('jobs.retry', { job_id: parent.id, what: 'merge' }))).toBe('wrong-state')
    await fleet.tenant.must('jobs.retry', { job_id: parent.id })
    expect((await fleet.get(parent.id)).status).toBe('running')
    for (const name of names) await fleet.answer(name, 'now')
    expect(await fleet.get(parent.id)).toMatchObject({ status: 'done', merge: { answered: 3 } })
    expect(failureOf(await fleet.tenant.call('jobs.retry', { job_id: parent.id }))).toBe('wrong-state')
  })

  it('is retried as a whole, with or without others: no child of it runs for an answer that nobody waits for', async () => {
    const fleet = await Fleet.create()
    const { tenant } = fleet
    const parent = await fleet.ask({ merge: { by: 'concat' } })
    const child = parent.children?.[0]?.job_id ?? 0
    await tenant.must('jobs.abort', { job_id: parent.id })
    const one = await tenant.call('jobs.retry', { job_id: child })
    expect(one).toMatchObject({ ok: false, failure: { code: 'wrong-state' } })
    expect(one.ok ? '' : one.failure.detail).toContain(`retry the fan-out, POST /api/v1/jobs/${parent.id}/retry`)
    expect(failureOf(await tenant.call('jobs.retry_many', { parent_id: parent.id }))).toBe('wrong-state')
    expect(await tenant.must('jobs.retry_many', { all: true })).toMatchObject({ count: 1, job_ids: [parent.id], remaining: 0 })
    const again = await fleet.get(parent.id)
    expect([again.status, again.children?.map(({ status }) => status)]).toEqual(['running', ['pending', 'pending', 'pending']])
    // While it runs, those of its children that have failed may be tried again alone.
    await fleet.refuse('anna')
    expect(await tenant.must('jobs.retry_many', { parent_id: parent.id })).toMatchObject({ count: 1, job_ids: [child] })
    for (const name of names) await fleet.answer(name, 'now')
    expect(await fleet.get(parent.id)).toMatchObject({ status: 'done', merge: { answered: 3 } })
  })

  it('is aborted with all of its children; one child aborted counts as failed', async () => {
    const fleet = await Fleet.create()
    const parent = await fleet.ask()
    const running = await fleet.start('anna')
    await fleet.tenant.must('jobs.abort', { job_id: parent.id, reason: 'enough' })
    expect(await fleet.get(parent.id)).toMatchObject({ status: 'failed', error: { type: 'aborted' }, merge: { failed: 3 } })
    expect(failureOf(await running.complete('late'))).toBe('lease-lost')
    const again = await fleet.ask({ merge: { by: 'concat' } })
    const [first] = again.children ?? []
    await fleet.tenant.must('jobs.abort', { job_id: first?.job_id ?? 0 })
    await fleet.answer('bert', 'b')
    await fleet.answer('cleo', 'c')
    expect(await fleet.get(again.id)).toMatchObject({ status: 'done', merge: { answered: 2, failed: 1 } })
  })

  it('aborted in bulk ends each of its jobs once', async () => {
    const fleet = await Fleet.create()
    await fleet.ask()
    const { count } = await fleet.tenant.must('jobs.abort_many', { all: true })
    expect(count).toBe(4)
    const rows = await runInDurableObject(fleet.tenant.raw, (_, state) =>
      [
        ...state.storage.sql.exec(
          "select json_extract(row, '$.job_id') as job from audit where json_extract(row, '$.action') = 'job.abort'",
        ),
      ].map((row) => row['job']),
    )
    expect(rows.toSorted()).toEqual([1, 2, 3, 4])
  })

  it('is made whole or not at all: an unknown, a repeated and an undeclared target are named', async () => {
    const fleet = await Fleet.create()
    const unknown = await fleet.tenant.call('jobs.dispatch', { prompt: 'x', targets: ['anna', 'nobody'] })
    expect(unknown).toMatchObject({
      ok: false,
      failure: { code: 'invalid-request', issues: [{ path: 'targets.1', message: 'names no worker: nobody' }] },
    })
    const twice = await fleet.tenant.call('jobs.dispatch', { prompt: 'x', targets: ['anna', fleet.handle('anna').id] })
    expect(twice).toMatchObject({ ok: false, failure: { code: 'invalid-request', detail: 'targets[1] names anna again.' } })
    const capable = await fleet.tenant.call('jobs.dispatch', { prompt: 'x', targets: ['anna', 'bert'], capability: 'mail.send' })
    expect(failureOf(capable)).toBe('capability-not-declared')
    expect(
      failureOf(await fleet.tenant.call('jobs.dispatch', { prompt: 'x', targets: ['anna', 'bert'], merge: { worker: 'nobody' } })),
    ).toBe('invalid-request')
    expect((await fleet.tenant.must('jobs.list', {})).items).toEqual([])
  })

  it('asks as many different workers as the Director is told to pick, or says how many it could', async () => {
    const fleet = await Fleet.create((name) => ({ provider: name === 'cleo' ? 'ollama-http' : 'claude', model: name }))
    const two = await fleet.tenant.must('jobs.dispatch', { prompt: 'x', fan_out: { count: 2, distinct: 'provider' } })
    expect(two.children).toHaveLength(2)
    expect(two.children?.some((child) => child.worker === 'cleo')).toBe(true)
    expect((await fleet.tenant.must('jobs.dispatch', { prompt: 'x', fan_out: { count: 3, distinct: 'model' } })).children).toHaveLength(3)
    const three = await fleet.tenant.call('jobs.dispatch', { prompt: 'x', fan_out: { count: 3, distinct: 'provider' } })
    expect(three).toMatchObject({ ok: false, failure: { code: 'no-live-worker' } })
    expect(!three.ok && three.failure.detail).toContain('You asked for 3 workers, each with a different provider. Available: 2.')
  })

  it('is the same for the same idempotency key', async () => {
    const fleet = await Fleet.create()
    const first = await fleet.ask({ idempotency_key: 'once' })
    const second = await fleet.ask({ idempotency_key: 'once' })
    expect(second.id).toBe(first.id)
    expect((await fleet.tenant.must('jobs.list', {})).items).toHaveLength(4)
    expect(
      failureOf(await fleet.tenant.call('jobs.dispatch', { prompt: 'What is it?', targets: ['anna', 'bert'], idempotency_key: 'once' })),
    ).toBe('idempotency-conflict')
  })

  it('leaves one turn in its thread: the merged answer', async () => {
    const fleet = await Fleet.create()
    await fleet.ask({ thread_id: 'talk', merge: { by: 'vote' } })
    for (const name of names) await fleet.answer(name, 'forty-two')
    const next = await fleet.tenant.must('jobs.dispatch', { prompt: 'Why?', thread_id: 'talk', context: 'thread', target: 'anna' })
    const attempt = await fleet.start('anna')
    expect(attempt.job.id).toBe(next.id)
    const { context } = await fleet.tenant.must('context.get', { job_id: next.id }, fleet.handle('anna').credential)
    expect(context.match(/forty-two/g)).toHaveLength(1)
  })
})

describe('exactly one merge', () => {
  it('with the object evicted between any two steps, and completions repeated', async () => {
    const fleet = await Fleet.create()
    const parent = await fleet.ask()
    const evict = async (): Promise<void> => {
      await abortAllDurableObjects()
      for (const worker of fleet.workers.values()) await fleet.tenant.present(worker)
    }
    await evict()
    for (const name of names) {
      const attempt = await fleet.start(name)
      await evict()
      expect(failureOf(await attempt.complete(name))).toBe('ok')
      await evict()
      expect(failureOf(await attempt.complete(name))).toBe('ok')
    }
    await evict()
    const merge = await answerMerge(fleet, 'one')
    await evict()
    expect(await fleet.get(parent.id)).toMatchObject({ status: 'done', result: 'one', merge: { job_id: merge.id } })
    const { items } = await fleet.tenant.must('jobs.children', { job_id: parent.id })
    expect(items.map((job) => job.role)).toEqual(['child', 'child', 'child', 'merge'])
  })

  it('survives the killswitch: what runs is aborted, what waits goes on when it is cleared', async () => {
    const fleet = await Fleet.create()
    const parent = await fleet.ask({ merge: { by: 'concat' } })
    await fleet.start('anna')
    await fleet.tenant.must('killswitch.raise', { level: 3, reason: 'drill' })
    expect(await fleet.get(parent.id)).toMatchObject({ status: 'running', merge: { failed: 1, missing: 2 } })
    await fleet.tenant.must('killswitch.clear', { resume_all: true })
    await fleet.answer('bert', 'b')
    await fleet.answer('cleo', 'c')
    expect(await fleet.get(parent.id)).toMatchObject({ status: 'done', merge: { answered: 2, failed: 1 } })
  })

  it('costs no more than two jobs beyond its children', async () => {
    const fleet = await Fleet.create()
    const written = async (work: () => Promise<unknown>): Promise<number> => {
      const count = (): Promise<number> =>
        runInDurableObject(fleet.tenant.raw, (_, state) => Number(state.storage.sql.exec('select total_changes() as n').one()['n']))
      const before = await count()
      await work()
      return (await count()) - before
    }
    const plain = await written(async () => {
      await fleet.tenant.must('jobs.dispatch', { prompt: 'What is it?', target: 'anna' })
      await fleet.answer('anna', 'x')
    })
    const several = await written(async () => {
      await fleet.ask()
      for (const name of names) await fleet.answer(name, 'x')
      await answerMerge(fleet, 'x')
    })
    expect(several).toBeLessThanOrEqual(plain * (names.length + 2))
  })
})
