import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { auditHeadText, limits, type AuditHead, type AuditKey } from '@modelreins/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HeadKey } from '../../../../../durable-objects/tenant/audit/heads-key.ts'
import { Heads, type HeadParts } from '../../../../../durable-objects/tenant/audit/heads.ts'
import type { ChainHead } from '../../../../../src/domain/audit/audit-chain.ts'
import { headPath, headPrefix } from '../../../../../src/domain/audit/audit-keys.ts'
import { frozenTime, sha256, TestTenant } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Numbers of the rows that the archive has a head of. */
async function archived(tenant: string): Promise<number[]> {
  const { objects } = await env.ARCHIVE.list({ prefix: headPrefix(tenant) })
  return objects.map(({ key }) => Number(key.slice(headPrefix(tenant).length, -'.json'.length)))
}

/** What is kept of a head: the object's text and what a list answers must be the same. */
async function kept(tenant: string, seq: number): Promise<AuditHead> {
  const object = await env.ARCHIVE.get(headPath(tenant, seq))
  const { tenant: whose, ...head } = (await object?.json<AuditHead & { tenant: string }>()) ?? {}
  expect(whose).toBe(tenant)
  expect({ seq, ...object?.customMetadata }).toEqual(head)
  return head as AuditHead
}

/** By another implementation than the one that signs. */
async function signedWith({ jwk }: AuditKey, tenant: string, head: AuditHead): Promise<boolean> {
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'Ed25519' }, false, ['verify'])
  const signature = Uint8Array.from(atob(head.signature.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
  return crypto.subtle.verify('Ed25519', key, signature, new TextEncoder().encode(auditHeadText({ ...head, tenant })))
}

/** Rows, in one command. */
const append = (tenant: TestTenant, count: number): Promise<unknown> =>
  tenant.must('jobs.dispatch_batch', { jobs: Array.from({ length: count }, () => ({ prompt: 'x', when_offline: 'queue' as const })) })

async function status(tenant: TestTenant, sign = false) {
  const answer = await tenant.stub.auditStatus({ credential: tenant.owner, sign, request_id: 'test' })
  if (!answer.ok) throw new Error(answer.failure.detail)
  return answer.value
}

const settle = (isSo: () => Promise<boolean>): Promise<void> => vi.waitFor(async () => expect(await isSo()).toBe(true), { timeout: 5_000 })

describe('a head', () => {
  it('is signed after 256 new rows, kept outside the database, and copied into it', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    await append(tenant, 250)
    expect(await archived(tenant.name)).toEqual([])
    await append(tenant, 10)
    const { head, key } = await status(tenant)
    await settle(async () => (await archived(tenant.name)).length === 1)
    const signed = await kept(tenant.name, head.seq)
    expect(signed).toMatchObject({ ...head, at: new Date(clock.now).toISOString(), kid: key.kid })
    expect(await signedWith(key, tenant.name, signed)).toBe(true)
    expect(await signedWith(key, 'another', signed)).toBe(false)
    await settle(async () => {
      const copy = await env.REGISTRY.prepare('SELECT hash, at, key_id AS kid, signature FROM heads WHERE tenant = ? AND seq = ?')
        .bind(tenant.name, head.seq)
        .first()
      return (
        JSON.stringify({ seq: head.seq, ...copy }) ===
        JSON.stringify({ seq: signed.seq, hash: signed.hash, at: signed.at, kid: signed.kid, signature: signed.signature })
      )
    })
  })

  it('is signed ten minutes after the first new row, also by an object that was evicted in between', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    const { head } = await status(tenant)
    clock.pass(limits.audit_head_ms / 2)
    await runDurableObjectAlarm(tenant.raw)
    expect(await archived(tenant.name)).toEqual([])
    await evictDurableObject(tenant.raw)
    clock.pass(limits.audit_head_ms / 2)
    expect(await runDurableObjectAlarm(tenant.raw)).toBe(true)
    expect(await archived(tenant.name)).toEqual([head.seq])
  })

  it('costs nothing while nothing happens: no alarm, no write', async () => {
    const tenant = await TestTenant.create()
    // The owner's one-time view is erased after its day, and that was the last.
    clock.pass(limits.view_ms)
    await runDurableObjectAlarm(tenant.raw)
    expect(await archived(tenant.name)).toHaveLength(1)
    expect(await runInDurableObject(tenant.raw, (_, state) => state.storage.getAlarm())).toBeNull()
    clock.pass(24 * 3_600_000)
    await tenant.must('killswitch.get', {})
    expect(await runDurableObjectAlarm(tenant.raw)).toBe(false)
    expect(await archived(tenant.name)).toHaveLength(1)
  })

  it("is signed with a key that is each tenant's own and stays what it is", async () => {
    const one = await TestTenant.create()
    const other = await TestTenant.create()
    const { key } = await status(one)
    expect(key.jwk.x).not.toBe((await status(other)).key.jwk.x)
    await evictDurableObject(one.raw)
    expect((await status(one)).key).toEqual(key)
    expect(key).toEqual({ kid: key.kid, jwk: { kty: 'OKP', crv: 'Ed25519', x: key.raw }, raw: expect.stringMatching(/^[\w-]{43}$/) })
    expect(key.kid).toBe(Buffer.from(sha256(`{"crv":"Ed25519","kty":"OKP","x":"${key.raw}"}`), 'hex').toString('base64url'))
  })
})

