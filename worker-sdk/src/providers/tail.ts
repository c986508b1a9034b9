/** Responsible for keeping the last part of a text that arrives in pieces, up to a limit. */
import { byteLength, limits } from '@modelreins/contract'

export interface Tail {
  push(text: string): void
  /** The kept text, oldest first. */
  text(): string
  /** Bytes that were dropped to stay within the bound. */
  dropped(): number
}

interface Piece {
  readonly text: string
  readonly bytes: number
}

/** Removes at least `excess` bytes of UTF-8 from the beginning, without splitting a character. */
const withoutFirst = ({ text, bytes }: Piece, excess: number): Piece => {
  const whole = new TextEncoder().encode(text)
  let from = excess
  // A byte of the form 10xxxxxx continues a character.
  while (from < whole.length && ((whole[from] ?? 0) & 0xc0) === 0x80) from += 1
  return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole.subarray(from)), bytes: bytes - from }
}

/** `bound` is in bytes of UTF-8, like the limits of the protocol. */
export const createTail = (bound: number): Tail => {
  // A list with its own start index, because removing the first of many pieces repeatedly would take quadratic time.
  let pieces: Piece[] = []
  let first = 0
  let length = 0
  let dropped = 0
  const drop = (): void => {
    while (length > bound) {
      const oldest = pieces[first]
      if (oldest === undefined) return
      const excess = length - bound
      const left = excess >= oldest.bytes ? undefined : withoutFirst(oldest, excess)
      const gone = oldest.bytes - (left?.bytes ?? 0)
      length -= gone
      dropped += gone
      if (left === undefined || left.bytes === 0) first += 1
      else pieces[first] = left
    }
    if (first > 1_024 && first * 2 > pieces.length) {
      pieces = pieces.slice(first)
      first = 0
    }
  }
  return {
    push(text) {
      if (text === '') return
      const bytes = byteLength(text)
      pieces.push({ text, bytes })
      length += bytes
      drop()
    },
    text: () =>
      pieces
        .slice(first)
        .map(({ text }) => text)
        .join(''),
    dropped: () => dropped,
  }
}

/** Bytes that are reserved for the notice at the beginning of a result that was cut. */
const noticeBytes = 200

/** Keeps as much as a result may contain. If something was cut, `text()` begins with a notice. It never exceeds the limit of a result. */
export const createResultTail = (bound: number = limits.result_bytes): Pick<Tail, 'push' | 'text'> => {
  const tail = createTail(bound - noticeBytes)
  return { push: tail.push, text: () => cutNotice(tail.dropped(), bound) + tail.text() }
}

/** The notice at the beginning of a text that lost its first bytes. */
export const cutNotice = (dropped: number, bound: number = limits.result_bytes): string =>
  dropped === 0 ? '' : `[the first ${dropped} bytes are only in the output; a result holds ${bound} bytes]\n`

/** A text as a result; its beginning is cut if it is too long. */
export const asResult = (text: string): string => {
  if (byteLength(text) <= limits.result_bytes) return text
  const tail = createResultTail()
  tail.push(text)
  return tail.text()
}
