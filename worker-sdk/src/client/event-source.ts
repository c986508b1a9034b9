/** Responsible for one connection of server-sent events: opening it, its silence limit, and parsing. It does not reconnect. */
import { createParser } from 'eventsource-parser'
import type { Clock } from './clock.ts'
import { ModelReinsError, networkError } from './error.ts'
import { foreignAnswer } from './foreign.ts'
import type { RetryPolicy } from './retry.ts'
import { send, type Fetch } from './transport.ts'

/** One server-sent event; `event` and `id` are absent when the server sent none. */
export interface ServerSentEvent {
  readonly event?: string | undefined
  readonly id?: string | undefined
  readonly data: string
}

export interface EventSourcePorts {
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: Fetch
  readonly clock: Clock
  readonly retry: RetryPolicy
  readonly timeoutMs: number
}

/** The server sends a comment every 15 to 20 s. After this long without one, the connection counts as dead. */
const silenceMs = 45_000

/** Yields every message until the server ends the connection. `lastId` is sent as `Last-Event-ID`. */
export async function* openEventSource(
  ports: EventSourcePorts,
  url: string,
  lastId: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerSentEvent, void, void> {
  // One controller for the whole connection, because leaving the loop early must close it.
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const response = await send(
      {
        url,
        method: 'GET',
        headers: { ...ports.headers, accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
        timeoutMs: ports.timeoutMs,
        signal: controller.signal,
      },
      // The body is read longer than the call lasts, so the time limit of `send` must not apply to it.
      { clock: ports.clock, fetch: (address, init) => ports.fetch(address, { ...init, signal: controller.signal }) },
      async (answer) => answer,
    )
    if (response.headers.get('content-type')?.includes('text/event-stream') !== true) {
      throw foreignAnswer(url, response.status, await response.text())
    }
    if (response.body === null)
      throw new ModelReinsError('The stream has no body', { code: 'unexpected-response', status: response.status })
    const reader = response.body.getReader()
    const decoder = new TextDecoder()
    const messages: ServerSentEvent[] = []
    const parser = createParser({ onEvent: (message) => void messages.push(message) })
    for (;;) {
      const part = await readWithin(reader, ports.clock, controller)
      if (part === undefined) return
      parser.feed(decoder.decode(part, { stream: true }))
      yield* messages.splice(0)
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    throw error instanceof ModelReinsError ? error : networkError(url, error)
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
