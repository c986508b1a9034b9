/** Responsible for keeping the last part of a text that arrives in pieces, within a bound. */
import { byteLength, limits } from '@modelreins/contract'

export interface Tail {
  push(text: string): void
  /** What is kept, oldest first. */
  text(): string
  /** Bytes that were dropped to stay within the bound. */
  dropped(): number
}

interface Piece {
  readonly text: string
  readonly bytes: number
}

/** Takes at least `excess` bytes of UTF-8 from the beginning, and no half of a character. */
const withoutFirst = ({ text, bytes }: Piece, excess: number): Piece => {
  const whole = new TextEncoder().encode(text)
  let from = excess
  // 10xxxxxx continues a character.
  while (from < whole.length && ((whole[from] ?? 0) & 0xc0) === 0x80) from += 1
  return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole.subarray(from)), bytes: bytes - from }
}

/** `bound` is in bytes of UTF-8, as the limits of the wire are. */
export const createTail = (bound: number): Tail => {
  // A list with a start of its own: taking the first of many pieces away again and again would be quadratic.
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

/** Room for the notice in front of a result that was cut. */
const noticeBytes = 200

/** Keeps what a result may hold. `text()` says so in front when that is not all of it, and is never more than a result may be. */
export const createResultTail = (bound: number = limits.result_bytes): Pick<Tail, 'push' | 'text'> => {
  const tail = createTail(bound - noticeBytes)
  return { push: tail.push, text: () => cutNotice(tail.dropped(), bound) + tail.text() }
}

/** One line in front of a text whose first bytes are not in it. */
export const cutNotice = (dropped: number, bound: number = limits.result_bytes): string =>
  dropped === 0 ? '' : `[the first ${dropped} bytes are only in the output; a result holds ${bound} bytes]\n`

/** A whole text as a result: cut at its beginning where it is too long. */
export const asResult = (text: string): string => {
  if (byteLength(text) <= limits.result_bytes) return text
  const tail = createResultTail()
  tail.push(text)
  return tail.text()
}