describe('signing on behalf of an export', () => {
  it('covers every row there is, once', async () => {
    const tenant = await TestTenant.create()
    const first = await status(tenant, true)
    expect(await archived(tenant.name)).toEqual([first.head.seq])
    expect(first.shipped).toBe(first.head.seq)
    await status(tenant, true)
    expect(await archived(tenant.name)).toEqual([first.head.seq])
    await tenant.worker('anna')
    const second = await status(tenant, true)
    expect(await archived(tenant.name)).toEqual([first.head.seq, second.head.seq])
  })

  it('is for those who may read the trail', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const seal = { from_seq: 1, through_seq: 1, rows: 1, sha256: sha256('') }
    for (const credential of [anna.credential, { kind: 'none' } as const]) {
      expect(await tenant.stub.auditStatus({ credential, sign: true, request_id: 'test' })).toMatchObject({ ok: false })
      expect(await tenant.stub.sealExport({ credential, seal, request_id: 'test' })).toMatchObject({ ok: false })
    }
    expect(await archived(tenant.name)).toEqual([])
  })
})

/** The tender of heads by itself, over a real bucket that fails when it is told to. */
function tender(tenant: string) {
  const failures: string[] = []
  const state = {
    head: { seq: 0, hash: sha256('0') } as ChainHead,
    signed: 0,
    appended: 0,
    bucketDown: false,
    copyDown: false,
    copies: [] as number[],
    rearmed: 0,
  }
  const archive = new Proxy(env.ARCHIVE, {
    get: (bucket, name) => {
      if (name === 'put' && state.bucketDown) return () => Promise.reject(new Error('the bucket is down'))
      const member: unknown = Reflect.get(bucket, name)
      return typeof member === 'function' ? member.bind(bucket) : member
    },
  })
  const parts: HeadParts = {
    tenant,
    key: () => new HeadKey({ id: 'a', hmac: () => new Uint8Array(32).fill(7) }, tenant),
    archive,
    newest: () => state.head,
    appendedAt: (seq) => (seq <= state.head.seq ? state.appended : undefined),
    signed: { get: () => state.signed, set: (seq) => void (state.signed = seq) },
    copy: async ({ seq }) => {
      if (state.copyDown) throw new Error('the database is down')
      state.copies.push(seq)
    },
    now: () => clock.now,
    waitUntil: () => undefined,
    rearm: () => void (state.rearmed += 1),
    failed: (reason) => void failures.push(reason),
  }
  const heads = new Heads(parts)
  const grow = (rows: number): void => {
    const seq = state.head.seq + rows
    state.head = { seq, hash: sha256(String(seq)) }
    state.appended = clock.now
  }
  return { heads, state, failures, grow }
}

it('a busy tenant signs no second head within ten seconds, and goes on when its clock was set back', async () => {
  const { heads, state, grow } = tender('busy')
  grow(300)
  expect(await heads.tend()).toBe(true)
  grow(5_000)
  expect(heads.tend()).toBeUndefined()
  expect(heads.dueAt).toBe(clock.now + limits.audit_head_pause_ms)
  clock.pass(limits.audit_head_pause_ms)
  expect(await heads.tend()).toBe(true)
  expect(state.copies).toEqual([300, 5_300])
  grow(300)
  expect(heads.tend()).toBeUndefined()
  clock.pass(-3_600_000)
  expect(heads.dueAt).toBe(clock.now)
})

describe('when the archive or the database does not answer', () => {
  it('the head is tried again, later and later, and kept once it can be', async () => {
    const { heads, state, failures, grow } = tender('outage')
    state.bucketDown = true
    grow(300)
    expect(await heads.tend()).toBe(false)
    expect(failures).toEqual(['the bucket is down'])
    expect(heads.dueAt).toBe(clock.now + 1_000)
    expect(heads.tend()).toBeUndefined()
    clock.pass(1_000)
    await heads.tend()
    expect(heads.dueAt).toBe(clock.now + 5_000)
    state.bucketDown = false
    state.copyDown = true
    clock.pass(5_000)
    expect(await heads.tend()).toBe(false)
    expect(await archived('outage')).toEqual([300])
    expect(state.signed).toBe(0)
    state.copyDown = false
    grow(1)
    clock.pass(30_000)
    // The head that was signed comes first; the new row waits for its own time.
    expect(await heads.tend()).toBe(false)
    expect(state).toMatchObject({ signed: 300, copies: [300] })
    expect(heads.dueAt).toBe(state.appended + limits.audit_head_ms)
    expect(state.rearmed).toBe(4)
  })

  it('a head that is there already is taken as it is, and none is ever replaced', async () => {
    const first = tender('again')
    first.grow(10)
    expect(await first.heads.sign()).toBe(true)
    const before = await kept('again', 10)
    clock.pass(60_000)
    // Evicted before it remembered: it signs the same row again.
    const second = tender('again')
    second.grow(10)
    expect(await second.heads.sign()).toBe(true)
    expect(second.state).toMatchObject({ signed: 10, copies: [10] })
    expect(await kept('again', 10)).toEqual(before)
    // A chain that was set back and goes on otherwise.
    const third = tender('again')
    third.grow(10)
    third.state.head = { seq: 10, hash: sha256('another') }
    expect([await third.heads.sign(), third.failures]).toEqual([true, [expect.stringContaining('another head of row 10')]])
    expect(third.state.copies).toEqual([])
    expect(await kept('again', 10)).toEqual(before)
  })
})
