/** Files through a real server process: as Python programs send them, through the SDK, cut off in the middle, and read over plain HTTP. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits, type Artifact, type Job } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ServerRecord } from '../../tools/start/state-folder.ts'
import { Client, uploadFile, Worker } from '../../worker-sdk/src/index.ts'
import { type Call, caller, createTenant, registerWorker } from '../support/calls.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const mib = 1024 * 1024
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
/** Bytes of which no two runs are alike. */
const noise = (size: number): Buffer => Buffer.alloc(size, createHash('sha512').update(String(size)).digest())

let server: TestServer
let owner: Call
let client: Client
const folder = mkdtempSync(join(tmpdir(), 'modelreins-files-'))
const url = (): string => server.url

beforeAll(async () => {
  server = await startServer()
  owner = caller(url, server.ownerKey)
  client = new Client({ url: server.url, token: server.ownerKey })
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const listed = async (): Promise<readonly string[]> => (await client.artifacts.list({ limit: 200 })).items.map((item) => item.slug)
/** What the local R2 has on disk. */
const blobs = (): readonly string[] => readdirSync(join(server.stateFolder, 'data', 'r2', server.bucket, 'blobs')).toSorted()

/** Runs what must leave nothing: not in the list, not in R2. */
async function leavingNothing(run: () => Promise<void>): Promise<void> {
  const before = { listed: await listed(), blobs: blobs() }
  await run()
  // Whoever was cut off gets no answer: what the server makes of it is looked for a little later.
  await sleep(300)
  const changed = (): boolean => JSON.stringify(blobs()) !== JSON.stringify(before.blobs)
  await until(
    () => (changed() ? undefined : true),
    10_000,
    () => `R2 has ${blobs().length} blobs, ${before.blobs.length} before`,
  )
  expect(await listed()).toEqual(before.listed)
}

describe('a program without a library of forms', () => {
  test('uploads as urllib sends it, and finds its file by the answer', async () => {
    const { call, token } = await registerWorker(url, owner, 'python')
    const job = (await owner<Job>('POST', '/dispatch', { body: { prompt: 'Draw.', target: 'python', when_offline: 'queue' } })).body
    await call('POST', `/jobs/${job.id}/claim`, { body: { worker: 'host-1234' } })
    const boundary = '0f5c9a8b7d6e4f3a2b1c0d9e8f7a6b5c'
    const text = (name: string, value: string): string =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const file = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="chart.png"\r\nContent-Type: image/png\r\n\r\n`
    const body = Buffer.concat([
      Buffer.from(`${text('job_id', String(job.id))}${text('filename', 'chart.png')}${file}`),
      noise(70_000),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ])
    const response = await fetch(`${server.url}/artifacts/upload`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'user-agent': 'Python-urllib/3.11',
      },
      body,
    })
    const made = (await response.json()) as Artifact
    expect(response.status).toBe(201)
    expect(made).toMatchObject({
      slug: expect.any(String),
      url: `/s/${made.slug}`,
      content_type: 'image/png',
      size_bytes: 70_000,
      job_id: job.id,
    })
    const back = await fetch(server.url + made.url, { headers: { authorization: `Bearer ${token}` } })
    expect(sha256(Buffer.from(await back.arrayBuffer()))).toBe(sha256(noise(70_000)))
    await call('POST', `/jobs/${job.id}/close`, { body: { result: 'drawn', status: 'done' } })
    expect((await owner<Job>('GET', `/jobs/${job.id}`)).body.artifacts).toMatchObject([{ slug: made.slug, size_bytes: 70_000 }])
  })
})

describe('the SDK', () => {
  test('attaches a file from inside a job, reads what the job came with, and members get both', async () => {
    const { token } = await registerWorker(url, owner, 'artist')
    const report = join(folder, 'report.md')
    writeFileSync(report, '# Report\n')
    const worker = new Worker({
      url: server.url,
      token,
      name: 'artist',
      executor: async (_, ctx) => {
        const [given] = await ctx.listArtifacts()
        const input = given === undefined ? '' : await (await ctx.downloadArtifact(given.slug)).text()
        await ctx.uploadArtifact(report)
        await ctx.uploadArtifact(new TextEncoder().encode(input.toUpperCase()), { filename: 'loud.txt' })
      },
    })
    const job = await client.jobs.create({ prompt: 'Shout.', target: 'artist' })
    await client.uploadArtifact(new TextEncoder().encode('whisper'), { filename: 'input.txt', jobId: job.id })
    await worker.start()
    try {
      const done = await until(async () => ((await client.jobs.get({ job_id: job.id })).status === 'done' ? true : undefined), 20_000)
      expect(done).toBe(true)
    } finally {
      await worker.stop()
    }
    const { artifacts = [] } = await client.jobs.get({ job_id: job.id })
    expect(artifacts.map((one) => [one.filename, one.content_type])).toEqual([
      ['loud.txt', 'text/plain; charset=utf-8'],
      ['report.md', 'text/markdown; charset=utf-8'],
      ['input.txt', 'text/plain; charset=utf-8'],
    ])
    expect(await (await client.downloadArtifact(artifacts[0]?.url ?? '')).text()).toBe('WHISPER')
    expect((await client.artifacts.list({ job_id: job.id })).items.map((one) => one.created_by)).toEqual([
      'worker:artist',
      'worker:artist',
      'member:owner',
    ])
  })

  test('brings 20 MiB there and back, and the server holds only parts of what passes through it', async () => {
    const { processes } = JSON.parse(readFileSync(join(server.stateFolder, 'server.json'), 'utf8')) as ServerRecord
    const pid = processes.find((one) => one.role === 'workerd')?.pid
    const memory = (): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
    const path = join(folder, 'large.bin')
    writeFileSync(path, noise(20 * mib))
    const made = await uploadFile(client, path)
    expect(made).toMatchObject({ size_bytes: 20 * mib, sha256: sha256(noise(20 * mib)) })
    const back = await client.downloadArtifact(made.slug)
    expect(sha256(await back.bytes())).toBe(made.sha256)
    if (process.platform !== 'linux') return
    const before = memory()
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, memory())), 20)
    writeFileSync(path, noise(90 * mib))
    await uploadFile(client, path)
    clearInterval(watch)
    expect(most - before).toBeLessThan(64 * mib)
  })
})

describe('an upload that does not end well', () => {
  /** Sends a head and so many bytes over a bare connection, and goes away. */
  const cutOff = (head: readonly string[], bytes: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url)
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          [`POST /api/v1/artifacts/upload HTTP/1.1`, 'Host: reins', `Authorization: Bearer ${server.ownerKey}`, ...head].join('\r\n'),
        )
        socket.write(Buffer.alloc(bytes, 65), () => setTimeout(() => socket.destroy(), 200))
      })
      socket.on('close', () => resolve())
      socket.on('error', reject)
    })

  test('cut off in the middle leaves nothing, however it was sent', async () => {
    const form = [
      'Content-Type: multipart/form-data; boundary=b',
      'Content-Length: 10485760',
      '',
      '--b',
      'Content-Disposition: form-data; name="file"',
      '',
      '',
    ]
    await leavingNothing(() => cutOff(['Content-Length: 1000000', '', ''], 200_000))
    await leavingNothing(() => cutOff(['Content-Length: 10485760', '', ''], 7 * mib))
    await leavingNothing(() => cutOff(form, 7 * mib))
    await leavingNothing(() => cutOff(['Transfer-Encoding: chunked', '', '600000', ''], 6 * mib))
  })

  test('with another digest leaves nothing', async () => {
    await leavingNothing(async () => {
      const sent = client.uploadArtifact(noise(6 * mib), { sha256: sha256('something else') })
      await expect(sent).rejects.toMatchObject({ code: 'conflict', status: 409 })
    })
  })

  test('over the limit is told so when its sender has finished, and leaves nothing', async () => {
    await leavingNothing(async () => {
      const answer = await fetch(`${server.url}/artifacts/upload`, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.ownerKey}` },
        body: new Uint8Array(limits.artifact_bytes + 1),
      })
      expect(answer.status).toBe(413)
      expect(await answer.json()).toMatchObject({ code: 'too-large', detail: expect.stringContaining(String(limits.artifact_bytes)) })
    })
  })

  test('for a job that is not there is told so although it is large', async () => {
    await leavingNothing(async () => {
      await expect(client.uploadArtifact(noise(8 * mib), { jobId: 9_999 })).rejects.toMatchObject({ code: 'not-found' })
    })
  })
})

