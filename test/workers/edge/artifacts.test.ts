/** Says how a file comes in: streamed, checked, attached to what it belongs to, or leaving nothing behind. */
import { env } from 'cloudflare:test'
import { createHash } from 'node:crypto'
import { type Artifact, limits } from '@modelreins/contract'
import { beforeAll, describe, expect, test } from 'vitest'
import { call, json, newTenant, newWorker, problem, startedJob, type TestTenant, type TestWorker } from './edge.ts'

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

let tenant: TestTenant
let worker: TestWorker
beforeAll(async () => {
  tenant = await newTenant()
  worker = await newWorker(tenant)
})

interface Sending {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Instead of our own. */
  readonly path?: string
}

const send = (query: string, body: Uint8Array | string | ReadableStream, sending: Sending = {}): Promise<Response> => {
  const { token = tenant.owner, headers = {}, path = '/api/v1/artifacts/upload' } = sending
  return call('POST', `${path}${query}`, { token, body, headers: { 'content-type': 'text/plain', ...headers } })
}

const upload = (query: string, body: Uint8Array | string | ReadableStream = 'hello', sending: Sending = {}): Promise<Artifact> =>
  json<Artifact>(send(query, body, sending), 201)

/** What R2 holds of this tenant's artifacts. */
const stored = async (): Promise<readonly string[]> =>
  (await env.ARCHIVE.list({ prefix: `artifacts/${tenant.tenant}/` })).objects.map((object) => object.key)

/** Runs what must fail, and sees to it that R2 holds nothing more than before. */
async function leavingNothing<Value>(run: () => Promise<Value>): Promise<Value> {
  const before = await stored()
  const value = await run()
  await expect.poll(stored, { timeout: 5_000 }).toEqual(before)
  return value
}

/** So many bytes in chunks, of which no two are alike. */
function flow(size: number): ReadableStream<Uint8Array> {
  let sent = 0
  return new ReadableStream({
    pull(controller) {
      if (sent >= size) return controller.close()
      const chunk = new Uint8Array(Math.min(256 * 1024, size - sent)).fill((sent / 1024) % 251)
      sent += chunk.byteLength
      controller.enqueue(chunk)
    },
  })
}

async function digestOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of stream) hash.update(chunk)
  return hash.digest('hex')
}

describe('an upload of raw bytes', () => {
  test('answers what the published SDK reads, and where the file is', async () => {
    const made = await upload('?filename=notes.txt', 'hello')
    expect(made).toMatchObject({ content_type: 'text/plain', size_bytes: 5, filename: 'notes.txt', sha256: sha256('hello'), share: false })
    expect(made).toMatchObject({ job_id: null, review_id: null, expires_at: null, created_by: expect.stringMatching(/^member:/) })
    expect(made.url).toBe(`/s/${made.slug}`)
    expect(await (await call('GET', made.url, { token: tenant.owner })).text()).toBe('hello')
  })

  test('may say everything in headers, the name percent-encoded', async () => {
    const headers = {
      'x-filename': 'na%C3%AFve.txt',
      'x-share': 'true',
      'x-expires-at': '2999-01-01T00:00:00+01:00',
      'x-sha256': sha256('x'),
    }
    const made = await upload('', 'x', { headers, path: '/artifacts/upload' })
    expect(made).toMatchObject({ filename: 'naïve.txt', share: true, expires_at: '2998-12-31T23:00:00.000Z' })
  })

  test('gets its type from its name when tools say nothing of the bytes', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await upload('?filename=chart.png', 'x', { headers })).toMatchObject({ content_type: 'image/png' })
    expect(await upload('', 'x', { headers })).toMatchObject({ filename: 'artifact', content_type: 'application/octet-stream' })
  })

  test('may be empty', async () => {
    const made = await upload('?filename=empty.txt', '')
    expect(made).toMatchObject({ size_bytes: 0, sha256: sha256('') })
    expect(await (await call('GET', made.url, { token: tenant.owner })).text()).toBe('')
  })

  test('of many parts arrives whole, whatever its length says', async () => {
    for (const size of [5 * 1024 * 1024, 5 * 1024 * 1024 + 1, 10 * 1024 * 1024, 11_000_003]) {
      const made = await upload('?filename=big.bin', flow(size))
      expect(made).toMatchObject({ size_bytes: size, sha256: await digestOf(flow(size)) })
      const back = await call('GET', made.url, { token: tenant.owner })
      expect(back.body === null ? '' : await digestOf(back.body)).toBe(made.sha256)
    }
  })

  test('is never stored under a name that somebody chose', async () => {
    const made = await upload(`?filename=${encodeURIComponent('../../results/x/1/other')}`)
    expect(made.filename).toBe('other')
    expect(await stored()).toContain(`artifacts/${tenant.tenant}/${made.slug}`)
    for (const name of ['nul\0.txt', 'ev\u202etxt.exe', `${'n'.repeat(3_000)}.txt`, '..', '🦊'.repeat(500)]) {
      const { filename } = await upload(`?filename=${encodeURIComponent(name)}`)
      expect(new TextEncoder().encode(filename).byteLength).toBeLessThanOrEqual(255)
      expect(filename).not.toMatch(/[\p{Cc}\u202a-\u202e/\\]/u)
    }
  })

  test('is given a slug that says whose it is and cannot be guessed', async () => {
    const [one, other] = [await upload(''), await upload('')]
    expect(one.slug).toContain(tenant.tenant)
    expect(one.slug.length - tenant.tenant.length - 3 - 31).toBeGreaterThanOrEqual(26)
    expect(one.slug).not.toBe(other.slug)
  })
})

