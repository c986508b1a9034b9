/** Responsible for parsing server-sent events from a response: whole events, as they arrive. It does not reconnect. */

export interface StreamedEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: string
}

function eventOf(block: string): StreamedEvent | undefined {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const at = line.indexOf(':')
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1).trimStart())
  }
  const data = fields.get('data')
  return data === undefined ? undefined : { event: fields.get('event') ?? 'message', id: fields.get('id'), data }
}

/** Events in order, without comments and `retry`. Leaving the loop closes the connection. */
export async function* eventsOf(response: Response): AsyncGenerator<StreamedEvent, void, void> {
  if (response.body === null) return
  let pending = ''
  const decoder = new TextDecoder()
  for await (const bytes of response.body) {
    pending += decoder.decode(bytes, { stream: true })
    const blocks = pending.split('\n\n')
    pending = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = eventOf(block)
      if (event !== undefined) yield event
    }
  }
}
