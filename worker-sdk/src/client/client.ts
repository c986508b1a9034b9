/** Responsible for calling every operation of the contract, from any runtime that has `fetch`. */
import type { Artifact, FeedFrame, Input, Job, OperationId, StreamEvent } from '@modelreins/contract'
import {
  downloadArtifact,
  uploadArtifact,
  type ArtifactBytes,
  type ArtifactPorts,
  type DownloadedArtifact,
  type DownloadOptions,
  type UploadOptions,
} from './artifacts.ts'
import { fullJitter } from './backoff.ts'
import { pause, systemClock, type Clock } from './clock.ts'
import { ModelReinsError } from './error.ts'
import { followEvents, type FollowOptions } from './event-feed.ts'
import type { EventSourcePorts } from './event-source.ts'
import { foreignAnswer, isOurs } from './foreign.ts'
import { followJob, type StreamOptions } from './job-stream.ts'
import { nounsOf, type Answer, type CallOptions, type Nouns } from './nouns.ts'
import { rowOf, wireRequest } from './request.ts'
import { defaultRetry, isTransient, mayRepeat, takesKey, type RetryPolicy } from './retry.ts'
import { parseJson, send, type Fetch } from './transport.ts'

export interface ClientOptions {
  /** The server's address, such as `https://reins.example.com`. */
  readonly url: string
  /** A member key (`mrk_`) or worker token (`mrw_`). Sent as a bearer token, never in a URL. */
  readonly token?: string
  readonly fetch?: Fetch
  /** Milliseconds for one try; default 30,000. For held calls, their `wait` is added. */
  readonly timeoutMs?: number
  /** How safe and idempotent calls are retried; false: never. */
  readonly retry?: Partial<RetryPolicy> | false
  readonly clock?: Clock
}

export interface WaitOptions {
  readonly signal?: AbortSignal
  readonly idempotencyKey?: string
  /** Called with every event of the output stream as it arrives. */
  readonly onEvent?: (event: StreamEvent) => void
}

// The nouns are created from the operations table in the constructor. Declaration merging is the way to give a class members of a computed type.
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface Client extends Nouns {}

/** `client.jobs.dispatch({prompt})`, `client.workers.list()`, ...: one typed method per operation; every failure is a `ModelReinsError`. */
export class Client {
  readonly url: string
  readonly #token: string | undefined
  readonly #fetch: Fetch
  readonly #timeoutMs: number
  readonly #retry: RetryPolicy
  readonly #clock: Clock