describe('an upload that does not hold', () => {
  test('with another digest than it said is a conflict and leaves nothing', async () => {
    const refused = await leavingNothing(() => problem(send(`?sha256=${sha256('other')}`, 'hello'), 409))
    expect(refused).toMatchObject({ code: 'conflict', detail: expect.stringContaining(sha256('hello')) })
  })

  test('of many parts, with another digest, leaves nothing either', async () => {
    await leavingNothing(() => problem(send(`?sha256=${sha256('other')}`, flow(6 * 1024 * 1024)), 409))
  })

  test('over the limit is told the limit, announced or not, and leaves nothing', async () => {
    const refused = await leavingNothing(() => problem(send('', flow(limits.artifact_bytes + 1)), 413))
    expect(refused).toMatchObject({ code: 'too-large', detail: expect.stringContaining(String(limits.artifact_bytes)) })
  })

  test('for something that does not exist, or is over already, is refused before its bytes are looked at', async () => {
    expect(await problem(send('?job_id=999', flow(1024)), 404)).toMatchObject({ detail: 'There is no job 999.' })
    expect(await problem(send('?review_id=999', flow(1024)), 404)).toMatchObject({ detail: 'There is no review 999.' })
    expect(await problem(send('?expires_at=2001-01-01T00:00:00Z', 'x'), 400)).toMatchObject({ issues: [{ path: 'expires_at' }] })
  })

  test('says everything that is wrong with its fields', async () => {
    const refused = await problem(send('?job_id=x&sha256=y&what=z', 'x'), 400)
    expect(refused.issues?.map((issue) => issue.path).toSorted()).toEqual(['job_id', 'sha256', 'what'])
    expect(await problem(send('', 'x', { headers: { 'x-job-id': 'x' } }), 400)).toMatchObject({ issues: [{ path: 'job_id' }] })
    await problem(send('', 'x', { headers: { 'content-encoding': 'gzip' } }), 415)
    await problem(send('', 'x', { headers: { 'idempotency-key': 'ü' } }), 400)
  })
})

