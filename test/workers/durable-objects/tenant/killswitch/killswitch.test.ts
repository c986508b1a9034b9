import { abortAllDurableObjects, evictDurableObject } from 'cloudflare:test'
import type { Job, KillswitchState, Offer } from '@modelreins/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant, type WorkerHandle } from '../harness.ts'
import { TestSocket } from '../workers/socket-client.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

interface Scene {
  readonly tenant: TestTenant
  readonly anna: WorkerHandle
  readonly running: { readonly id: number; readonly offer: Offer }
  readonly offered: Offer
  readonly queued: Job
}

async function offerOf(tenant: TestTenant, worker: WorkerHandle): Promise<Offer> {
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) throw new Error('no offer')
  return offer
}

/** Anna runs one job, is offered a second, and a third waits. */
async function scene(): Promise<Scene> {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  await tenant.present(anna, { slots: 3 })
  await tenant.must('jobs.dispatch', { prompt: 'runs' })
  const first = await offerOf(tenant, anna)
  await tenant.must('claims.start', { job_id: first.job.id }, tenant.lease(first))
  await tenant.must('jobs.dispatch', { prompt: 'is on offer' })
  const offered = await offerOf(tenant, anna)
  const queued = await tenant.must('jobs.dispatch', { prompt: 'waits' })
  return { tenant, anna, running: { id: first.job.id, offer: first }, offered, queued }
}

const heartbeat = ({ tenant, anna, running }: Pick<Scene, 'tenant' | 'anna' | 'running'>) =>
  tenant.must(
    'presence.report',
    { instance: 'anna-1', status: 'busy', leases: [{ job_id: running.id, attempt: running.offer.lease.attempt }] },
    anna.credential,
  )

/** The table of semantics: what each level lets happen. */
const levels = [
  { level: 0, name: 'clear', dispatch: true, claims: true, runs: true },
  { level: 1, name: 'hold', dispatch: false, claims: true, runs: true },
  { level: 2, name: 'drain', dispatch: false, claims: false, runs: true },
  { level: 3, name: 'stop', dispatch: false, claims: false, runs: false },
  { level: 4, name: 'halt', dispatch: false, claims: false, runs: false },
] as const

