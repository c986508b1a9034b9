/** Responsible for server-sent events as a stream of (event, data); it knows no API that uses them. Source: WHATWG HTML, "Server-sent events". */
import { linesOf } from './lines.ts'

export interface ServerEvent {
  /** `message` unless the server names it. */
  readonly event: string
  readonly data: string
}

export async function* serverEvents(pieces: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let event = 'message'
  let data: string[] = []
  for await (const line of linesOf(pieces)) {
    if (line === '') {
      if (data.length > 0) yield { event, data: data.join('\n') }
      event = 'message'
      data = []
      continue
    }
    const colon = line.indexOf(':')
    if (colon === 0) continue // a comment, sent to keep the connection alive
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
  }
  // The standard drops an event that no blank line ends; servers that close right after their last line mean it.
  if (data.length > 0) yield { event, data: data.join('\n') }
}
