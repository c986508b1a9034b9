/** Responsible for calling the Worker over HTTP in tests: a tenant to call it in, and few words to do so. */
import { SELF } from 'cloudflare:test'
import { createHash } from 'node:crypto'
import { parseViewUrl, viewPlaintext, viewProofText, type Problem, problemSchema } from '@modelreins/contract'
import { expect } from 'vitest'

export const origin = 'https://reins.example'
/** As in vitest.workers.config.ts. */
export const masterToken = 'tests-create-tenants-with-this-master-token'

export interface CallOptions {
  readonly token?: string | undefined
  /** Sent as JSON, unless it is text or bytes already. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** The address that Cloudflare says the call comes from. */
  readonly from?: string
}

export async function call(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const { token, body, headers = {}, from } = options
  const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
  return SELF.fetch(`${origin}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(from === undefined ? {} : { 'cf-connecting-ip': from }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
  } as RequestInit)
}

/** The answer's JSON when it has this status; otherwise the test fails and shows what came instead. */
export async function json<Shape = Record<string, never>>(answer: Promise<Response>, status = 200): Promise<Shape> {
  const response = await answer
  const text = await response.text()
  expect([response.status, text]).toEqual([status, expect.anything()])
  return JSON.parse(text)
}

/** The problem document of an answer, checked for its form and its status. */
export async function problem(answer: Promise<Response>, status: number): Promise<Problem> {
  const response = await answer
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const document = problemSchema.parse(await response.json())
  expect([document.status, document.detail]).toEqual([status, expect.anything()])
  expect(response.status).toBe(status)
  expect(document.instance).toBe(response.headers.get('x-request-id'))
  return document
}

export const proofOf = (key: string): string => createHash('sha256').update(viewProofText(key)).digest('base64url')

/** Redeems a one-time view, as the page and the CLI do. */
export async function redeem(viewUrl: string) {
  const view = parseViewUrl(viewUrl)
  if (view === undefined) throw new Error(`not a view: ${viewUrl}`)
  const sealed = await json<{ iv: string; ciphertext: string }>(
    call('POST', `/api/v1/views/${view.id}/reveal`, { body: { proof: proofOf(view.key) } }),
  )
  const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64url'))
  const key = await crypto.subtle.importKey('raw', bytes(view.key), 'AES-GCM', false, ['decrypt'])
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytes(sealed.iv) }, key, bytes(sealed.ciphertext))
  return viewPlaintext.parse(JSON.parse(new TextDecoder().decode(plain)))
}

let made = 0

export interface TestTenant {
  readonly tenant: string
  readonly owner: string
}

/** A new tenant, made as a deployment makes it: by the master token and the owner's one-time view. */
export async function newTenant(): Promise<TestTenant> {
  made += 1
  const tenant = `edge${made}x${crypto.randomUUID().slice(0, 8)}`
  const created = await json<{ view_url: string }>(call('POST', '/api/v1/tenants', { token: masterToken, body: { tenant } }), 201)
  return { tenant, owner: (await redeem(created.view_url)).token }
}

export interface TestWorker {
  readonly worker_id: string
  readonly name: string
  readonly token: string
}

export async function newWorker({ owner }: TestTenant, name = 'triager', more: object = {}): Promise<TestWorker> {
  const body = { name, capabilities: [{ name: 'email.triage', risk_tier: 'auto' }], ...more }
  const made = await json<{ worker_id: string; view_url: string }>(call('POST', '/api/v1/workers/register', { token: owner, body }), 201)
  return { worker_id: made.worker_id, name, token: (await redeem(made.view_url)).token }
}

/** Presence of a worker, so that dispatch finds it live. */
export const present = (worker: TestWorker, body: object = { instance: 'test', status: 'idle' }): Promise<Response> =>
  call('PUT', '/api/v1/presence', { token: worker.token, body })

export interface TestOffer {
  readonly job: { readonly id: number }
  readonly lease: { readonly token: string; readonly attempt: number }
}

/** Dispatches a job and takes it to where its worker has started it. */
export async function startedJob(
  tenant: TestTenant,
  worker: TestWorker,
  prompt = 'Say yes.',
): Promise<{ readonly id: number; readonly lease: string }> {
  await json(present(worker))
  const job = await json<{ id: number }>(call('POST', '/api/v1/dispatch', { token: tenant.owner, body: { prompt } }), 201)
  const poll = await json<{ offers: TestOffer[] }>(call('POST', '/api/v1/claims', { token: worker.token, body: { max: 1 } }))
  const offer = poll.offers.find((one) => one.job.id === job.id)
  if (offer === undefined) throw new Error('the job was not offered')
  await json(call('POST', `/api/v1/claims/${job.id}/start`, { token: offer.lease.token }))
  return { id: job.id, lease: offer.lease.token }
}