describe.each(levels.map((row) => [`${row.level}, ${row.name}`, row] as const))('level %s', (_, { level, dispatch, claims, runs }) => {
  let at: Scene
  let generation: number
  beforeEach(async () => {
    at = await scene()
    generation = level === 0 ? 0 : (await at.tenant.must('killswitch.raise', { level, reason: 'test' })).generation
  })
  const verdict = (may: boolean): string => (may ? 'ok' : 'killswitch')

  it(`${dispatch ? 'takes' : 'refuses'} new jobs by every way`, async () => {
    const { tenant } = at
    expect(failureOf(await tenant.call('jobs.dispatch', { prompt: 'x' }))).toBe(verdict(dispatch))
    expect(failureOf(await tenant.call('jobs.create', { prompt: 'x' }))).toBe(verdict(dispatch))
    expect(failureOf(await tenant.call('jobs.dispatch_batch', { jobs: [{ prompt: 'x' }] }))).toBe(verdict(dispatch))
    await tenant.must('jobs.abort', { job_id: at.queued.id })
    expect(failureOf(await tenant.call('jobs.retry', { job_id: at.queued.id }))).toBe(verdict(dispatch))
    expect(failureOf(await tenant.call('jobs.retry_many', { thread_id: 'none' }))).toBe(verdict(dispatch))
  })

  it(`${claims ? 'lets' : 'lets no'} attempt start, by poll, by a standing offer, by id`, async () => {
    const { tenant, anna, offered, queued } = at
    expect(failureOf(await tenant.as(tenant.lease(offered), 'claims.start', { job_id: offered.job.id }))).toBe(verdict(claims))
    expect(failureOf(await tenant.as(anna.credential, 'claims.claim', { job_id: queued.id }))).toBe(verdict(claims))
    expect(await tenant.offers(anna, 5)).toHaveLength(0)
    const { jobs } = await tenant.must('claims.inbox', {}, anna.credential)
    expect(jobs).toHaveLength(0)
    expect((await tenant.must('jobs.get', { job_id: queued.id })).status).toBe(claims ? 'running' : 'pending')
  })

  it(`${claims ? 'offers' : 'offers nothing of'} what is queued`, async () => {
    expect(await at.tenant.offers(at.anna, 5)).toHaveLength(claims ? 1 : 0)
  })

  it(`${runs ? 'renews the lease of' : 'aborts'} what runs`, async () => {
    const { tenant, running } = at
    const beat = await heartbeat(at)
    expect(beat.aborts).toEqual(runs ? [] : [{ job_id: running.id, attempt: 1, reason: 'aborted' }])
    clock.pass(25_000)
    await heartbeat(at)
    clock.pass(25_000)
    const job = await tenant.must('jobs.get', { job_id: running.id })
    expect(job.status).toBe(runs ? 'running' : 'failed')
    if (!runs) expect(job.error).toMatchObject({ type: 'aborted', message: `Killswitch level ${level} by Olga: test`, retryable: false })
    const completed = await tenant.as(tenant.lease(running.offer), 'claims.complete', { job_id: running.id, result: 'done' })
    expect(failureOf(completed)).toBe(runs ? 'ok' : 'lease-lost')
  })

  it(`${runs ? 'leaves workers as they are' : 'pauses every worker'}, and tells them on every reply`, async () => {
    const { tenant, anna } = at
    const brief = { level, active: !runs, reason: level === 0 ? null : 'test', generation }
    const beat = await heartbeat(at)
    expect(beat.worker.paused).toBe(!runs)
    expect(beat.killswitch).toEqual(brief)
    expect((await tenant.must('claims.poll', {}, anna.credential)).killswitch).toEqual(brief)
    expect((await tenant.must('claims.inbox', {}, anna.credential)).killswitch).toEqual(brief)
    expect(await tenant.must('killswitch.get', {}, anna.credential)).toMatchObject(brief)
    const socket = await TestSocket.open(tenant, anna)
    socket.send({ type: 'hello', instance: 'anna-1' })
    expect((await socket.next('welcome')).killswitch).toEqual(brief)
    expect((await tenant.must('workers.get', { worker_id: anna.id })).paused).toBe(!runs)
  })

  it('is still there after the object was killed', async () => {
    const { tenant, offered } = at
    await abortAllDurableObjects()
    expect(await tenant.must('killswitch.get', {})).toMatchObject({ level, generation, active: !runs })
    expect(failureOf(await tenant.call('jobs.dispatch', { prompt: 'x', when_offline: 'queue' }))).toBe(verdict(dispatch))
    expect(failureOf(await tenant.as(tenant.lease(offered), 'claims.start', { job_id: offered.job.id }))).toBe(verdict(claims))
    expect((await tenant.must('jobs.get', { job_id: at.running.id })).status).toBe(runs ? 'running' : 'failed')
  })
})

const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name).toSorted()

