/** Says how a thread is read when the archive has some of its turns, and what deleting it takes out of R2 and refuses afterwards. */
import { type Artifact, type Job, type ThreadDeleted, type ThreadWithTurns, limits } from '@modelreins/contract'
import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, test } from 'vitest'
import { call, json, newTenant, newWorker, present, problem, type TestOffer, type TestTenant, type TestWorker } from './edge.ts'

let tenant: TestTenant
let worker: TestWorker
beforeAll(async () => {
  tenant = await newTenant()
  worker = await newWorker(tenant)
})

const asOwner = (method: string, path: string, body?: unknown): Promise<Response> => call(method, path, { token: tenant.owner, body })
const keysUnder = async (prefix: string): Promise<readonly string[]> =>
  (await env.ARCHIVE.list({ prefix })).objects.map((object) => object.key)

async function started(thread_id: string, prompt: string): Promise<{ readonly id: number; readonly lease: string }> {
  await json(present(worker))
  const job = await json<Job>(asOwner('POST', '/api/v1/dispatch', { prompt, thread_id, target: worker.name }), 201)
  const { offers } = await json<{ offers: TestOffer[] }>(call('POST', '/api/v1/claims', { token: worker.token, body: { max: 1 } }))
  const offer = offers.find((one) => one.job.id === job.id)
  if (offer === undefined) throw new Error('the job was not offered')
  await json(call('POST', `/api/v1/claims/${job.id}/start`, { token: offer.lease.token }))
  return { id: job.id, lease: offer.lease.token }
}

const complete = (job: { readonly id: number; readonly lease: string }, body: unknown): Promise<Response> =>
  call('POST', `/api/v1/claims/${job.id}/complete`, { token: job.lease, body })
const say = (job: { readonly id: number; readonly lease: string }, seq: number, text: string): Promise<Response> =>
  call('POST', `/api/v1/claims/${job.id}/output`, { token: job.lease, body: { chunks: [{ seq, stream: 'stdout', text }] } })
const upload = (job: { readonly id: number; readonly lease: string }, body: string | ReadableStream): Promise<Response> =>
  call('POST', `/api/v1/artifacts/upload?job_id=${job.id}&filename=f.txt`, {
    token: job.lease,
    body,
    headers: { 'content-type': 'text/plain' },
  })

const isArchived = async (id: number): Promise<boolean> =>
  (await env.REGISTRY.prepare('SELECT id FROM jobs WHERE tenant = ? AND id = ?').bind(tenant.tenant, id).first()) !== null
async function letGo(ids: readonly number[]): Promise<void> {
  const object = env.TENANT.get(env.TENANT.idFromName(tenant.tenant))
  await runInDurableObject(object, (_object, state) => {
    for (const id of ids) state.storage.sql.exec('DELETE FROM jobs WHERE id = ?', id)
  })
  await evictDurableObject(object)
}

async function turn(thread_id: string, prompt: string): Promise<number> {
  const job = await started(thread_id, prompt)
  await json(complete(job, { result: `${prompt}!` }))
  await expect.poll(() => isArchived(job.id), { timeout: 5_000 }).toBe(true)
  return job.id
}

describe('a thread', () => {
  test('is read with the turns that the tenant object has let go, page by page', async () => {
    const ids = [await turn('long', 'one'), await turn('long', 'two'), await turn('long', 'three')]
    await letGo(ids.slice(0, 2))
    const whole = await json<ThreadWithTurns>(asOwner('GET', '/api/v1/threads/long'))
    expect(whole.turns.map((one) => [one.job_id, one.prompt, one.answer])).toEqual([
      [ids[0], 'one', 'one!'],
      [ids[1], 'two', 'two!'],
      [ids[2], 'three', 'three!'],
    ])
    expect(whole).toMatchObject({ archive: 'read', next_cursor: null, jobs: 1 })
    const seen: number[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page: ThreadWithTurns = await json(asOwner('GET', `/api/v1/threads/long?limit=1${query}`))
      seen.push(...page.turns.map((one) => one.job_id))
      cursor = page.next_cursor
    }
    expect(seen).toEqual(ids)
  })
})

