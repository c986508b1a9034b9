/**
 * Responsible for parsing streamed answers into (event, data): standard server-sent events, and what servers really send. Source: WHATWG HTML,
 * "Server-sent events". In addition it accepts plain JSON lines (NDJSON, or a single answer instead of a stream), an `error:` field, and events
 * without a blank line between them.
 */
import { parseJson } from '../json.ts'
import { linesOf } from '../lines.ts'
import type { Unread } from '../unread.ts'

export interface ServerEvent {
  /** `message` unless the server names another event. */
  readonly event: string
  readonly data: string
}

const isWhole = (data: string): boolean => data.trim() === '[DONE]' || parseJson(data) !== undefined

/** Collects plain JSON that spans several lines until it is complete. */
const createBare = (): { readonly open: boolean; take(line: string): string | undefined; rest(): string } => {
  let lines: string[] = []
  return {
    get open() {
      return lines.length > 0
    },
    take(line) {
      lines.push(line)
      // A value that spans lines ends with a line that starts with a bracket. Parsing after every line would take quadratic time.
      if (!/^[}\]]/.test(line) && (lines.length > 1 || !/[}\]]\s*$/.test(line))) return undefined
      const whole = lines.join('\n')
      if (parseJson(whole) === undefined) return undefined
      lines = []
      return whole
    },
    rest: () => lines.join('\n'),
  }
}

export async function* serverEvents(pieces: AsyncIterable<string>, unread?: Unread): AsyncGenerator<ServerEvent> {
  let event = 'message'
  let data: string[] = []
  const bare = createBare()
  const tooLarge = (line: { readonly begins: string }): void => unread?.add('an event that is too large', line.begins)
  for await (const line of linesOf(pieces, tooLarge)) {
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
    if (field === 'data') {
      // Two complete values without a blank line between them are still two events.
      if (data.length > 0 && isWhole(data.join('\n'))) {
        yield { event, data: data.join('\n') }
        data = []
      }
      data.push(value)
    } else if (field === 'event') event = value
    else if (field === 'error') yield { event: 'error', data: value }
    else if (field === 'id' || field === 'retry') continue
    else if (bare.open || /^\s*[[{]/.test(line)) {
      const whole = bare.take(line)
      if (whole !== undefined) yield { event, data: whole }
    } else unread?.add('a line that is no event', line)
  }
  // The standard drops an event without a final blank line, but some servers close the connection directly after their last event.
  if (data.length > 0) yield { event, data: data.join('\n') }
  const rest = bare.rest()
  if (rest === '') return
  if (parseJson(rest) === undefined) unread?.add('JSON that is not whole', rest)
  else yield { event, data: rest }
}

/** The values of `source`. Once `finished` is true, only values that arrive within `ms` of each other. `close` ends a pending wait. */
export async function* withGrace<Value>(
  source: AsyncIterable<Value>,
  finished: () => boolean,
  ms: number,
  close: () => void,
): AsyncGenerator<Value> {
  const values = source[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = values.next()
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<undefined>((resolve) => {
        if (finished()) timer = setTimeout(resolve, ms, undefined)
      })
      const value = await Promise.race([next, late]).finally(() => clearTimeout(timer))
      if (value === undefined) {
        // The result is no longer needed, so a failure is ignored.
        next.catch(() => undefined)
        return
      }
      if (value.done === true) return
      yield value.value
    }
  } finally {
    close()
  }
}