describe('pulling the reins', () => {
  it('is for operators, owners, and workers that were given the right; loosening them is for members alone', async () => {
    const tenant = await TestTenant.create()
    const plain = await tenant.worker('plain')
    const trusted = await tenant.worker('trusted')
    await tenant.must('workers.update', { worker_id: trusted.id, may_raise_killswitch: true })
    for (const role of ['viewer', 'reviewer'] as const) {
      const { credential } = await tenant.member(role, role)
      expect(failureOf(await tenant.as(credential, 'killswitch.raise', { level: 1 }))).toBe('forbidden')
      expect(failureOf(await tenant.as(credential, 'killswitch.clear', {}))).toBe('forbidden')
      expect(failureOf(await tenant.as(credential, 'killswitch.get', {}))).toBe('ok')
    }
    expect(failureOf(await tenant.as(plain.credential, 'killswitch.raise', { level: 4 }))).toBe('forbidden')
    expect(failureOf(await tenant.as(plain.credential, 'killswitch.clear', {}))).toBe('forbidden')
    expect((await tenant.must('killswitch.raise', { level: 2, reason: 'odd' }, trusted.credential)).raised_by).toBe('trusted')
    expect(failureOf(await tenant.as(trusted.credential, 'killswitch.raise', { level: 1 }))).toBe('wrong-state')
    // Raising what is raised already rewrites nobody's word.
    const before = await tenant.must('killswitch.raise', { level: 3, reason: 'a human’s word' })
    expect(await tenant.must('killswitch.raise', { level: 3, reason: 'mine' }, trusted.credential)).toMatchObject({
      reason: 'a human’s word',
      generation: before.generation,
      raised_by: 'Olga',
    })
    expect(names((await tenant.must('killswitch.get', {}, plain.credential)).stragglers)).toEqual(['plain'])
    expect(failureOf(await tenant.as(trusted.credential, 'killswitch.clear', {}))).toBe('forbidden')
    expect(failureOf(await tenant.as(trusted.credential, 'killswitch.raise', { level: 4 }))).toBe('ok')
    const { credential } = await tenant.member('operator', 'operator')
    // Lowering is said, or it is a slip: a raise never loosens the reins.
    expect(failureOf(await tenant.as(credential, 'killswitch.raise', { level: 1 }))).toBe('wrong-state')
    expect((await tenant.must('killswitch.get', {}, credential)).level).toBe(4)
    expect(await tenant.must('killswitch.raise', { level: 1, lower: true }, credential)).toMatchObject({ level: 1, raised_by: 'operator' })
    expect(await tenant.must('killswitch.clear', {}, credential)).toMatchObject({ level: 0, raised_by: null, raised_at: null })
  })

  it('without naming a level means stop, and never less than what is in force', async () => {
    const tenant = await TestTenant.create()
    expect((await tenant.must('killswitch.raise', {})).level).toBe(3)
    await tenant.must('killswitch.raise', { level: 4 })
    expect((await tenant.must('killswitch.raise', { reason: 'again' })).level).toBe(4)
  })

  it('counts every change, and says who, when and why', async () => {
    const tenant = await TestTenant.create()
    const seen: KillswitchState[] = []
    for (const level of [1, 3, 3]) seen.push(await tenant.must('killswitch.raise', { level, reason: `level ${level}` }))
    seen.push(await tenant.must('killswitch.clear', {}))
    expect(seen.map(({ generation }) => generation)).toEqual([1, 2, 3, 4])
    expect(seen[1]).toMatchObject({ reason: 'level 3', raised_by: 'Olga', raised_at: new Date(clock.now).toISOString(), active: true })
    expect(seen[3]).toMatchObject({ level: 0, reason: null, active: false, stragglers: [], acknowledged: [] })
  })

  it('stops one tenant and no other', async () => {
    const one = await TestTenant.create()
    const other = await TestTenant.create()
    await one.must('killswitch.raise', { level: 4 })
    expect(await other.must('killswitch.get', {})).toMatchObject({ level: 0, active: false })
  })

  it('reaches every worker at once: on its socket, and by its held poll', async () => {
    const { tenant, anna, running } = await scene()
    const bert = await tenant.worker('bert')
    const socket = await TestSocket.greet(tenant, anna, { leases: [{ job_id: running.id, attempt: 1 }] })
    // Nothing is queued that Bert could be given instead.
    await tenant.must('jobs.abort_many', { status: ['pending'] })
    const poll = tenant.must('claims.poll', { wait: 20 }, bert.credential)
    const asked = performance.now()
    await tenant.must('killswitch.raise', { level: 4, reason: 'now' })
    expect(await socket.next('abort')).toMatchObject({ job_id: running.id, attempt: 1 })
    expect((await socket.next('killswitch')).killswitch).toMatchObject({ level: 4, active: true, reason: 'now', generation: 1 })
    expect(await poll).toMatchObject({ offers: [], killswitch: { level: 4, generation: 1 } })
    expect(performance.now() - asked).toBeLessThan(10_000)
  })
})

