/** Says how a job's bytes travel through the edge: large results, output and its stream, and jobs that only the archive still has. */
import { type Job, limits } from '@modelreins/contract'
import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, test } from 'vitest'
import { call, json, newTenant, newWorker, present, problem, startedJob, type TestTenant, type TestWorker } from './edge.ts'

let tenant: TestTenant
let worker: TestWorker
beforeAll(async () => {
  tenant = await newTenant()
  worker = await newWorker(tenant)
})

const asOwner = (method: string, path: string, body?: unknown): Promise<Response> => call(method, path, { token: tenant.owner, body })
const complete = (job: { readonly id: number; readonly lease: string }, body: unknown): Promise<Response> =>
  call('POST', `/api/v1/claims/${job.id}/complete`, { token: job.lease, body })
const storedKeys = async (jobId: number): Promise<string[]> =>
  (await env.ARCHIVE.list({ prefix: `results/${tenant.tenant}/${jobId}/` })).objects.map((object) => object.key)

describe('a result', () => {
  test('up to the inline limit is kept with the job', async () => {
    const job = await startedJob(tenant, worker)
    const result = 'r'.repeat(limits.result_inline_bytes)
    const done = await json<{ job: Job }>(complete(job, { result }))
    expect(done.job).toMatchObject({ status: 'done', result, result_truncated: false })
    expect(await storedKeys(job.id)).toEqual([])
    expect(await (await asOwner('GET', `/api/v1/jobs/${job.id}/result`)).text()).toBe(result)
  })

  test('beyond it is whole in R2 and begins in the job, cut between characters', async () => {
    const job = await startedJob(tenant, worker)
    const result = `x${'🙂'.repeat(300_000)}end`
    const done = await json<{ job: Job }>(complete(job, { result }))
    expect(done.job.result_truncated).toBe(true)
    expect(result.startsWith(done.job.result ?? 'none')).toBe(true)
    expect(new TextEncoder().encode(done.job.result ?? '').byteLength).toBe(limits.result_inline_bytes - 3)
    const whole = await asOwner('GET', `/api/v1/jobs/${job.id}/result`)
    expect(whole.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect((await whole.text()) === result).toBe(true)
    expect(await storedKeys(job.id)).toHaveLength(1)
  })

  test('of a completion that is refused is taken back, and touches nothing that was accepted', async () => {
    const job = await startedJob(tenant, worker)
    await json(complete(job, { result: 'the first' }))
    await json(asOwner('POST', '/api/v1/jobs/abort', { all: true }))
    const other = await startedJob(tenant, worker)
    await json(asOwner('POST', `/api/v1/jobs/${other.id}/abort`, {}))
    expect(await problem(complete(other, { result: 'y'.repeat(200_000) }), 409)).toMatchObject({ code: 'lease-lost' })
    expect(await storedKeys(other.id)).toEqual([])
  })

  test('of a job that has not ended does not exist yet', async () => {
    const job = await startedJob(tenant, worker)
    expect(await problem(asOwner('GET', `/api/v1/jobs/${job.id}/result`), 409)).toMatchObject({ code: 'wrong-state' })
    await json(complete(job, {}))
    expect(await (await asOwner('GET', `/api/v1/jobs/${job.id}/result`)).text()).toBe('')
    await problem(asOwner('GET', '/api/v1/jobs/424242/result'), 404)
  })

  test('that a worker of the seeds closes with may be as large', async () => {
    await json(present(worker))
    const made = await json<{ id: number }>(asOwner('POST', '/dispatch', { prompt: 'close me' }), 201)
    await json(call('POST', `/jobs/${made.id}/claim`, { token: worker.token, body: { worker: 'anything' } }))
    const result = 'c'.repeat(1_500_000)
    await json(call('POST', `/jobs/${made.id}/close`, { token: worker.token, body: { result, status: 'done' } }))
    expect((await (await asOwner('GET', `/api/v1/jobs/${made.id}/result`)).text()) === result).toBe(true)
  })

  test('larger than the largest is refused with the limit', async () => {
    const job = await startedJob(tenant, worker)
    const above = await problem(complete(job, { result: 'z'.repeat(limits.result_bytes + 1) }), 400)
    expect(above.issues).toMatchObject([{ path: 'result' }])
    const document = await problem(complete(job, { result: 'z'.repeat(limits.result_body_bytes) }), 413)
    expect(document.detail).toContain('bytes')
    await json(complete(job, { result: 'small' }))
  })
})

interface Event {
  readonly event: string
  readonly id: string | undefined
  readonly data: Record<string, unknown>
}

async function events(response: Response): Promise<Event[]> {
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  return (await response.text())
    .split('\n\n')
    .filter((block) => block.includes('event:'))
    .map((block) => {
      const field = (name: string): string | undefined => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1]
      return { event: field('event') ?? '', id: field('id'), data: JSON.parse(field('data') ?? 'null') }
    })
}

