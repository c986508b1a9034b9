/** Says what the tenant object does with artifacts as time passes and parts fail: nothing half-made stays, nothing kept is lost. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { limits } from '@modelreins/contract'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { KeptUpload } from '../../../../../durable-objects/tenant/artifacts/artifact-calls.ts'
import { ArtifactEraser } from '../../../../../durable-objects/tenant/artifacts/artifact-eraser.ts'
import type { CallCredential } from '../../../../../durable-objects/tenant/call.ts'
import { openStores } from '../../../../../durable-objects/tenant/kernel/open-stores.ts'
import { rooms } from '../../../../../durable-objects/tenant/rooms.ts'
import { artifactKey } from '../../../../../src/domain/artifact/artifact.ts'
import { frozenTime, sha256, TestTenant } from '../harness.ts'

const minute = 60_000
const hour = 60 * minute

let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
})
afterEach(() => {
  vi.useRealTimers()
})

let named = 0
const newSlug = (): string => `ar${tenant.name}${(named += 1)}`
const key = (slug: string): string => artifactKey(tenant.name, slug)
const inArchive = async (slug: string): Promise<boolean> => (await env.ARCHIVE.head(key(slug))) !== null

interface Reserving {
  readonly credential?: CallCredential
  readonly job_id?: number
  readonly idempotency_key?: string
}

async function reserve(slug: string, { credential = tenant.owner, job_id, idempotency_key = undefined }: Reserving = {}) {
  const place = job_id === undefined ? {} : { job_id }
  return tenant.stub.reserveArtifact({ credential, slug, place, idempotency_key: idempotency_key ?? null, request_id: 'test' })
}

const content = 'hello'
const whole: KeptUpload = {
  filename: 'a.txt',
  content_type: 'text/plain',
  size_bytes: content.length,
  sha256: sha256(content),
  share: false,
  expires_at: null,
}
const keep = (slug: string, more: Partial<KeptUpload> = {}, credential = tenant.owner) =>
  tenant.stub.keepArtifact({ credential, slug, upload: { ...whole, ...more }, request_id: 'test' })
const release = (slug: string, credential = tenant.owner) => tenant.stub.releaseArtifact({ credential, slug, request_id: 'test' })

async function uploaded(more: Partial<KeptUpload> = {}): Promise<string> {
  const slug = newSlug()
  await reserve(slug)
  await env.ARCHIVE.put(key(slug), content)
  expect(await keep(slug, more)).toMatchObject({ ok: true })
  return slug
}

async function readBy(credential: CallCredential, slug: string): Promise<string> {
  const found = await tenant.stub.locateArtifact({ credential, slug, request_id: 'test' })
  return found.ok ? 'ok' : found.failure.code
}
const read = (slug: string): Promise<string> => readBy(tenant.owner, slug)
const readByAnybody = (slug: string): Promise<string> => readBy({ kind: 'none' }, slug)

const stateOf = (slug: string): Promise<string | undefined> =>
  runInDurableObject(
    tenant.raw,
    (_, state) => state.storage.sql.exec<{ state: string }>('SELECT state FROM artifacts WHERE slug = ?', slug).toArray()[0]?.state,
  )

const actions = (): Promise<readonly string[]> =>
  runInDurableObject(tenant.raw, (_, state) =>
    state.storage.sql
      .exec<{ row: string }>('SELECT row FROM audit ORDER BY seq')
      .toArray()
      .map(({ row }) => (JSON.parse(row) as { action: string }).action)
      .filter((action) => action.startsWith('artifact.')),
  )

describe('an upload', () => {
  test('is readable once it is kept, not before', async () => {
    const slug = newSlug()
    await reserve(slug)
    expect(await read(slug)).toBe('not-found')
    expect(await tenant.must('artifacts.list', {})).toMatchObject({ items: [] })
    await keep(slug)
    expect(await read(slug)).toBe('ok')
    expect(await actions()).toEqual(['artifact.upload'])
  })

  test('that is released leaves neither a row nor bytes, and no word in the audit trail', async () => {
    const slug = newSlug()
    await reserve(slug)
    await env.ARCHIVE.put(key(slug), content)
    await release(slug)
    await expect.poll(() => inArchive(slug)).toBe(false)
    await expect.poll(() => stateOf(slug)).toBeUndefined()
    expect(await keep(slug)).toMatchObject({ ok: false, failure: { code: 'conflict' } })
    expect(await actions()).toEqual([])
  })

  test('that nobody ends is given up by itself, and erased', async () => {
    const slug = newSlug()
    await reserve(slug)
    await env.ARCHIVE.put(key(slug), content)
    clock.pass(limits.artifact_upload_ms - 1)
    await runDurableObjectAlarm(tenant.raw)
    expect(await stateOf(slug)).toBe('uploading')
    clock.pass(1)
    await runDurableObjectAlarm(tenant.raw)
    await expect.poll(() => inArchive(slug)).toBe(false)
    expect(await keep(slug)).toMatchObject({ ok: false, failure: { code: 'conflict' } })
  })

  test('is ended by whoever began it, and by nobody else', async () => {
    const worker = await tenant.worker('anna')
    const slug = newSlug()
    await reserve(slug)
    await release(slug, worker.credential)
    expect(await keep(slug, {}, worker.credential)).toMatchObject({ ok: false, failure: { code: 'conflict' } })
    expect(await keep(slug)).toMatchObject({ ok: true })
  })

  test('kept twice, reserved twice, released after it was kept: all the same', async () => {
    const slug = newSlug()
    expect(await reserve(slug)).toMatchObject({ ok: true })
    expect(await reserve(slug)).toMatchObject({ ok: true, value: { earlier: null } })
    const first = await keep(slug)
    expect(await keep(slug)).toEqual(first)
    await release(slug)
    expect(await read(slug)).toBe('ok')
    expect(await actions()).toEqual(['artifact.upload'])
  })

  test('begun again with the same key takes the place of one that has not ended', async () => {
    const [first, second] = [newSlug(), newSlug()]
    await reserve(first, { idempotency_key: 'k' })
    expect(await reserve(second, { idempotency_key: 'k' })).toMatchObject({ ok: true, value: { earlier: null } })
    expect(await keep(first)).toMatchObject({ ok: false, failure: { code: 'conflict' } })
    expect(await keep(second)).toMatchObject({ ok: true })
    expect(await reserve(newSlug(), { idempotency_key: 'k' })).toMatchObject({ ok: true, value: { earlier: { slug: second } } })
    const worker = await tenant.worker('anna')
    expect(await reserve(newSlug(), { credential: worker.credential, idempotency_key: 'k' })).toMatchObject({ value: { earlier: null } })
  })

  test('counts against the limit of its job while it arrives', async () => {
    const job = await tenant.must('jobs.create', { prompt: 'many files' })
    const most = limits.artifacts_per_job
    for (let made = 0; made < most; made += 1) await reserve(newSlug(), { job_id: job.id })
    const refused = await reserve(newSlug(), { job_id: job.id })
    expect(refused).toMatchObject({ ok: false, failure: { code: 'conflict', detail: expect.stringContaining(String(most)) } })
    const elsewhere = newSlug()
    await reserve(elsewhere)
    expect(await keep(elsewhere, { job_id: job.id })).toMatchObject({ ok: false, failure: { code: 'conflict' } })
    clock.pass(limits.artifact_upload_ms)
    await runDurableObjectAlarm(tenant.raw)
    expect(await reserve(newSlug(), { job_id: job.id })).toMatchObject({ ok: true })
  })
})

describe('an artifact that expires', () => {
  test('is read until that very moment, then is gone, for a while, then forgotten', async () => {
    const slug = await uploaded({ share: true, expires_at: clock.now + hour })
    clock.pass(hour - 1)
    expect([await read(slug), await readByAnybody(slug)]).toEqual(['ok', 'ok'])
    clock.pass(1)
    // Before any alarm has rung.
    expect([await read(slug), await readByAnybody(slug)]).toEqual(['gone', 'unauthorized'])
    await runDurableObjectAlarm(tenant.raw)
    await expect.poll(() => inArchive(slug)).toBe(false)
    await expect.poll(() => stateOf(slug)).toBe('erased')
    expect(await actions()).toEqual(['artifact.upload', 'artifact.expire'])
    clock.pass(limits.artifact_gone_ms)
    await tenant.must('members.whoami', {})
    expect(await stateOf(slug)).toBeUndefined()
    expect(await read(slug)).toBe('not-found')
  })

  test('rings for itself: nobody has to call', async () => {
    const slug = await uploaded({ expires_at: clock.now + hour })
    const alarm = await runInDurableObject(tenant.raw, (_, state) => state.storage.getAlarm())
    expect(alarm).toBeLessThanOrEqual(clock.now + hour)
    clock.pass(hour)
    while ((await stateOf(slug)) === 'kept') expect(await runDurableObjectAlarm(tenant.raw)).toBe(true)
    await expect.poll(() => inArchive(slug)).toBe(false)
  })

  test('stays when its end is taken back, and goes with a new one', async () => {
    const slug = await uploaded({ expires_at: clock.now + hour })
    await tenant.must('artifacts.update', { slug, expires_at: null })
    clock.pass(2 * hour)
    await runDurableObjectAlarm(tenant.raw)
    expect(await read(slug)).toBe('ok')
    await tenant.must('artifacts.update', { slug, expires_at: new Date(clock.now + hour).toISOString() })
    clock.pass(hour)
    expect(await read(slug)).toBe('gone')
  })
})

describe('R2 that does not answer', () => {
  test('is asked again until the bytes are gone', async () => {
    const slug = await uploaded()
    // The delete reaches the row, and the bytes are still there: as after an eviction between the two.
    await runInDurableObject(tenant.raw, async (_, state) => {
      const store = await openStores(state.storage, rooms, () => {})
      const record = store.artifacts.get(slug)
      if (record === undefined) throw new Error('no row')
      let tries = 0
      const failures: unknown[] = []
      const eraser = new ArtifactEraser({
        tenant: tenant.name,
        archive: {
          delete: async (keys) => {
            tries += 1
            if (tries === 1) throw new Error('internal error (10001)')
            await env.ARCHIVE.delete(keys)
          },
        },
        store,
        now: () => clock.now,
        waitUntil: () => undefined,
        failed: (reason) => void failures.push(reason),
      })
      store.artifacts.update({ ...record, state: 'erasing', gone_at: clock.now, gone_why: 'deleted', next_at: clock.now + minute })
      await eraser.erase([slug])
      expect(failures).toHaveLength(1)
      expect(store.artifacts.get(slug)?.state).toBe('erasing')
      expect(await inArchive(slug)).toBe(true)
      await eraser.erase([slug])
      expect(store.artifacts.get(slug)?.state).toBe('erased')
      expect(await inArchive(slug)).toBe(false)
    })
  })

  test('and an object that is evicted before it has been asked do not make an erasure forgotten', async () => {
    const slug = await uploaded()
    await runInDurableObject(tenant.raw, async (_, state) => {
      const store = await openStores(state.storage, rooms, () => {})
      const record = store.artifacts.get(slug)
      if (record === undefined) throw new Error('no row')
      store.artifacts.update({
        ...record,
        state: 'erasing',
        gone_at: clock.now,
        gone_why: 'deleted',
        next_at: clock.now + minute,
        erasures: 1,
      })
    })
    await evictDurableObject(tenant.raw)
    expect(await read(slug)).toBe('gone')
    clock.pass(minute)
    await tenant.must('members.whoami', {})
    await expect.poll(() => stateOf(slug)).toBe('erased')
    expect(await inArchive(slug)).toBe(false)
  })
})

test('a job without artifacts says nothing of them', async () => {
  const job = await tenant.must('jobs.create', { prompt: 'plain' })
  expect(await tenant.must('jobs.get', { job_id: job.id })).not.toHaveProperty('artifacts')
})
