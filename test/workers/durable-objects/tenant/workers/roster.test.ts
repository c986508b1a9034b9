/** Whom the roster chooses is whom comparing all workers gives, whatever happens to a fleet. */
import * as fc from 'fast-check'
import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Capability, Input, Offer } from '@modelreins/contract'
import { frozenTime, TestTenant } from '../harness.ts'
import type { MemberHandle, WorkerHandle } from '../harness.ts'
import { watchRoster } from './roster-oracle.ts'
import type { RosterOracle } from './roster-oracle.ts'
import { TestSocket } from './socket-client.ts'

let clock: ReturnType<typeof frozenTime>
let oracle: RosterOracle
beforeEach(() => {
  clock = frozenTime()
  oracle = watchRoster('mail.send')
})
afterEach(() => {
  oracle.stop()
  vi.useRealTimers()
})

interface Scene {
  readonly tenant: TestTenant
  readonly person: MemberHandle
  readonly workers: WorkerHandle[]
  readonly offers: { readonly offer: Offer; readonly worker: WorkerHandle }[]
  readonly sockets: Map<string, TestSocket>
}
type Event = (scene: Scene) => Promise<unknown>

const at = <Item>(items: readonly Item[], index: number): Item | undefined => items[index % Math.max(1, items.length)]
const which = fc.nat(9)

/** By a worker, unless none is left. */
const of =
  (index: number, act: (worker: WorkerHandle, scene: Scene) => Promise<unknown>): Event =>
  async (scene) => {
    const worker = at(scene.workers, index)
    if (worker !== undefined) await act(worker, scene)
  }

const report: fc.Arbitrary<Input<'presence.report'>> = fc.record(
  {
    status: fc.constantFrom('active', 'active', 'active', 'stopping', 'stopped'),
    tags: fc.constantFrom([], ['gpu']),
    provider: fc.constantFrom('claude', 'ollama-http', 'spawn'),
    model: fc.constantFrom('claude-opus-4-1', 'claude-haiku-4-5', 'llama3.2:3b'),
    slots: fc.integer({ min: 1, max: 3 }),
    place: fc.constantFrom('host:/a', 'host:/b'),
  },
  { requiredKeys: [] },
)
const capabilities = fc.constantFrom<Capability[]>(
  [],
  [{ name: 'mail.send', risk_tier: 'auto' as const }],
  [{ name: 'mail.send', risk_tier: 'approve' as const }],
)
const config = fc.record(
  {
    concurrency_key: fc.constant('workdir' as const),
    account: fc.constantFrom('one', 'two'),
    model_class: fc.constantFrom('premium', 'local small' as const),
    slots: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: [] },
)

/** By chance alone these hardly ever come in this order. */
const attempt = fc
  .tuple(which, fc.constantFrom('runs', 'runs', 'aborted', 'ok', 'no', 'spawn_failed', 'rate_limited'))
  .map(([index, end]) =>
    of(index, async (worker, { tenant, offers }) => {
      const dispatched = await tenant.call('jobs.dispatch', { prompt: 'p', target: worker.name, when_offline: 'queue' })
      if (!dispatched.ok) return
      const { id: job_id } = dispatched.value
      await tenant.present(worker)
      const polled = await tenant.as(worker.credential, 'claims.poll', { max: 8 })
      const offer = polled.ok ? polled.value.offers.find(({ job }) => job.id === job_id) : undefined
      if (offer === undefined) return
      const lease = tenant.lease(offer)
      offers.push({ offer, worker })
      await tenant.as(lease, 'claims.start', { job_id })
      if (end === 'aborted') await tenant.call('jobs.abort', { job_id })
      else if (end === 'ok') await tenant.as(lease, 'claims.complete', { job_id })
      else if (end !== 'runs') await tenant.as(lease, 'claims.fail', { job_id, error: { type: end, message: 'no', retryable: true } })
      // Its breaker has been open for long enough, and it is still there.
      if (end === 'spawn_failed') clock.pass(16_000)
    }),
  )

