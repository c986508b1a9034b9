/** Responsible for following one job's output over server-sent events, through every broken connection, until its end. */
import { streamEvent, type StreamEvent } from '@modelreins/contract'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { fullJitter } from './backoff.ts'
import { pause, type Clock } from './clock.ts'
import { ModelReinsError, networkError } from './error.ts'
import { foreignAnswer } from './foreign.ts'
import { isTransient, type RetryPolicy } from './retry.ts'
import { parseJson, send, type Fetch } from './transport.ts'

export interface StreamOptions {
  /** Sequence number of the last chunk already seen; -1 or absent: from the beginning. */
  readonly after?: number
  readonly signal?: AbortSignal
}

export interface StreamSource {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: Fetch
  readonly clock: Clock
  readonly retry: RetryPolicy
  readonly timeoutMs: number
}

/** The server sends a comment every 15 s; three of them missing means that nobody is there. */
const silenceMs = 45_000

/**
 * Yields every event in order and returns after `end`. A connection that breaks is taken up again behind the last chunk seen;
 * what the server no longer has is told as `gap`. Throws what does not pass: 404, 401.
 */
export async function* followJob(source: StreamSource, options: StreamOptions = {}): AsyncGenerator<StreamEvent, void, void> {
  let after: number | string = options.after ?? -1
  let failures = 0
  while (options.signal?.aborted !== true) {
    try {
      for await (const event of connection(source, after, options.signal)) {
        failures = 0
        if (event.event === 'output') {
          if (typeof event.id === 'number' && typeof after === 'number' && event.id <= after) continue
          after = event.id
        }
        if (event.event === 'gap' && typeof after === 'number') after = Math.max(after, event.data.to)
        yield event
        if (event.event === 'end') return
      }
    } catch (error) {
      if (!isTransient(error)) throw error
      failures += 1
      // A stream that cannot even begin is told; one that has begun is followed for as long as the caller wants.
      if (failures >= source.retry.attempts * 4) throw error
    }
    await pause(source.clock, fullJitter(source.retry, failures, source.clock), options.signal)
  }
  options.signal?.throwIfAborted()
}

async function* connection(
  source: StreamSource,
  after: number | string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamEvent, void, void> {
  // One controller for the whole connection: leaving the loop early must close it.
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const response = await send(
      {
        url: typeof after === 'number' && after >= 0 ? `${source.url}?after=${after}` : source.url,
        method: 'GET',
        headers: { ...source.headers, accept: 'text/event-stream', ...(after === -1 ? {} : { 'last-event-id': String(after) }) },
        timeoutMs: source.timeoutMs,
        signal: controller.signal,
      },
      // The body outlives the call: `send` must not tie its own time limit to it.
      { clock: source.clock, fetch: (url, init) => source.fetch(url, { ...init, signal: controller.signal }) },
      async (answer) => answer,
    )
    if (response.headers.get('content-type')?.includes('text/event-stream') !== true) {
      throw foreignAnswer(source.url, response.status, await response.text())
    }
    if (response.body === null)
      throw new ModelReinsError('The stream has no body', { code: 'unexpected-response', status: response.status })
    const reader = response.body.getReader()
    const decoder = new TextDecoder()
    const events: EventSourceMessage[] = []
    const parser = createParser({ onEvent: (event) => void events.push(event) })
    for (;;) {
      const part = await readWithin(reader, source.clock, controller)
      if (part === undefined) return
      parser.feed(decoder.decode(part, { stream: true }))
      for (const raw of events.splice(0)) {
        const event = eventOf(raw)
        if (event !== undefined) yield event
      }
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    throw error instanceof ModelReinsError ? error : networkError(source.url, error)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    controller.abort()
  }
}

async function readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  clock: Clock,
  controller: AbortController,
): Promise<Uint8Array | undefined> {
  const cancel = clock.after(silenceMs, () => controller.abort(new Error('silent for too long')))
  try {
    const { done, value } = await reader.read()
    return done ? undefined : value
  } finally {
    cancel()
  }
}

/** Undefined for events that a newer server may send and this client does not know. */
function eventOf(raw: EventSourceMessage): StreamEvent | undefined {
  const parsed = streamEvent.safeParse({
    event: raw.event,
    data: parseJson(raw.data),
    // A sequence, or the cursor of a fan-out.
    ...(raw.id === undefined ? {} : { id: /^\d+$/.test(raw.id) ? Number(raw.id) : raw.id }),
  })
  return parsed.success ? parsed.data : undefined
}
