/**
 * Responsible for a `fetch` that uses the proxy of the environment, on Node 18 and later: Node's own supports none before version 24. For addresses
 * without a proxy it is Node's own `fetch`.
 */
import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import type { Fetch } from '../client/transport.ts'
import { proxyFor } from './proxy-rules.ts'
import { routeTo } from './tunnel.ts'

type Environment = Readonly<Record<string, string | undefined>>

const bytesOf = async (body: RequestInit['body']): Promise<Buffer | Readable | undefined> => {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Blob) return Buffer.from(await body.arrayBuffer())
  if (body instanceof ArrayBuffer) return Buffer.from(body)
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  // The global type and the module's type are two names of the same class.
  if (body instanceof ReadableStream) return Readable.fromWeb(body as NodeStream)
  throw new TypeError('a body of this kind cannot be sent through a proxy')
}

const bodiless = (status: number): boolean => status === 204 || status === 205 || status === 304

const responseOf = (incoming: http.IncomingMessage): Response => {
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one)
  }
  const status = incoming.statusCode ?? 0
  if (bodiless(status)) incoming.resume()
  const body = bodiless(status) ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>)
  return new Response(body, { status, headers })
}

export const proxyFetch =
  (env: Environment): Fetch =>
  async (input, init) => {
    if (proxyFor(input, env) === undefined) return globalThis.fetch(input, init)
    const body = await bytesOf(init.body)
    const { options, secure, headers } = routeTo(input, env)
    const sent = Object.fromEntries(new Headers(init.headers))
    return new Promise((resolve, reject) => {
      const request = (secure ? https : http).request({
        ...options,
        method: init.method ?? 'GET',
        headers: { ...sent, ...headers, ...(Buffer.isBuffer(body) ? { 'content-length': String(body.byteLength) } : {}) },
        ...(init.signal == null ? {} : { signal: init.signal }),
      })
      request.once('response', (incoming) => resolve(responseOf(incoming)))
      request.once('error', (cause) => reject(new TypeError('fetch failed', { cause })))
      if (body instanceof Readable) body.pipe(request)
      else request.end(body)
    })
  }
