import { runInDurableObject } from 'cloudflare:test'
import type { AuditRow } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { failureOf, TestTenant, type WorkerHandle } from '../harness.ts'

/** Deterministic, so that a race that went wrong can be run again. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const left = [...items]
  const out: Item[] = []
  while (left.length > 0) out.push(...left.splice(Math.floor(random() * left.length), 1))
  return out
}

const trailOf = (tenant: TestTenant): Promise<AuditRow[]> =>
  runInDurableObject(tenant.raw, (_, state) =>
    state.storage.sql
      .exec<{ row: string }>('SELECT row FROM audit ORDER BY seq')
      .toArray()
      .map(({ row }) => JSON.parse(row)),
  )

interface Racer {
  /** What the race did, for whoever has to find out why. */
  readonly log: string[]
  /** A claim was asked for before the reins were pulled, after, or at the same time: some win. */
  won: number
}

async function startOffered(tenant: TestTenant, worker: WorkerHandle, racer: Racer): Promise<void> {
  for (const offer of await tenant.offers(worker, 3)) {
    const answer = await tenant.as(tenant.lease(offer), 'claims.start', { job_id: offer.job.id })
    racer.log.push(`start ${offer.job.id}: ${failureOf(answer)}`)
    if (answer.ok) racer.won += 1
  }
}

async function race(tenant: TestTenant, worker: WorkerHandle, level: 3 | 4, random: () => number): Promise<Racer> {
  const racer: Racer = { log: [], won: 0 }
  const note = (what: string, answer: Parameters<typeof failureOf>[0]): void => {
    racer.log.push(`${what}: ${failureOf(answer)}`)
    if (what === 'claim' && answer.ok) racer.won += 1
  }
  const standing = await tenant.must('jobs.create', { prompt: 'race' })
  const [offered] = random() < 0.5 ? await tenant.offers(worker) : []
  let before = 0
  const runners = [
    async () => {
      const raised = await tenant.must('killswitch.raise', { level })
      racer.log.push('raised')
      before = raised.generation
      // From here on it is acknowledged: whatever is asked for now must be refused.
      const late = await Promise.all([
        tenant.as(worker.credential, 'claims.claim', { job_id: standing.id }),
        ...(offered === undefined ? [] : [tenant.as(tenant.lease(offered), 'claims.start', { job_id: offered.job.id })]),
        tenant.call('jobs.dispatch', { prompt: 'late' }),
      ])
      // Of a job that the switch has ended, a worker that it was never given to learns nothing.
      for (const answer of late) expect(['killswitch', 'lease-lost', 'not-found', 'wrong-state']).toContain(failureOf(answer))
      expect(await tenant.offers(worker, 3)).toEqual([])
    },
    async () => note('claim', await tenant.as(worker.credential, 'claims.claim', { job_id: standing.id })),
    async () => note('dispatch', await tenant.call('jobs.dispatch', { prompt: 'race' })),
    () => startOffered(tenant, worker, racer),
    async () => {
      if (offered === undefined) return
      const answer = await tenant.as(tenant.lease(offered), 'claims.start', { job_id: offered.job.id })
      racer.log.push(`standing ${offered.job.id}: ${failureOf(answer)}`)
      if (answer.ok) racer.won += 1
    },
    async () =>
      void (await tenant.must(
        'presence.report',
        { instance: `${worker.name}-1`, status: 'busy', leases: [{ job_id: standing.id, attempt: 1 }] },
        worker.credential,
      )),
  ]
  await Promise.all(shuffled(runners, random).map((run) => run()))
  expect(before).toBeGreaterThan(0)
  return racer
}

describe('a thousand races against the killswitch', () => {
  it('never let an attempt start, or go on, once the reins were pulled', async () => {
    const tenant = await TestTenant.create()
    const worker = await tenant.worker('racer')
    await tenant.present(worker, { slots: 100 })
    const random = dice(20_260_601)
    let winners = 0
    const logs: string[] = []
    for (let count = 0; count < 1_000; count += 1) {
      const racer = await race(tenant, worker, count % 2 === 0 ? 3 : 4, random)
      winners += racer.won
      logs.push(`race ${count}: ${racer.log.join(', ')}`)
      expect((await tenant.must('jobs.list', { status: ['running'] })).items, logs.at(-1)).toEqual([])
      await tenant.must('jobs.abort_many', { all: true })
      await tenant.must('killswitch.clear', { resume_all: true })
    }
    // The trail is the sequence in which things happened.
    let raised = false
    let races = 0
    for (const row of await trailOf(tenant)) {
      if (row.action === 'killswitch.raise') raised = true
      if (row.action === 'killswitch.clear') [raised, races] = [false, races + 1]
      if (row.action === 'job.start') expect(raised, `${row.subject} in ${logs[races]}`).toBe(false)
    }
    expect(races).toBe(1_000)
    // A race that nobody can win proves nothing.
    expect(winners).toBeGreaterThan(100)
  }, 600_000)
})
