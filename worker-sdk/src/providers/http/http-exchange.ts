/**
 * Responsible for one HTTP request to an endpoint that streams its answer. It knows no API.
 *
 * It uses node:http instead of fetch: fetch gives up when the first byte takes five minutes, which happens with a large prompt on a small machine,
 * and it follows redirects, which could send a key to another host.
 */
import http from 'node:http'
import https from 'node:https'
import { limits } from '@modelreins/contract'
import { statusOf } from '../../classify/json-words.ts'
import { routeTo } from '../../net/tunnel.ts'
import { decoded } from './http-body.ts'
import { at, isObject, parseJson, textAt } from '../json.ts'
import type { Tap } from '../recording/tap.ts'
import { createTail } from '../tail.ts'

export interface Exchange {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal: AbortSignal
  /** The environment with the proxy variables. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Records the server's answer. */
  readonly tap?: Tap | undefined
}

export interface ExchangeReply {
  readonly status: number
  readonly contentType: string
  /** The body as text, in pieces as they arrive. */
  readonly pieces: AsyncIterable<string>
  /** Closes the connection; the rest of the answer is discarded. */
  readonly close: () => void
}

/** The endpoint answered an error. `classifyError` reads `status`, `headers` and `body`. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError'
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>
  /** The server's answer, if it was JSON. */
  readonly body: unknown

  constructor(message: string, status?: number, headers: Readonly<Record<string, string>> = {}, body?: unknown) {
    super(message)
    this.status = status
    this.headers = headers
    this.body = body
  }
}

const titleOf = (page: string): string => {
  const title = /<title[^>]{0,200}>([^<]{1,300})/i.exec(page)?.[1] ?? page.slice(0, 4_096).replace(/<[^>]{0,2000}>/g, ' ')
  return title.replace(/\s+/g, ' ').trim().slice(0, 200)
}

const isPage = (body: string): boolean => /^\s*<(?:!doctype html|html|head|body)\b/i.test(body)

/** The error message of an API's answer: OpenAI's error.message, Ollama's error, 1min.ai's message. */
const wordsOf = (body: string): string => {
  const json = parseJson(body)
  if (json === undefined) return isPage(body) ? `a page of HTML: ${titleOf(body)}` : body.trim()
  const first = Array.isArray(json) ? json[0] : json
  const found =
    textAt(first, 'error', 'message') ??
    textAt(first, 'error') ??
    textAt(first, 'message') ??
    textAt(first, 'detail') ??
    textAt(first, 'detail', 0, 'msg') ??
    textAt(first, 'errors', 0, 'message') ??
    textAt(first, 'title')
  const code = textAt(first, 'error', 'code') ?? textAt(first, 'errorCode') ?? textAt(first, 'error', 'type')
  const raw = textAt(first, 'error', 'metadata', 'raw')
  const words = found ?? body.trim()
  const more = raw === undefined || words.includes(raw) ? words : `${words} (${raw.slice(0, 1_000)})`
  return code === undefined || more.includes(code) ? more : `${more} (${code})`
}

/** The error in a part of an answer with status 200, or undefined. */
export const errorIn = (value: unknown): unknown => {
  if (!isObject(value)) return undefined
  const error = value['error']
  if (error !== undefined && error !== null && error !== false && error !== '') return value
  const named = value['type'] === 'error' || value['object'] === 'error'
  return named || (Array.isArray(value['errors']) && value['errors'].length > 0) ? value : undefined
}

/** The error for an error event in a stream with status 200. */
export const errorOf = (value: unknown): EndpointError => {
  const error = at(value, 'error') ?? at(value, 'errors', 0) ?? value
  const status = [at(error, 'code'), at(error, 'status'), at(error, 'status_code'), at(value, 'code'), at(value, 'status')]
    .map(statusOf)
    .find((one) => one !== undefined)
  const words = wordsOf(JSON.stringify(typeof error === 'string' ? { message: error } : { error }))
  return new EndpointError(
    words === '' ? 'the server reported an error and no words' : words,
    status,
    {},
    typeof value === 'string' ? undefined : value,
  )
}