describe('acknowledgements', () => {
  it('tell who has stopped and who has not, with when each was last seen', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const bert = await tenant.worker('bert')
    await tenant.worker('carl')
    const dora = await tenant.worker('dora')
    await tenant.must('workers.revoke', { worker_id: dora.id })
    const { generation, stragglers } = await tenant.must('killswitch.raise', { level: 3 })
    expect(names(stragglers)).toEqual(['anna', 'bert', 'carl'])
    const seen = new Date(clock.now).toISOString()
    expect(stragglers.map(({ last_seen }) => last_seen)).toEqual([seen, seen, seen])
    clock.pass(1_000)
    await tenant.must('killswitch.ack', { generation }, anna.credential)
    const socket = await TestSocket.greet(tenant, bert)
    socket.send({ type: 'killswitch_ack', generation })
    await vi.waitFor(async () => expect(names((await tenant.must('killswitch.get', {})).acknowledged)).toEqual(['anna', 'bert']), 20_000)
    const state = await tenant.must('killswitch.get', {})
    expect(state.acknowledged[0]?.acknowledged_at).toBe(new Date(clock.now).toISOString())
    expect(names(state.stragglers)).toEqual(['carl'])
  })

  it('are owed by whoever may still run: not by a worker that never came, said goodbye, or is long gone', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('gone')
    clock.pass(25 * 60 * 60_000)
    const polite = await tenant.worker('polite')
    await tenant.present(polite, { status: 'stopped' })
    await tenant.worker('vanished')
    await tenant.must('workers.register', { name: 'never' })
    clock.pass(60 * 60_000)
    expect(names((await tenant.must('killswitch.raise', { level: 3 })).stragglers)).toEqual(['vanished'])
    await evictDurableObject(tenant.raw)
    expect(names((await tenant.must('killswitch.get', {})).stragglers)).toEqual(['vanished'])
  })

  it('count for their generation alone, and once', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const first = await tenant.must('killswitch.raise', { level: 3 })
    await tenant.must('killswitch.ack', { generation: first.generation }, anna.credential)
    await tenant.must('killswitch.ack', { generation: first.generation }, anna.credential)
    const second = await tenant.must('killswitch.raise', { level: 4 })
    expect(names(second.stragglers)).toEqual(['anna'])
    await tenant.must('killswitch.ack', { generation: first.generation }, anna.credential)
    await tenant.must('killswitch.ack', { generation: 99 }, anna.credential)
    expect(names((await tenant.must('killswitch.get', {})).stragglers)).toEqual(['anna'])
    expect(failureOf(await tenant.as(tenant.owner, 'killswitch.ack', { generation: 2 }))).toBe('invalid-request')
  })
})

describe('clearing', () => {
  it.each([
    { level: 1, resume_all: false, paused: false },
    { level: 2, resume_all: false, paused: false },
    { level: 3, resume_all: false, paused: true },
    { level: 4, resume_all: false, paused: true },
    { level: 3, resume_all: true, paused: false },
    { level: 4, resume_all: true, paused: false },
  ])('after level $level with resume_all $resume_all leaves workers paused: $paused', async ({ level, resume_all, paused }) => {
    const { tenant, anna } = await scene()
    const socket = await TestSocket.greet(tenant, anna)
    await tenant.must('killswitch.raise', { level })
    await tenant.must('killswitch.clear', { resume_all })
    expect((await tenant.must('workers.get', { worker_id: anna.id })).paused).toBe(paused)
    expect((await socket.next('config')).paused).toBe(paused)
    socket.send({ type: 'credit', slots: 5 })
    if (paused) {
      expect(await tenant.offers(anna, 5)).toEqual([])
      await tenant.must('workers.resume', { worker_id: anna.id })
    }
    // What was queued all the while goes on.
    expect((await socket.next('offer')).job.prompt).toMatch(/is on offer|waits/)
  })

  it('by lowering the level leaves workers paused as well', async () => {
    const { tenant, anna } = await scene()
    await tenant.must('killswitch.raise', { level: 3 })
    await tenant.must('killswitch.raise', { level: 1, lower: true })
    expect((await tenant.must('workers.get', { worker_id: anna.id })).paused).toBe(true)
    expect(await tenant.offers(anna, 5)).toEqual([])
    await tenant.must('killswitch.clear', {})
    expect((await tenant.must('workers.get', { worker_id: anna.id })).paused).toBe(true)
  })

  it('keeps a worker paused that was paused before, unless all are resumed', async () => {
    const { tenant, anna } = await scene()
    await tenant.must('workers.pause', { worker_id: anna.id })
    await tenant.must('killswitch.raise', { level: 2 })
    await tenant.must('killswitch.clear', {})
    expect((await tenant.must('workers.get', { worker_id: anna.id })).paused).toBe(true)
    await tenant.must('killswitch.clear', { resume_all: true })
    expect((await tenant.must('workers.get', { worker_id: anna.id })).paused).toBe(false)
  })
})
