/** Responsible for following one job's output over server-sent events, across reconnections, until its end. */
import { streamEvent, type StreamEvent } from '@modelreins/contract'
import { fullJitter } from './backoff.ts'
import { pause } from './clock.ts'
import { openEventSource, type EventSourcePorts, type ServerSentEvent } from './event-source.ts'
import { isTransient } from './retry.ts'
import { parseJson } from './transport.ts'

export interface StreamOptions {
  /** Sequence number of the last chunk that the caller has; -1 or absent: from the beginning. */
  readonly after?: number
  readonly signal?: AbortSignal
}

export interface StreamSource extends EventSourcePorts {
  readonly url: string
}

/**
 * Yields every event in order and returns after `end`. A broken connection is resumed after the last chunk; chunks that the server no longer has are
 * reported as `gap`. Throws permanent errors: 404, 401.
 */
export async function* followJob(source: StreamSource, options: StreamOptions = {}): AsyncGenerator<StreamEvent, void, void> {
  let after: number | string = options.after ?? -1
  let failures = 0
  while (options.signal?.aborted !== true) {
    try {
      const url = typeof after === 'number' && after >= 0 ? `${source.url}?after=${after}` : source.url
      for await (const raw of openEventSource(source, url, after === -1 ? undefined : String(after), options.signal)) {
        const event = eventOf(raw)
        if (event === undefined) continue
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
      // If the stream never begins, the error is thrown. Once it has begun, it is followed for as long as the caller wants.
      if (failures >= source.retry.attempts * 4) throw error
    }
    await pause(source.clock, fullJitter(source.retry, failures, source.clock), options.signal)
  }
  options.signal?.throwIfAborted()
}

/** Undefined for events that only a newer server knows. */
function eventOf(raw: ServerSentEvent): StreamEvent | undefined {
  const parsed = streamEvent.safeParse({
    event: raw.event,
    data: parseJson(raw.data),
    // A sequence number, or the cursor of a fan-out.
    ...(raw.id === undefined ? {} : { id: /^\d+$/.test(raw.id) ? Number(raw.id) : raw.id }),
  })
  return parsed.success ? parsed.data : undefined
}