const open = (exchange: Exchange): Promise<http.IncomingMessage> =>
  new Promise((resolve, reject) => {
    const url = new URL(exchange.url)
    const body = exchange.body === undefined ? undefined : Buffer.from(JSON.stringify(exchange.body))
    const route = routeTo(url.href, exchange.env ?? {})
    const request = (route.secure ? https : http).request({
      ...route.options,
      method: exchange.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        accept: 'application/json, text/event-stream, application/x-ndjson',
        'user-agent': 'modelreins-worker',
        ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.byteLength) }),
        ...exchange.headers,
        ...route.headers,
      },
      signal: exchange.signal,
    })
    request.once('response', resolve)
    request.once('error', reject)
    request.end(body)
  })

async function* piecesOf(response: http.IncomingMessage, tap: Tap | undefined): AsyncGenerator<string> {
  try {
    for await (const piece of decoded(response)) {
      tap?.text('body', piece)
      yield piece
    }
    // On some versions of Node, a connection that breaks in the middle of a chunked body ends the loop without an error.
    if (!response.complete) throw new EndpointError('connection reset before the answer was complete')
    tap?.end('end')
  } catch (error) {
    tap?.end('broken')
    throw error
  }
}

/** Reads up to `bound` bytes and closes the connection; `whole` says whether that was everything. */
const readUpTo = async (pieces: AsyncIterable<string>, bound: number): Promise<{ readonly text: string; readonly whole: boolean }> => {
  const kept: string[] = []
  let bytes = 0
  for await (const piece of pieces) {
    bytes += Buffer.byteLength(piece)
    if (bytes > bound) {
      const excess = bytes - bound
      const last = Buffer.from(piece)
      kept.push(last.subarray(0, Math.max(0, last.byteLength - excess)).toString())
      return { text: kept.join(''), whole: false }
    }
    kept.push(piece)
  }
  return { text: kept.join(''), whole: true }
}

/** Headers that say when to try again. */
const isAdvice = (name: string): boolean => /retry|rate-?limit|reset/.test(name)

const headersOf = (response: http.IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(response.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])))

const adviceOf = (response: http.IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(headersOf(response)).filter(([name]) => isAdvice(name)))

/** Sends the request. Resolves with the head of a 2xx answer, throws `EndpointError` for any other. */
export const exchange = async (request: Exchange): Promise<ExchangeReply> => {
  const { tap } = request
  tap?.request(request.method ?? (request.body === undefined ? 'GET' : 'POST'), request.url)
  const response = await open(request)
  const status = response.statusCode ?? 0
  tap?.answer(status, headersOf(response))
  const pieces = piecesOf(response, tap)
  const close = (): void => void response.destroy()
  const contentType = response.headers['content-type'] ?? ''
  const good = status >= 200 && status < 300
  if (good && !contentType.includes('text/html')) return { status, contentType, pieces, close }
  const redirected = status >= 300 && status < 400
  const body = redirected
    ? 'redirects are not followed'
    : await readUpTo(pieces, limits.error_message_bytes).then(
        ({ text }) => text,
        () => '',
      )
  close()
  if (good) {
    const words = `connection error: ${new URL(request.url).host} answers with a page, not as this API: a proxy in between, or another address is meant`
    throw new EndpointError(`${words} (${titleOf(body)})`)
  }
  const words = wordsOf(body)
  throw new EndpointError(words === '' ? `HTTP ${status}` : `HTTP ${status}: ${words}`, status, adviceOf(response), parseJson(body))
}

/** Reads a complete JSON answer. */
export const exchangeJson = async (request: Exchange): Promise<unknown> => {
  const reply = await exchange(request)
  const { text, whole } = await readUpTo(reply.pieces, limits.result_bytes)
  reply.close()
  const { host } = new URL(request.url)
  if (!whole) throw new EndpointError(`${host} answered with more than ${limits.result_bytes} bytes`)
  const json = parseJson(text)
  if (json === undefined) {
    const tail = createTail(200)
    tail.push(text.slice(0, 200))
    throw new EndpointError(`${host} did not answer with JSON; its answer begins: ${tail.text().trim()}`)
  }
  return json
}