const boundary = '7d93f2b8a1c04e5f9b6d'
const form = (parts: readonly (readonly [head: string, content: string])[]): string =>
  `${parts.map(([head, content]) => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`).join('')}--${boundary}--\r\n`
const asForm = { 'content-type': `multipart/form-data; boundary=${boundary}` }
const sendForm = (body: string, sending: Sending = {}): Promise<Response> =>
  send('', body, { path: '/artifacts/upload', ...sending, headers: { ...asForm, ...sending.headers } })

describe('a form', () => {
  test('as Python programs write it by hand is taken, with all that it says', async () => {
    const { id } = await startedJob(tenant, worker)
    const fields = [
      ['name="job_id"', String(id)],
      ['name="review_id"', ''],
      ['name="filename"', 'résumé.txt'],
      ['name="expires_at"', '2999-01-01T00:00:00'],
      ['name="unknown"', 'ignored'],
    ] as const
    const file = ['name="file"; filename="upload.bin"\r\nContent-Type: text/plain; charset=utf-8', 'line\r\n--not a boundary\r\n'] as const
    for (const parts of [
      [...fields, file],
      [file, ...fields],
    ]) {
      const made = await json<Artifact>(sendForm(form(parts), { token: worker.token }), 201)
      expect(made).toMatchObject({
        filename: 'résumé.txt',
        content_type: 'text/plain; charset=utf-8',
        size_bytes: file[1].length,
        job_id: id,
        expires_at: '2999-01-01T00:00:00.000Z',
        created_by: `worker:${worker.name}`,
      })
      expect(await (await call('GET', made.url, { token: worker.token })).text()).toBe(file[1])
    }
  })

  test('takes the file name and type of its file part', async () => {
    const made = await json<Artifact>(sendForm(form([['name="file"; filename="../a/chart.svg"', '<svg/>']])), 201)
    expect(made).toMatchObject({ filename: 'chart.svg', content_type: 'image/svg+xml' })
  })

  test('as browsers write it is taken', async () => {
    const data = new FormData()
    data.set('share', 'true')
    data.set('file', new File(['<b>hi</b>'], 'naïve "page".html', { type: 'text/html' }))
    const request = new Request('https://reins.example/', { method: 'POST', body: data })
    const headers = { 'content-type': request.headers.get('content-type') ?? '' }
    const made = await upload('', new Uint8Array(await request.arrayBuffer()), { headers })
    expect(made).toMatchObject({ filename: 'naïve _page_.html', content_type: 'text/html', share: true, size_bytes: 9 })
  })

  test('larger than memory would like is streamed', async () => {
    const size = 12 * 1024 * 1024
    const encoder = new TextEncoder()
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(encoder.encode(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n`))
        for await (const chunk of flow(size)) controller.enqueue(chunk)
        controller.enqueue(encoder.encode(`\r\n--${boundary}--`))
        controller.close()
      },
    })
    expect(await upload('', body, { headers: asForm })).toMatchObject({ size_bytes: size, sha256: await digestOf(flow(size)) })
  })

  test('that is not one leaves nothing', async () => {
    await leavingNothing(async () => {
      const file = ['name="file"; filename="a"', 'x'] as const
      const reasons = [
        form([['name="job_id"', '1']]),
        form([file, file]),
        form([file]).slice(0, -8),
        form([['name="file"; filename="a"\r\nno header', 'x']]),
        form([file, ['name="job_id"', '1'.repeat(20_000)]]),
        '',
      ]
      for (const body of reasons) expect(await problem(sendForm(body), 400)).toMatchObject({ code: 'invalid-request' })
      await problem(sendForm(form([file]), { headers: { 'content-type': 'multipart/form-data' } }), 400)
      const unknown = await problem(sendForm(form([file, ['name="jobid"', '1']]), { path: '/api/v1/artifacts/upload' }), 400)
      expect(unknown.detail).toContain('jobid')
      await problem(sendForm(form([file, ['name="sha256"', sha256('other')]])), 409)
      await problem(sendForm(form([file, ['name="job_id"', '999']])), 404)
    })
  })
})

