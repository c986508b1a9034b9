/** Responsible for following the tenant's event feed over server-sent events: reconnects, and resumes after the last event. */
import { feedFrame, feedQuery, type FeedFrame, type Input } from '@modelreins/contract'
import { fullJitter } from './backoff.ts'
import { pause } from './clock.ts'
import { openEventSource, type EventSourcePorts } from './event-source.ts'
import { parseJson } from './json-text.ts'
import { wireRequest } from './request.ts'
import { isTransient } from './retry.ts'

export interface FollowOptions {
  readonly signal?: AbortSignal
  /** Called when a connection has failed and another one will be tried. */
  readonly onReconnect?: (error: unknown) => void
}

export interface FeedSource extends EventSourcePorts {
  /** Address of the server. */
  readonly url: string
}

/**
 * Yields every frame: `open` for each connection, `event` in the order of `seq` and each once, `presence`, and `reset` when events are missing and
 * the state must be fetched again. Ends only when `signal` aborts. Throws permanent errors (401, 403), and network errors as long as no connection
 * has succeeded.
 */
export async function* followEvents(
  source: FeedSource,
  query: Input<'events.follow'>,
  options: FollowOptions = {},
): AsyncGenerator<FeedFrame, void, void> {
  const { signal, onReconnect } = options
  const { after: asked, ...filter } = feedQuery.parse(query)
  let after = asked
  let opened = false
  let failures = 0
  for (;;) {
    signal?.throwIfAborted()
    try {
      const { path } = wireRequest('events.follow', { ...filter, ...(after === undefined ? {} : { after }) })
      for await (const { data } of openEventSource(source, source.url + path, undefined, signal)) {
        const parsed = feedFrame.safeParse(parseJson(data))
        // A kind of frame that only a newer server knows.
        if (!parsed.success) continue
        const frame = parsed.data
        failures = 0
        opened = true
        if (frame.type === 'event' && after !== undefined && frame.seq <= after) continue
        if (frame.type !== 'presence') after = frame.seq
        yield frame
      }
    } catch (error) {
      if (!isTransient(error)) throw error
      failures += 1
      if (!opened && failures >= source.retry.attempts) throw error
      onReconnect?.(error)
    }
    await pause(source.clock, fullJitter(source.retry, failures, source.clock), signal)
  }
}