const events: fc.Arbitrary<Event> = fc.oneof(
  attempt,
  attempt,
  attempt,
  fc.tuple(which, report).map(([index, told]) => of(index, (worker, { tenant }) => tenant.present(worker, told))),
  fc
    .tuple(which, fc.constantFrom(null, 1, 10, 120))
    .map(([index, minutes]) =>
      of(index, (worker, { tenant }) =>
        tenant.present(worker, { parked_until: minutes === null ? null : new Date(clock.now + minutes * 60_000).toISOString() }),
      ),
    ),
  fc
    .tuple(which, fc.constantFrom('workers.pause', 'workers.resume', 'workers.unpark' as const))
    .map(([index, verb]) => of(index, (worker, { tenant }) => tenant.call(verb, { worker_id: worker.id }))),
  fc
    .tuple(which, capabilities, config)
    .map(([index, declared, settings]) =>
      of(index, (worker, { tenant }) => tenant.call('workers.update', { worker_id: worker.id, capabilities: declared, config: settings })),
    ),
  which.map((index) =>
    of(index, async (worker, scene) => {
      if (scene.workers.length < 4) return
      await scene.tenant.must('workers.revoke', { worker_id: worker.id })
      scene.workers.splice(scene.workers.indexOf(worker), 1)
    }),
  ),
  fc.tuple(fc.nat(99), capabilities).map(([number, declared]) => async (scene: Scene) => {
    const name = `late-${number}`
    if (scene.workers.every((worker) => worker.name !== name)) scene.workers.push(await scene.tenant.worker(name, declared))
  }),
  fc
    .record({
      effort: fc.constantFrom('trivial', 'standard', 'deep' as const),
      thread_id: fc.constantFrom(undefined, 'thread'),
      capability: fc.constantFrom(undefined, undefined, 'mail.send'),
    })
    .map(
      (request) => (scene: Scene) =>
        scene.tenant.call('jobs.dispatch', { prompt: 'p', when_offline: 'queue', ...request } as Input<'jobs.dispatch'>),
    ),
  which.map((index) =>
    of(index, async (worker, scene) => {
      const answer = await scene.tenant.as(worker.credential, 'claims.poll', { max: 2 })
      if (answer.ok) for (const offer of answer.value.offers) scene.offers.push({ offer, worker })
    }),
  ),
  which.map((index) => async (scene: Scene) => {
    const chosen = at(scene.offers.slice(-4), index)
    if (chosen !== undefined) await scene.tenant.as(scene.tenant.lease(chosen.offer), 'claims.start', { job_id: chosen.offer.job.id })
  }),
  fc.tuple(which, fc.constantFrom('ok', 'no', 'spawn_failed', 'rate_limited')).map(([index, end]) => async (scene: Scene) => {
    const chosen = at(scene.offers.slice(-4), index)
    if (chosen === undefined) return
    const { id: job_id } = chosen.offer.job
    const lease = scene.tenant.lease(chosen.offer)
    if (end === 'ok') await scene.tenant.as(lease, 'claims.complete', { job_id, usage: { tokens_in: index } })
    else await scene.tenant.as(lease, 'claims.fail', { job_id, error: { type: end, message: 'no', retryable: true } })
  }),
  fc.constantFrom(1_000, 6_000, 16_000, 31_000, 190_000, 700_000).map((ms) => async () => clock.pass(ms)),
  fc.constantFrom(1, 2, 3).map((level) => (scene: Scene) => scene.tenant.call('killswitch.raise', { level, lower: true })),
  fc.constant((scene: Scene) => scene.tenant.call('killswitch.clear', { resume_all: true })),
  fc.boolean().map((value) => (scene: Scene) => scene.tenant.call('settings.update', { require_capability: value })),
  fc
    .constantFrom<Input<'director.set_catalogue'>['rules']>([], [{ model: '*opus*', model_class: 'cheap hosted' }])
    .map((rules) => (scene: Scene) => scene.tenant.call('director.set_catalogue', { rules })),
  fc.boolean().map(
    (takes) =>
      ({ tenant, person }: Scene) =>
        tenant.as(person.credential, takes ? 'work.join' : 'work.leave', {}),
  ),
  which.map((index) =>
    of(index, async (worker, { tenant, sockets }) => {
      if (sockets.has(worker.name)) return
      const socket = await TestSocket.greet(tenant, worker, { takeover: true })
      socket.send({ type: 'credit', slots: index % 2 })
      sockets.set(worker.name, socket)
    }),
  ),
  which.map((index) => async ({ sockets }: Scene) => {
    const socket = at([...sockets.values()], index)
    if (socket === undefined || socket.closed !== undefined) return
    const before = socket.pongs
    socket.sendText('ping')
    await Promise.race([socket.untilPongs(before + 1), socket.untilClosed()])
  }),
  which.map((index) => async ({ sockets }: Scene) => {
    const name = at([...sockets.keys()], index)
    if (name === undefined) return
    sockets.get(name)?.close()
    sockets.delete(name)
  }),
  fc.constant(async ({ sockets }: Scene) => {
    sockets.clear()
    await abortAllDurableObjects()
  }),
)

it('chooses as if it had looked at everybody, after any events', { timeout: 120_000 }, async () => {
  const seed = Math.floor(Math.random() * 0x7fff_ffff)
  await fc.assert(
    fc.asyncProperty(fc.array(events, { minLength: 30, maxLength: 60, size: 'max' }), async (happened) => {
      const tenant = await TestTenant.create()
      const workers: WorkerHandle[] = []
      for (const name of ['anna', 'bert', 'cleo', 'dora', 'emil', 'finn'])
        workers.push(await tenant.worker(name, name < 'c' ? [{ name: 'mail.send', risk_tier: 'auto' }] : []))
      const scene: Scene = { tenant, person: await tenant.member('Rosa', 'operator'), workers, offers: [], sockets: new Map() }
      for (const worker of workers.slice(3)) {
        await tenant.must('workers.update', { worker_id: worker.id, config: { concurrency_key: 'workdir' } })
        await tenant.present(worker, { place: 'host:/a' })
      }
      await tenant.must('work.join', { name: 'rosa' }, scene.person.credential)
      for (const event of happened) await event(scene)
      // One more commit, so that the last event is compared as well.
      await tenant.call('jobs.dispatch', { prompt: 'p', when_offline: 'queue' })
      expect(oracle.found, `seed ${seed}`).toEqual([])
      for (const socket of scene.sockets.values()) socket.close()
    }),
    { seed, numRuns: 8, interruptAfterTimeLimit: 40_000 },
  )
  expect(oracle.compared, `seed ${seed}`).toBeGreaterThan(100)
})

it.each(['stopping', 'stopped'])(
  'knows that a place is free when its worker says in one report that it is elsewhere and %s',
  async (status) => {
    const tenant = await TestTenant.create()
    const [dora, emil] = [await tenant.worker('dora'), await tenant.worker('emil')]
    for (const worker of [dora, emil]) {
      await tenant.must('workers.update', { worker_id: worker.id, config: { concurrency_key: 'workdir' } })
      await tenant.present(worker, { place: 'host:/a' })
    }
    await tenant.must('jobs.dispatch', { prompt: 'p', target: 'dora' })
    await tenant.start(dora)
    await tenant.present(dora, { place: 'host:/b', status })
    await tenant.must('jobs.dispatch', { prompt: 'p' })
    expect(oracle.found).toEqual([])
    expect(await tenant.offers(emil)).toHaveLength(1)
  },
)