describe('a download', () => {
  test('is for who may have it, over plain HTTP, in whole and in part', async () => {
    const made = await client.uploadArtifact(noise(6 * mib), { filename: 'naïve.bin' })
    const get = (headers: Readonly<Record<string, string>>, method = 'GET') => fetch(server.url + made.url, { method, headers })
    const authorization = `Bearer ${server.ownerKey}`
    const whole = await get({ authorization })
    expect(whole.headers.get('content-length')).toBe(String(6 * mib))
    expect(whole.headers.get('content-disposition')).toContain(`filename*=UTF-8''na%C3%AFve.bin`)
    expect(sha256(Buffer.from(await whole.arrayBuffer()))).toBe(made.sha256)
    const head = await get({ authorization }, 'HEAD')
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(6 * mib)])
    const part = await get({ authorization, range: `bytes=${5 * mib - 10}-${5 * mib + 9}` })
    expect([part.status, part.headers.get('content-length')]).toEqual([206, '20'])
    expect(Buffer.from(await part.arrayBuffer())).toEqual(noise(6 * mib).subarray(5 * mib - 10, 5 * mib + 10))
    expect((await get({})).status).toBe(401)
    const stranger = await createTenant(url, server.masterToken, 'strangers')
    expect((await get({ authorization: `Bearer ${stranger.key}` })).status).toBe(404)
    const { worker_id, token } = await registerWorker(url, owner, 'leaver')
    expect((await get({ authorization: `Bearer ${token}` }, 'HEAD')).status).toBe(200)
    await owner('DELETE', `/api/v1/workers/${worker_id}`)
    expect((await get({ authorization: `Bearer ${token}` })).status).toBe(401)
  })

  test('of a shared file needs no token, until it expires; then its bytes are gone', async () => {
    const before = blobs().length
    const expiresAt = new Date(Date.now() + 2_000).toISOString()
    const made = await client.uploadArtifact(noise(100_000), { share: true, expiresAt })
    const anonymous = (): Promise<Response> => fetch(server.url + made.url)
    expect((await anonymous()).status).toBe(200)
    await sleep(Math.max(0, Date.parse(expiresAt) - Date.now()))
    expect((await anonymous()).status).toBe(401)
    await expect(client.downloadArtifact(made.slug)).rejects.toMatchObject({ code: 'gone' })
    await until(
      () => (blobs().length === before ? true : undefined),
      20_000,
      () => `R2 has ${blobs().length} blobs, ${before} before`,
    )
  })
})

test('a server that is killed in the middle of an upload comes back with what was kept, and without what was not', async () => {
  const kept = await client.uploadArtifact(noise(6 * mib), { filename: 'kept.bin' })
  const before = await listed()
  const broken = client.uploadArtifact(
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(new Uint8Array(256 * 1024))
        await sleep(20)
      },
    }),
  )
  const failed = expect(broken).rejects.toMatchObject({ code: 'network' })
  await sleep(800)
  await server.kill()
  await failed
  await server.start()
  expect(await listed()).toEqual(before)
  expect(sha256(await (await client.downloadArtifact(kept.slug)).bytes())).toBe(kept.sha256)
})