describe('a worker', () => {
  test('attaches files to jobs that it was given: by its token, running or ended; by the lease, while the attempt runs', async () => {
    const { id, lease } = await startedJob(tenant, worker)
    expect(await upload(`?job_id=${id}`, 'a', { token: worker.token })).toMatchObject({ job_id: id })
    expect(await upload('', 'b', { token: lease })).toMatchObject({ job_id: id })
    await json(call('POST', `/api/v1/claims/${id}/complete`, { token: lease, body: { result: 'done' } }))
    expect(await problem(send(`?job_id=${id}`, 'c', { token: lease }), 409)).toMatchObject({ code: 'lease-lost' })
    expect(await upload(`?job_id=${id}`, 'd', { token: worker.token })).toMatchObject({ job_id: id })
    const job = await json<{ artifacts: Artifact[] }>(call('GET', `/api/v1/jobs/${id}`, { token: tenant.owner }))
    expect(job.artifacts).toHaveLength(3)
    expect(job.artifacts[0]).toMatchObject({ size_bytes: 1, url: expect.stringMatching(/^\/s\//) })
  })

  test('does not attach to what is not its own, and does not learn that it exists', async () => {
    const other = await newWorker(tenant, 'other')
    const { id, lease } = await startedJob(tenant, worker)
    const refused = await problem(send(`?job_id=${id}`, 'x', { token: other.token }), 404)
    expect(refused.detail).toBe(`There is no job ${id}.`)
    const elsewhere = await startedJob(tenant, worker)
    await problem(send(`?job_id=${elsewhere.id}`, 'x', { token: lease }), 403)
    const review = await json<{ id: number }>(call('POST', '/api/v1/reviews', { token: tenant.owner, body: { title: 'Look' } }), 201)
    await problem(send(`?review_id=${review.id}`, 'x', { token: other.token }), 404)
    await problem(send(`?review_id=${review.id}`, 'x', { token: lease }), 404)
  })

  test('whose attempt is over uploads no more for it', async () => {
    const { id, lease } = await startedJob(tenant, worker)
    await json(call('POST', `/api/v1/claims/${id}/fail`, { token: lease, body: { error: { type: 'x', message: 'y', retryable: false } } }))
    await json(call('POST', `/api/v1/jobs/${id}/retry`, { token: tenant.owner, body: {} }))
    const again = await json<{ offers: { lease: { token: string } }[] }>(
      call('POST', '/api/v1/claims', { token: worker.token, body: { max: 1 } }),
    )
    await json(call('POST', `/api/v1/claims/${id}/start`, { token: again.offers[0]?.lease.token, body: {} }))
    expect(await problem(send('', 'x', { token: lease }), 409)).toMatchObject({ code: 'lease-lost' })
  })

  test('that was revoked uploads and reads nothing', async () => {
    const brief = await newWorker(tenant, 'brief')
    const made = await upload('', 'x', { token: brief.token })
    await json(call('DELETE', `/api/v1/workers/${brief.worker_id}`, { token: tenant.owner }))
    await problem(send('', 'x', { token: brief.token }), 401)
    await problem(call('GET', made.url, { token: brief.token }), 401)
    expect((await call('GET', made.url, { token: tenant.owner })).status).toBe(200)
  })

  test('shows people what they are to decide about: the file is part of what they approve', async () => {
    const review = await json<{ id: number; digest: string }>(
      call('POST', '/api/v1/reviews', { token: worker.token, body: { title: 'Publish this chart?' } }),
      201,
    )
    const made = await upload(`?review_id=${review.id}&filename=chart.png`, 'png', { token: worker.token })
    const after = await json<{ digest: string; artifacts: string[]; artifact_digests: string[] }>(
      call('GET', `/api/v1/reviews/${review.id}`, { token: tenant.owner }),
    )
    expect(after).toMatchObject({ artifacts: [made.slug], artifact_digests: [sha256('png')] })
    expect(after.digest).not.toBe(review.digest)
    await problem(call('DELETE', `/api/v1/artifacts/${made.slug}`, { token: worker.token }), 409)
    await json(
      call('POST', `/api/v1/reviews/${review.id}/decide`, { token: tenant.owner, body: { verdict: 'approve', digest: after.digest } }),
    )
    const late = await leavingNothing(() => problem(send(`?review_id=${review.id}`, 'late', { token: worker.token }), 409))
    expect(late.code).toBe('wrong-state')
  })
})

describe('an upload sent twice', () => {
  test('with the same key is kept once', async () => {
    const headers = { 'idempotency-key': 'once' }
    const made = await upload('?filename=a.txt', 'same', { headers })
    const again = await json<Artifact>(send('?filename=a.txt', 'same', { headers }), 200)
    expect(again).toEqual(made)
    expect(await problem(send('?filename=a.txt', 'another', { headers }), 409)).toMatchObject({ code: 'idempotency-conflict' })
    expect(await upload('?filename=a.txt', 'another', { headers, token: worker.token })).toMatchObject({ size_bytes: 7 })
  })
})
