/** Responsible for reading `text/event-stream` (WHATWG HTML, "Server-sent events") from bytes. It knows no event of ours. */

export interface ServerSentEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: string
}

/** Feeds on text and returns the events that it completes. */
export class EventParser {
  #pending = ''
  #event = ''
  #id: string | undefined
  #data: string[] = []

  push(text: string): ServerSentEvent[] {
    const events: ServerSentEvent[] = []
    this.#pending += text
    for (;;) {
      const end = this.#pending.search(/\r\n|\n|\r/)
      // A lone CR at the very end may be half of CRLF: wait for what follows.
      if (end < 0 || (this.#pending[end] === '\r' && end === this.#pending.length - 1)) return events
      const line = this.#pending.slice(0, end)
      this.#pending = this.#pending.slice(end + (this.#pending.startsWith('\r\n', end) ? 2 : 1))
      const event = this.#line(line)
      if (event !== undefined) events.push(event)
    }
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === '') {
      const event = this.#data.length === 0 ? undefined : { event: this.#event || 'message', id: this.#id, data: this.#data.join('\n') }
      this.#event = ''
      this.#data = []
      return event
    }
    if (line.startsWith(':')) return undefined
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (field === 'event') this.#event = value
    else if (field === 'data') this.#data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.#id = value
    return undefined
  }
}
