/**
 * Responsible for HTTP calls as a person makes them with `curl`: method, path, token, JSON in and out. It knows no operation, and of the SDK it uses
 * only the opening of a one-time view.
 */
import type { Problem } from '@modelreins/contract'
import { redeemView } from '../../worker-sdk/src/index.ts'

export interface Answer<Body> {
  readonly status: number
  readonly headers: Headers
  /** The JSON of the answer; undefined when it has none. */
  readonly body: Body
  readonly text: string
}

export interface CallOptions {
  readonly body?: unknown
  /** Sent unchanged instead of `body`. */
  readonly raw?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** `await owner<Job>('GET', '/jobs/1')`. The type of the body is not checked, as with an answer to curl. */
export type Call = <Body = Problem>(method: string, path: string, options?: CallOptions) => Promise<Answer<Body>>

const parse = <Body>(text: string): Body => JSON.parse(text)

/** Returns a function that calls with this token, or without one. */
export const caller =
  (url: () => string, token?: string): Call =>
  async <Body>(method: string, path: string, options: CallOptions = {}) => {
    const payload = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body))
    const response = await fetch(url() + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(payload === undefined ? {} : { body: payload }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    const text = await response.text()
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, body: parse<Body>(isJson ? text : 'null'), text }
  }

export interface RegisteredWorker {
  readonly worker_id: string
  readonly name: string
  readonly token: string
  readonly call: Call
}

/** Registers a worker and reads its token from the one-time view, as its operator would. */
export async function registerWorker(
  url: () => string,
  owner: Call,
  name: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<RegisteredWorker> {
  const registered = await owner<{ worker_id: string; view_url: string }>('POST', '/api/v1/workers/register', { body: { name, ...more } })
  if (registered.status !== 201) throw new Error(`register ${name}: ${registered.status} ${registered.text}`)
  const { token } = await redeemView(registered.body.view_url)
  return { worker_id: registered.body.worker_id, name, token, call: caller(url, token) }
}

/** Creates a tenant on the same server and returns its owner's key, so that tests do not affect each other. */
export async function createTenant(
  url: () => string,
  masterToken: string,
  tenant: string,
): Promise<{ readonly key: string; readonly owner: Call }> {
  const created = await caller(url, masterToken)<{ view_url: string }>('POST', '/api/v1/tenants', { body: { tenant } })
  if (created.status !== 201) throw new Error(`tenant ${tenant}: ${created.status} ${created.text}`)
  const { token } = await redeemView(created.body.view_url)
  return { key: token, owner: caller(url, token) }
}
