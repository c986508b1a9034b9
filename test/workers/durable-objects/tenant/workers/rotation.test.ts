/** Says that a right ends with the token by which it was taken: what was on offer, what runs, and what companions run under a key. */
import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Offer } from '@modelreins/contract'
import { failureOf, frozenTime, sha256, TestTenant, type WorkerHandle } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
let anna: WorkerHandle
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  anna = await tenant.worker('anna', [], { slots: 10 })
})
afterEach(() => {
  vi.useRealTimers()
})

async function offered(): Promise<Offer> {
  await tenant.must('jobs.dispatch', { prompt: 'p' })
  const [offer] = await tenant.offers(anna)
  if (offer === undefined) throw new Error('no offer')
  return offer
}
async function running(): Promise<Offer> {
  const offer = await offered()
  await tenant.must('claims.start', { job_id: offer.job.id }, tenant.lease(offer))
  return offer
}
const verbs = (offer: Offer): Promise<readonly string[]> =>
  Promise.all(
    [
      tenant.as(tenant.lease(offer), 'claims.start', { job_id: offer.job.id }),
      tenant.as(tenant.lease(offer), 'claims.complete', { job_id: offer.job.id, result: 'forged' }),
      tenant.as(tenant.lease(offer), 'claims.fail', { job_id: offer.job.id, error: { type: 'x', message: 'y' } }),
    ].map(async (answer) => failureOf(await answer)),
  )
const statusOf = async (job_id: number): Promise<string> => {
  const job = await tenant.must('jobs.get', { job_id })
  return job.error === null ? job.status : `${job.status} ${job.error.type}`
}

describe.each([
  ['at the same moment', 0, false],
  ['later', 1_000, false],
  ['after the object was killed', 1_000, true],
])('a worker token that is replaced, %s', (_, ms, killed) => {
  async function rotate(more: { readonly keep_running?: boolean } = {}): Promise<void> {
    clock.pass(ms)
    await tenant.must('workers.rotate', { worker_id: anna.id, ...more })
    if (killed) await abortAllDurableObjects()
    clock.pass(ms)
  }

  it('takes back what was offered, what runs and what was lost', async () => {
    const lost = await running()
    clock.pass(31_000)
    await tenant.present(anna)
    expect(await statusOf(lost.job.id)).toBe('retry worker_lost')
    const run = await running()
    const offer = await offered()
    await rotate()
    for (const one of [run, offer]) expect(await verbs(one)).not.toContain('ok')
    if (ms > 0) expect(await verbs(lost)).not.toContain('ok')
    expect(await statusOf(run.job.id)).toMatch(/^(?:retry|pending) token_replaced$/)
    expect(await statusOf(offer.job.id)).toBe('pending')
  })

  it('lets go on what runs, and nothing else, where that was said', async () => {
    const run = await running()
    const offer = await offered()
    await rotate({ keep_running: true })
    expect(await verbs(offer)).not.toContain('ok')
    expect(await tenant.as(tenant.lease(run), 'claims.complete', { job_id: run.job.id, result: 'mine' })).toMatchObject({ ok: true })
    expect(await statusOf(run.job.id)).toBe('done')
  })
})

describe.each(['rotated', 'revoked', 'rotated with keep_running'] as const)('the key of a member that is %s', (how) => {
  it('ends what its companions run, unless it is to go on', async () => {
    const oskar = await tenant.member('Oskar', 'operator')
    await tenant.must('presence.report', { instance: 'comp', status: 'active' }, oskar.credential)
    const job = await tenant.must('jobs.dispatch', { prompt: 'p', target: 'comp' })
    const claimed = await tenant.must('claims.claim', { job_id: job.id, worker: 'comp' }, oskar.credential)
    clock.pass(1_000)
    if (how === 'revoked') await tenant.must('members.revoke', { member_id: oskar.id })
    else await tenant.must('members.rotate', { member_id: oskar.id, ...(how === 'rotated' ? {} : { keep_running: true }) })
    const answer = await tenant.as(tenant.lease(claimed), 'claims.complete', { job_id: job.id, result: 'forged' })
    expect(failureOf(answer)).toBe(how === 'rotated with keep_running' ? 'ok' : 'unauthorized')
    expect(await statusOf(job.id)).toBe(how === 'rotated with keep_running' ? 'done' : 'retry token_replaced')
  })
})

it('files by a lease need the attempt to run', async () => {
  const { stub } = tenant
  const upload = async (offer: Offer, name: string): Promise<string> => {
    const slug = `ar${name.padEnd(20, 'x')}`
    const credential = tenant.lease(offer)
    const reserved = await stub.reserveArtifact({ credential, slug, place: {}, idempotency_key: null, request_id: 'test' })
    if (!reserved.ok) return reserved.failure.code
    const file = { filename: 'f', content_type: 'text/plain', size_bytes: 1, sha256: sha256('x'), share: false, expires_at: null }
    const kept = await stub.keepArtifact({ credential, slug, upload: file, request_id: 'test' })
    return kept.ok ? 'ok' : kept.failure.code
  }
  const read = async (offer: Offer, name: string): Promise<string> => {
    const slug = `ar${name.padEnd(20, 'x')}`
    const found = await stub.locateArtifact({ credential: tenant.lease(offer), slug, request_id: 'test' })
    return found.ok ? 'ok' : found.failure.code
  }
  const ends: Readonly<Record<string, (offer: Offer) => Promise<unknown>>> = {
    done: (offer) => tenant.must('claims.complete', { job_id: offer.job.id, result: 'ok' }, tenant.lease(offer)),
    failed: (offer) =>
      tenant.must('claims.fail', { job_id: offer.job.id, error: { type: 'x', message: 'y', retryable: true } }, tenant.lease(offer)),
    aborted: (offer) => tenant.must('jobs.abort', { job_id: offer.job.id }),
    killed: () => tenant.must('killswitch.raise', { level: 4 }),
  }
  for (const [name, end] of Object.entries(ends)) {
    const offer = await running()
    expect([name, await upload(offer, `${name}0`), await read(offer, `${name}0`)]).toEqual([name, 'ok', 'ok'])
    await end(offer)
    expect([name, await upload(offer, `${name}1`), await read(offer, `${name}0`)]).toEqual([name, 'lease-lost', 'not-found'])
  }
})

describe('the token in force', () => {
  it('is shown by how it begins, and by nothing of its secret; a new one begins otherwise, a revoked one is none', async () => {
    const tokenOf = async () => (await tenant.must('workers.get', { worker_id: anna.id })).token
    const first = await tokenOf()
    expect(first?.begins).toMatch(/^mrw_[a-z0-9]+_[a-z0-9]+_$/)
    await tenant.must('workers.rotate', { worker_id: anna.id })
    const second = await tokenOf()
    expect(second?.begins).not.toBe(first?.begins)
    await tenant.must('workers.revoke', { worker_id: anna.id })
    expect(await tokenOf()).toBeNull()
  })

  it('of members is listed with them', async () => {
    const rosa = await tenant.member('Rosa', 'reviewer')
    const keyOf = async () => (await tenant.must('members.list', {})).items.find((one) => one.member_id === rosa.id)?.key
    expect(await keyOf()).toMatchObject({
      begins: `mrk_${tenant.name}_${String(rosa.credential.kind === 'member' && rosa.credential.credential)}_`,
    })
    await tenant.must('members.revoke', { member_id: rosa.id })
    expect(await keyOf()).toBeNull()
  })
})
