/**
 * Responsible for one HTTP request to an endpoint that streams its answer. It knows no API.
 *
 * It uses node:http rather than fetch: fetch gives up when the first byte takes five minutes, which a large prompt on a small
 * machine does, and it follows redirects, which would carry a key to another host.
 */
import http from 'node:http'
import https from 'node:https'
import { limits } from '@modelreins/contract'
import { at, parseJson, textAt } from './json.ts'

export interface Exchange {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal: AbortSignal
}

export interface ExchangeReply {
  readonly status: number
  readonly contentType: string
  /** The body as text, in the pieces it arrives in. */
  readonly pieces: AsyncIterable<string>
}

/** An endpoint said no. `status` and `headers` are what `classifyError` reads. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError'
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(message: string, status?: number, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** Where APIs put their words: OpenAI's error.message, Ollama's error, 1min.ai's message. */
const wordsOf = (body: string): string => {
  const json = parseJson(body)
  const found = textAt(json, 'error', 'message') ?? textAt(json, 'error') ?? textAt(json, 'message') ?? textAt(json, 'detail')
  const code = textAt(json, 'error', 'code') ?? textAt(json, 'errorCode') ?? textAt(json, 'error', 'type')
  const words = found ?? body.trim()
  return code === undefined || words.includes(code) ? words : `${words} (${code})`
}

/** An error event inside a stream whose status was 200. */
export const errorOf = (value: unknown): EndpointError => {
  const error = at(value, 'error') ?? value
  const code = at(error, 'code') ?? at(error, 'status')
  const status = typeof code === 'number' && code >= 400 && code < 600 ? code : undefined
  const words = wordsOf(JSON.stringify(typeof error === 'string' ? { message: error } : { error }))
  return new EndpointError(words, status)
}

const open = (exchange: Exchange): Promise<http.IncomingMessage> =>
  new Promise((resolve, reject) => {
    const url = new URL(exchange.url)
    const body = exchange.body === undefined ? undefined : Buffer.from(JSON.stringify(exchange.body))
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method: exchange.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        accept: 'application/json, text/event-stream, application/x-ndjson',
        'user-agent': 'modelreins-worker',
        ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.byteLength) }),
        ...exchange.headers,
      },
      signal: exchange.signal,
    })
    request.once('response', resolve)
    request.once('error', reject)
    request.end(body)
  })

async function* piecesOf(response: http.IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8')
  for await (const chunk of response) yield String(chunk)
  // A connection that broke in the middle of a chunked body ends the loop without an error on some versions of Node.
  if (!response.complete) throw new EndpointError('connection reset before the answer was complete')
}

/** Reads up to `bound` characters and closes the rest. */
export const readText = async (pieces: AsyncIterable<string>, bound: number = limits.result_bytes): Promise<string> => {
  let text = ''
  for await (const piece of pieces) {
    text += piece
    if (text.length > bound) return text.slice(0, bound)
  }
  return text
}

/** Opens the exchange; resolves with the head of a 2xx answer, throws `EndpointError` for any other. */
export const exchange = async (request: Exchange): Promise<ExchangeReply> => {
  const response = await open(request)
  const status = response.statusCode ?? 0
  const pieces = piecesOf(response)
  if (status >= 200 && status < 300) return { status, contentType: response.headers['content-type'] ?? '', pieces }
  const body =
    status >= 300 && status < 400 ? 'redirects are not followed' : await readText(pieces, limits.error_message_bytes).catch(() => '')
  response.destroy()
  const words = wordsOf(body)
  const retryAfter = response.headers['retry-after']
  throw new EndpointError(
    words === '' ? `HTTP ${status}` : `HTTP ${status}: ${words}`,
    status,
    retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  )
}

/** A whole JSON answer. */
export const exchangeJson = async (request: Exchange): Promise<unknown> => {
  const reply = await exchange(request)
  const text = await readText(reply.pieces)
  const json = parseJson(text)
  if (json === undefined) throw new EndpointError(`${new URL(request.url).host} did not answer with JSON`)
  return json
}