describe('output', () => {
  const chunks = (from: number, ...texts: string[]) => ({ chunks: texts.map((text, at) => ({ seq: from + at, stream: 'stdout', text })) })
  const append = (job: { readonly id: number; readonly lease: string }, body: unknown): Promise<Response> =>
    call('POST', `/api/v1/claims/${job.id}/output`, { token: job.lease, body })
  const stream = (jobId: number, query = '', headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    call('GET', `/jobs/${jobId}/stream${query}`, { token: tenant.owner, headers })

  test('of a short job travels in its completion, and no stream object is made for it', async () => {
    const job = await startedJob(tenant, worker)
    await json(complete(job, { result: 'yes', tail: { text: 'line one\nline two\n' } }))
    const all = await events(await stream(job.id))
    expect(all.map((event) => event.event)).toEqual(['output', 'end'])
    expect(all[0]).toMatchObject({ id: '0', data: { seq: 0, attempt: 1, text: 'line one\nline two\n' } })
    expect(all[1]?.data).toMatchObject({ status: 'done', result: 'yes', error: null })
    expect((await events(await stream(job.id, '', { 'last-event-id': '0' }))).map((event) => event.event)).toEqual(['end'])
    await runInDurableObject(env.JOB_STREAM.get(env.JOB_STREAM.idFromName(`${tenant.tenant}/${job.id}`)), async (_object, state) => {
      expect([...(await state.storage.list()).keys()]).toEqual([])
    })
  })

  test('streams to a viewer while it happens, to the end', async () => {
    const job = await startedJob(tenant, worker)
    expect(await json(append(job, chunks(0, 'a', 'b')))).toMatchObject({ next_seq: 2, closed: false })
    const viewing = stream(job.id).then(events)
    await json(append(job, chunks(2, 'c')))
    await json(complete(job, { result: 'done', chunks: 3 }))
    const all = await viewing
    expect(all.filter((event) => event.event === 'output').map((event) => event.data.text)).toEqual(['a', 'b', 'c'])
    expect(all.at(-1)).toMatchObject({ event: 'end', data: { status: 'done' } })
    const later = await events(await stream(job.id, '?after=0', { 'last-event-id': '1' }))
    expect(later.filter((event) => event.event === 'output').map((event) => event.id)).toEqual(['2'])
  })

  test('that has streamed is read with the job: so far while it runs, and to its end afterwards', async () => {
    const job = await startedJob(tenant, worker)
    const path = `/api/v1/jobs/${job.id}`
    expect((await json<Job>(asOwner('GET', path))).output).toBe('')
    const chunks = [{ seq: 0, stream: 'stdout', text: 'one ' }]
    await json(call('POST', `/api/v1/claims/${job.id}/output`, { token: job.lease, body: { chunks } }))
    expect(await json<Job>(asOwner('GET', path))).toMatchObject({ status: 'running', output: 'one ', output_truncated: false })
    await json(complete(job, { chunks: 1, tail: { text: 'two', truncated: true } }))
    expect(await json<Job>(asOwner('GET', path))).toMatchObject({ status: 'done', output: 'one two', output_truncated: false })
  })

  test('of an attempt that was aborted is what it had said', async () => {
    const job = await startedJob(tenant, worker)
    const chunks = [{ seq: 0, stream: 'stdout', text: 'half a sent' }]
    await json(call('POST', `/api/v1/claims/${job.id}/output`, { token: job.lease, body: { chunks } }))
    await json(asOwner('POST', `/api/v1/jobs/${job.id}/abort`, {}))
    expect(await json<Job>(asOwner('GET', `/api/v1/jobs/${job.id}`))).toMatchObject({ status: 'failed', output: 'half a sent' })
  })

  test.each([
    ['aborted', async (id: number): Promise<void> => void (await json(asOwner('POST', `/api/v1/jobs/${id}/abort`, {})))],
    ['done', async (id: number, lease: string): Promise<void> => void (await json(complete({ id, lease }, { result: 'r' })))],
    [
      'failed',
      async (id: number, lease: string): Promise<void> => {
        const error = { type: 'x', message: 'y', retryable: false }
        await json(call('POST', `/api/v1/claims/${id}/fail`, { token: lease, body: { error } }))
      },
    ],
  ] as const)('that nobody watched is there when the job is %s, whatever its worker said of it', async (_, end) => {
    const job = await startedJob(tenant, worker)
    const say = (seq: number, text: string): Promise<Response> =>
      call('POST', `/api/v1/claims/${job.id}/output`, { token: job.lease, body: { chunks: [{ seq, stream: 'stdout', text }] } })
    await json(say(0, 'first '))
    await json(say(1, 'second'))
    await end(job.id, job.lease)
    const stream = await (await asOwner('GET', `/jobs/${job.id}/stream`)).text()
    expect([...stream.matchAll(/"text":"([^"]*)"/g)].map(([, text]) => text)).toEqual(['first ', 'second'])
    expect(stream).toContain('event: end')
    expect((await json<Job>(asOwner('GET', `/jobs/${job.id}`))).output).toBe('first second')
    expect(await problem(say(2, 'late'), 409)).toMatchObject({ code: 'lease-lost' })
  })

  test('is refused once the attempt is void', async () => {
    const job = await startedJob(tenant, worker)
    await json(append(job, chunks(0, 'a')))
    await json(asOwner('POST', `/api/v1/jobs/${job.id}/abort`, {}))
    await expect.poll(async () => (await append(job, chunks(1, 'b'))).status, { timeout: 5_000 }).toBe(409)
  })

  test('is for who may read jobs', async () => {
    const job = await startedJob(tenant, worker)
    await problem(call('GET', `/jobs/${job.id}/stream`, { token: worker.token }), 403)
    await problem(stream(424_242), 404)
    expect((await call('HEAD', `/jobs/${job.id}/stream`, { token: tenant.owner })).status).toBe(200)
    await json(complete(job, {}))
  })

  test("is not taken with another job's lease", async () => {
    const job = await startedJob(tenant, worker)
    await problem(call('POST', `/api/v1/claims/${job.id + 1}/output`, { token: job.lease, body: chunks(0, 'a') }), 403)
    await json(complete(job, {}))
  })
})

describe('a failed job that is tried again', () => {
  test('is failed in no list any more, although the archive has its failure', async () => {
    const job = await startedJob(tenant, worker, 'fails first')
    const error = { type: 'x', message: 'y', retryable: false }
    await json(call('POST', `/api/v1/claims/${job.id}/fail`, { token: job.lease, body: { error } }))
    const failed = async (): Promise<readonly number[]> =>
      (await json<{ items: Job[] }>(asOwner('GET', '/api/v1/jobs?status=failed&limit=200'))).items.map(({ id }) => id)
    const archived = (): Promise<number | null> =>
      env.REGISTRY.prepare("SELECT count(*) AS n FROM jobs WHERE tenant = ? AND id = ? AND status = 'failed'")
        .bind(tenant.tenant, job.id)
        .first<number>('n')
    await expect.poll(archived, { timeout: 5_000 }).toBe(1)
    expect(await failed()).toContain(job.id)
    await json(asOwner('POST', `/api/v1/jobs/${job.id}/retry`, {}))
    expect(await failed()).not.toContain(job.id)
    await json(asOwner('POST', `/api/v1/jobs/${job.id}/abort`, {}))
  })
})

describe('a job that the tenant object has let go', () => {
  test('is read and listed from the archive', async () => {
    const job = await startedJob(tenant, worker, 'to be archived')
    await json(complete(job, { result: 'kept for good', tail: { text: 'said before' } }))
    const newer = await json<{ id: number }>(asOwner('POST', '/dispatch', { prompt: 'newer' }), 201)
    await expect
      .poll(
        async () =>
          await env.REGISTRY.prepare('SELECT count(*) AS n FROM jobs WHERE tenant = ? AND id = ?')
            .bind(tenant.tenant, job.id)
            .first<number>('n'),
        { timeout: 5_000 },
      )
      .toBe(1)
    await runInDurableObject(env.TENANT.get(env.TENANT.idFromName(tenant.tenant)), (_object, state) => {
      state.storage.sql.exec('DELETE FROM jobs WHERE id = ?', job.id)
    })
    // Deleted behind its back: its memory goes, too.
    await evictDurableObject(env.TENANT.get(env.TENANT.idFromName(tenant.tenant)))
    expect(await json(asOwner('GET', `/jobs/${job.id}`))).toMatchObject({ id: job.id, prompt: 'to be archived', result: 'kept for good' })
    const listed = await json<{ items: Job[] }>(asOwner('GET', '/api/v1/jobs?limit=5'))
    expect(listed.items.map((one) => one.id).slice(0, 2)).toEqual([newer.id, job.id])
    expect(await (await asOwner('GET', `/api/v1/jobs/${job.id}/result`)).text()).toBe('kept for good')
    expect((await events(await call('GET', `/jobs/${job.id}/stream`, { token: tenant.owner }))).map((event) => event.event)).toEqual([
      'output',
      'end',
    ])
    await problem(asOwner('GET', '/jobs/424242'), 404)
  })
})
