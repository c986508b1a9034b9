/** Files through the client against a real HTTP server: what is sent along, what is sent again, and what is not believed. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { limits, type Artifact } from '@modelreins/contract'
import { Client, uploadFile } from '../../../../worker-sdk/src/index.ts'
import { answer, refuse } from '../support/control-plane.ts'
import { httpServer, type HttpServer } from '../support/http-server.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const artifact = { slug: 'ar5localabc', url: '/s/ar5localabc', sha256: sha256('hello') } as Artifact

let server: HttpServer
let folder: string
beforeEach(async () => {
  server = await httpServer()
  server.handle = (_, response) => answer(response, 201, artifact)
  folder = mkdtempSync(join(tmpdir(), 'modelreins-artifacts-'))
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})
const client = (): Client => new Client({ url: server.url, token: 'mrk_secret', retry: { baseMs: 1, capMs: 1 } })
const query = (): Record<string, string> => Object.fromEntries(new URLSearchParams(server.requests.at(-1)?.path.split('?')[1]))
const file = (name: string, content: string): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const streamOf = (...pieces: readonly string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(bytes(piece))
      controller.close()
    },
  })

describe('an upload', () => {
  it('of bytes carries name, type, digest and everything that was asked', async () => {
    const made = await client().uploadArtifact(bytes('hello'), {
      filename: 'chart.png',
      jobId: 3,
      reviewId: 4,
      share: true,
      expiresAt: '2999-01-01T00:00:00Z',
    })
    expect(made).toEqual(artifact)
    expect(query()).toEqual({
      filename: 'chart.png',
      job_id: '3',
      review_id: '4',
      share: 'true',
      expires_at: '2999-01-01T00:00:00.000Z',
      sha256: sha256('hello'),
    })
    expect(server.requests[0]).toMatchObject({ body: 'hello', headers: { 'content-type': 'image/png', 'content-length': '5' } })
  })

  it('of a blob does the same', async () => {
    await client().uploadArtifact(new Blob(['hello']), { filename: 'a.txt', contentType: 'text/x-log' })
    expect(query()['sha256']).toBe(sha256('hello'))
    expect(server.requests[0]).toMatchObject({ body: 'hello', headers: { 'content-type': 'text/x-log' } })
  })

  it('is sent again under the same key when the answer is lost', async () => {
    server.handle = (_, response, count) =>
      count === 1 ? response.destroy() : count === 2 ? refuse(response, 'unavailable') : answer(response, 201, artifact)
    await client().uploadArtifact(bytes('hello'))
    const keys = server.requests.map((request) => request.headers['idempotency-key'])
    expect(keys).toHaveLength(3)
    expect(keys[0]).toMatch(/^sdk-/)
    expect(new Set(keys).size).toBe(1)
    expect(server.requests.map((request) => request.body)).toEqual(['hello', 'hello', 'hello'])
  })

  it('of a stream is sent as it is read, and once only', async () => {
    await client().uploadArtifact(streamOf('hel', 'lo'), { filename: 'a.txt' })
    expect(server.requests[0]).toMatchObject({ body: 'hello', headers: { 'transfer-encoding': 'chunked' } })
    server.handle = (_, response) => response.destroy()
    await expect(client().uploadArtifact(streamOf('x'))).rejects.toMatchObject({ code: 'network' })
    expect(server.requests).toHaveLength(2)
  })

  it('that is too large is refused before a byte is sent', async () => {
    await expect(client().uploadArtifact(new Uint8Array(limits.artifact_bytes + 1))).rejects.toMatchObject({ code: 'too-large' })
    expect(server.requests).toEqual([])
  })

  it('of something else is refused', async () => {
    await expect(client().uploadArtifact('a path?' as never)).rejects.toMatchObject({ code: 'invalid-request' })
  })
})

describe('a file on this machine', () => {
  it('is read as it is sent, named after its path, its digest known before', async () => {
    await uploadFile(client(), file('notes.md', 'hello'))
    expect(query()).toEqual({ filename: 'notes.md', sha256: sha256('hello') })
    expect(server.requests[0]).toMatchObject({
      body: 'hello',
      headers: { 'content-type': 'text/markdown; charset=utf-8', 'content-length': '5' },
    })
  })

  it('may be named by a file URL, and go by another name', async () => {
    await uploadFile(client(), pathToFileURL(file('a b.txt', 'hello')), { filename: 'other.csv' })
    expect(query()['filename']).toBe('other.csv')
    expect(server.requests[0]?.headers['content-type']).toBe('text/csv; charset=utf-8')
  })

  it('that is not there is an error that says so', async () => {
    await expect(uploadFile(client(), join(folder, 'missing.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect(server.requests).toEqual([])
  })
})

describe('a download', () => {
  const kept = { etag: `"${sha256('hello')}"`, 'content-type': 'text/plain', 'content-length': '5' }
  const give = (headers: Readonly<Record<string, string>>, body = 'hello'): void => {
    server.handle = (_, response) => response.writeHead(200, { ...kept, ...headers }).end(body)
  }

  it('says what it is, and checks that it is that', async () => {
    give({ 'content-disposition': `attachment; filename="na_ve.txt"; filename*=UTF-8''na%C3%AFve.txt` })
    const got = await client().downloadArtifact('ar5localabc')
    expect(got).toMatchObject({
      slug: 'ar5localabc',
      filename: 'naïve.txt',
      contentType: 'text/plain',
      sizeBytes: 5,
      sha256: sha256('hello'),
    })
    expect(await got.text()).toBe('hello')
    expect(server.requests[0]?.path).toBe('/s/ar5localabc')
  })

  it('that is not what was kept is an error', async () => {
    give({}, 'hullo')
    await expect((await client().downloadArtifact('ar5localabc')).text()).rejects.toMatchObject({
      message: expect.stringContaining('SHA-256'),
    })
  })

  it('takes what an upload answered, and never sends the token elsewhere', async () => {
    give({})
    for (const name of ['ar5localabc', '/s/ar5localabc', 'https://elsewhere.example/s/ar5localabc?x=1']) {
      expect(await (await client().downloadArtifact(name)).text()).toBe('hello')
    }
    expect(server.requests.map((request) => request.path)).toEqual(['/s/ar5localabc', '/s/ar5localabc', '/s/ar5localabc'])
  })

  it('of a file that is gone is an error with its code', async () => {
    server.handle = (_, response) => refuse(response, 'gone')
    await expect(client().downloadArtifact('ar5localabc')).rejects.toMatchObject({ code: 'gone', status: 410 })
  })
})
