/** Says how a file comes in and goes out: streamed, checked, attached to what it belongs to, read by whom it is for, and never run. */
import { env } from 'cloudflare:test'
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Artifact, limits } from '@modelreins/contract'
import { call, json, newTenant, newWorker, problem, startedJob, type TestTenant, type TestWorker } from './edge.ts'

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

let tenant: TestTenant
let worker: TestWorker
beforeAll(async () => {
  tenant = await newTenant()
  worker = await newWorker(tenant)
})

const path = '/artifacts/upload'
const own = '/api/v1/artifacts/upload'

interface Sending {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

const send = (query: string, body: Uint8Array | string | ReadableStream, { token = tenant.owner, headers = {} }: Sending = {}) =>
  call('POST', `${own}${query}`, { token, body, headers: { 'content-type': 'text/plain', ...headers } })

const upload = (query: string, body: Uint8Array | string = 'hello', sending: Sending = {}): Promise<Artifact> =>
  json<Artifact>(send(query, body, sending), 201)

describe('an upload', () => {
  test('answers what the published SDK reads, and where the file is', async () => {
    const made = await upload('?filename=notes.txt', 'hello')
    expect(made).toMatchObject({ content_type: 'text/plain', size_bytes: 5, filename: 'notes.txt', sha256: sha256('hello'), share: false })
    expect(made.url).toBe(`/s/${made.slug}`)
    const back = await call('GET', made.url, { token: tenant.owner })
    expect(await back.text()).toBe('hello')
  })
})