  constructor(options: ClientOptions) {
    this.url = serverAddress(options.url)
    this.#token = options.token
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
    this.#timeoutMs = options.timeoutMs ?? 30_000
    this.#retry = options.retry === false ? { ...defaultRetry, attempts: 1 } : { ...defaultRetry, ...options.retry }
    this.#clock = options.clock ?? systemClock
    Object.assign(
      this,
      nounsOf((id, input, more) => this.#call(id, input, more)),
    )
  }

  /** Any operation by its id, such as `jobs.dispatch`; the noun methods use this. */
  call<Id extends OperationId>(id: Id, input?: Input<Id>, options?: CallOptions): Promise<Answer<Id>> {
    // The server has the same table. Its answers are not validated strictly, so that a newer server does not break an older client.
    return this.#call(id, input, options) as Promise<Answer<Id>>
  }

  /** The job's output after `after`, across reconnections, until `end`. */
  stream(jobId: number, options: StreamOptions = {}): AsyncGenerator<StreamEvent, void, void> {
    return followJob({ ...this.#streams(), url: this.url + wireRequest('jobs.stream', { job_id: jobId }).path }, options)
  }

  /** Events of the tenant as they happen, across reconnections, until `signal` aborts. */
  events(query: Input<'events.follow'> = {}, options: FollowOptions = {}): AsyncGenerator<FeedFrame, void, void> {
    return followEvents({ ...this.#streams(), url: this.url }, query, options)
  }

  /** Dispatches the job and follows it to its end. Answers the ended job, done or failed. */
  async dispatchAndWait(input: Input<'jobs.dispatch'>, options: WaitOptions = {}): Promise<Job> {
    const job = await this.call('jobs.dispatch', input, {
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
    })
    for await (const event of this.stream(job.id, options.signal === undefined ? {} : { signal: options.signal })) options.onEvent?.(event)
    return this.call('jobs.get', { job_id: job.id }, options.signal === undefined ? {} : { signal: options.signal })
  }

  /** Stores bytes, a Blob or a stream. The digest is sent too, so that the server rejects bytes that were changed on the way. */
  uploadArtifact(source: ArtifactBytes, options: UploadOptions = {}): Promise<Artifact> {
    return uploadArtifact(this.#artifacts, source, options)
  }

  /** `slugOrUrl`: from the answer of an upload. */
  downloadArtifact(slugOrUrl: string, options: DownloadOptions = {}): Promise<DownloadedArtifact> {
    return downloadArtifact(this.#artifacts, slugOrUrl, options)
  }

  readonly #artifacts: ArtifactPorts = {
    upload: (input, options) => this.call('artifacts.upload', input, options),
    download: (input, options) => this.call('artifacts.download', input, options),
  }

  async #call(id: OperationId, input: unknown, options: CallOptions = {}): Promise<unknown> {
    const wire = wireRequest(id, input)
    const row = rowOf(id)
    const inBody = keyIn(input)
    const key = options.idempotencyKey ?? (takesKey(id) && !inBody ? this.#freshKey() : undefined)
    const repeatable = mayRepeat(id, inBody || key !== undefined) && !isStream(options.body)
    const attempts = options.retry === false || !repeatable ? 1 : this.#retry.attempts
    const request = {
      url: this.url + wire.path,
      method: wire.method,
      headers: {
        ...this.#headers(options.token ?? this.#token),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(wire.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.contentType === undefined ? {} : { 'content-type': options.contentType }),
      },
      ...(row.body === 'raw'
        ? options.body === undefined
          ? {}
          : { body: options.body }
        : wire.body === undefined
          ? {}
          : { body: wire.body }),
      timeoutMs: options.timeoutMs ?? this.#timeoutMs + heldMs(row.held, input),
      signal: options.signal,
    }
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await send(request, { fetch: this.#fetch, clock: this.#clock }, (response) => readAnswer(id, response, request.url))
      } catch (error) {
        if (attempt + 1 >= attempts || !isTransient(error)) throw error
        const wait = error.retryAfterMs ?? fullJitter(this.#retry, attempt, this.#clock)
        if (wait > this.#retry.maxWaitMs) throw error
        await pause(this.#clock, wait, options.signal)
        options.signal?.throwIfAborted()
      }
    }
  }

  #streams(): EventSourcePorts {
    return {
      headers: this.#headers(this.#token),
      fetch: this.#fetch,
      clock: this.#clock,
      retry: this.#retry,
      timeoutMs: this.#timeoutMs,
    }
  }

  #headers(token: string | undefined): Record<string, string> {
    return { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  }

  /** The key is not secret, only unique: two random numbers and the time. */
  #freshKey(): string {
    const part = (): string => this.#clock.random().toString(36).slice(2, 12)
    return `sdk-${this.#clock.now().toString(36)}-${part()}${part()}`
  }
}

function serverAddress(url: string): string {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch (cause) {
    throw new ModelReinsError(`"${url}" is not an address: expected something like https://reins.example.com`, {
      code: 'invalid-request',
      status: 0,
      cause,
    })
  }
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') {
    throw new ModelReinsError(`"${url}" is not an HTTP address`, { code: 'invalid-request', status: 0 })
  }
  return parsed.origin + parsed.pathname.replace(/\/+$/, '')
}

/** Whether the input contains the caller's own key. It is sent in the body, and a header would have to repeat it. */
const keyIn = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && 'idempotency_key' in input && input.idempotency_key !== undefined

const isStream = (body: CallOptions['body']): boolean => body instanceof ReadableStream

/** A held call may take as long as its `wait` (in seconds) before the first byte. */
function heldMs(held: true | undefined, input: unknown): number {
  if (held !== true || typeof input !== 'object' || input === null || !('wait' in input)) return 0
  return Number(input.wait) * 1000 || 0
}

const isPage = (response: Response): boolean => response.headers.get('content-type')?.includes('text/html') === true

async function readAnswer(id: OperationId, response: Response, url: string): Promise<unknown> {
  const { produces } = rowOf(id)
  // An HTML page where something else is expected comes from something between here and the server.
  if (isPage(response) && produces?.includes('html') !== true && id !== 'artifacts.download') {
    throw foreignAnswer(url, response.status, await response.text())
  }
  if (produces === 'application/octet-stream' || produces === 'application/x-ndjson') return response
  const text = await response.text()
  if (produces !== undefined) return text
  const value = text === '' ? undefined : parseJson(text)
  if ((value === undefined && text !== '') || !isOurs(id, value)) throw foreignAnswer(url, response.status, text)
  return value
}