describe('deleting a thread', () => {
  test('takes results, transcripts and files out of R2, and hands out nothing of it any more', async () => {
    const job = await started('secret', 'a secret')
    await json(say(job, 0, 'streamed secret'))
    const file = await json<Artifact>(upload(job, 'secret file'), 201)
    await json(complete(job, { result: 's'.repeat(limits.result_inline_bytes + 1), chunks: 1 }))
    await env.ARCHIVE.put(`transcripts/${tenant.tenant}/${job.id}.ndjson`, 'secret')
    expect(await keysUnder(`results/${tenant.tenant}/${job.id}/`)).toHaveLength(1)
    const gone = await json<ThreadDeleted>(asOwner('DELETE', '/api/v1/threads/secret'))
    expect(gone).toMatchObject({ thread_id: 'secret', erased_jobs: 1, aborted: [], complete: true })
    expect(await keysUnder(`results/${tenant.tenant}/${job.id}/`)).toEqual([])
    expect(await keysUnder(`transcripts/${tenant.tenant}/${job.id}.`)).toEqual([])
    await expect.poll(() => keysUnder(`artifacts/${tenant.tenant}/${file.slug}`), { timeout: 5_000 }).toEqual([])
    for (const path of [`jobs/${job.id}`, `jobs/${job.id}/result`, `jobs/${job.id}/stream`, `jobs/${job.id}/why`]) {
      expect(await problem(asOwner('GET', `/api/v1/${path}`), 410)).toMatchObject({
        code: 'gone',
        detail: expect.stringContaining('erased with its thread'),
      })
    }
    expect((await asOwner('GET', file.url)).status).toBe(410)
    const { items } = await json<{ items: Job[] }>(asOwner('GET', '/api/v1/jobs?thread_id=secret'))
    expect(items).toEqual([])
    await problem(asOwner('DELETE', '/api/v1/threads/never-was'), 404)
    expect(await json(asOwner('DELETE', '/api/v1/threads/secret'))).toEqual(gone)
  })

  test('hands out nothing of fan-outs that the archive alone has, children and their files included, while it does not answer the erasure', async () => {
    const other = await newWorker(tenant, 'other')
    for (const one of [worker, other]) await json(present(one))
    const asked = { prompt: 'a secret', thread_id: 'asked', targets: [worker.name, other.name], merge: { by: 'concat' } }
    const parent = await json<Job>(asOwner('POST', '/api/v1/dispatch', asked), 201)
    const files: Artifact[] = []
    for (const one of [worker, other]) {
      const { offers } = await json<{ offers: TestOffer[] }>(call('POST', '/api/v1/claims', { token: one.token, body: { max: 1 } }))
      const child = { id: offers[0]?.job.id ?? 0, lease: offers[0]?.lease.token ?? '' }
      await json(call('POST', `/api/v1/claims/${child.id}/start`, { token: child.lease }))
      files.push(await json<Artifact>(upload(child, 'secret file'), 201))
      await json(complete(child, { result: 'secret' }))
    }
    const family = [parent.id, parent.id + 1, parent.id + 2]
    for (const id of family) await expect.poll(() => isArchived(id), { timeout: 5_000 }).toBe(true)
    // The newest row is never let go.
    await turn('newer', 'newer')
    await letGo(family)
    expect(await json(asOwner('GET', `/api/v1/jobs/${parent.id + 1}`))).toMatchObject({ result: 'secret', parent_id: parent.id })
    await env.REGISTRY.exec("CREATE TRIGGER keeps BEFORE DELETE ON jobs BEGIN SELECT RAISE(FAIL, 'not now'); END")
    try {
      expect(await json(asOwner('DELETE', '/api/v1/threads/asked'))).toMatchObject({ complete: false })
      for (const id of family) {
        expect(await isArchived(id)).toBe(true)
        for (const path of [`jobs/${id}`, `jobs/${id}/result`, `jobs/${id}/stream`])
          expect(await problem(asOwner('GET', `/api/v1/${path}`), 410)).toMatchObject({ code: 'gone' })
      }
      for (const filter of [`parent_id=${parent.id}`, 'thread_id=asked', 'status=done'])
        expect(
          (await json<{ items: Job[] }>(asOwner('GET', `/api/v1/jobs?${filter}`))).items.filter(({ id }) => family.includes(id)),
        ).toEqual([])
      for (const file of files) expect((await asOwner('GET', file.url)).status).toBe(410)
    } finally {
      await env.REGISTRY.exec('DROP TRIGGER keeps')
    }
  })

  test('while its job runs stores nothing of what comes later: output, files, result', async () => {
    const job = await started('running', 'still running')
    await json(say(job, 0, 'before'))
    let send: ((text: string) => void) | undefined
    const arriving = upload(
      job,
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('first half, '))
          send = (text) => {
            controller.enqueue(new TextEncoder().encode(text))
            controller.close()
          }
        },
      }),
    )
    expect(await problem(asOwner('DELETE', '/api/v1/threads/running'), 409)).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining(`not ended: ${job.id}`),
    })
    expect(await json(asOwner('DELETE', '/api/v1/threads/running?abort=true'))).toMatchObject({ aborted: [job.id], complete: true })
    send?.('second half')
    expect((await arriving).status).toBeGreaterThanOrEqual(400)
    expect((await say(job, 1, 'after')).status).toBe(409)
    expect(await problem(complete(job, { result: 'y'.repeat(limits.result_inline_bytes + 1), chunks: 2 }), 409)).toMatchObject({
      code: 'lease-lost',
    })
    expect(await keysUnder(`results/${tenant.tenant}/${job.id}/`)).toEqual([])
    await expect.poll(async () => (await keysUnder(`artifacts/${tenant.tenant}/`)).length, { timeout: 5_000 }).toBe(0)
    const stream = env.JOB_STREAM.get(env.JOB_STREAM.idFromName(`${tenant.tenant}/${job.id}`))
    await runInDurableObject(stream, async (_object, state) => {
      expect([...(await state.storage.list()).keys()]).toEqual(['erased'])
    })
  })

  test('is for operators and owners', async () => {
    await json(asOwner('POST', '/api/v1/members', { name: 'vic', role: 'viewer' }), 201)
    await problem(call('DELETE', '/api/v1/threads/long', { token: worker.token }), 403)
  })
})
