/** Responsible for cutting text that arrives in pieces into whole lines. */
import { byteLength } from '@modelreins/contract'

export interface LineCutter {
  /** The lines that this piece completes, without their line ends. */
  push(piece: string): readonly string[]
  /** What is left when no more comes: a last line without a line end, if there is one. */
  rest(): readonly string[]
}

/** One event of a command line or a stream; longer is not an event but an accident, and must not fill the memory. */
const longestLine = 16 * 1024 * 1024
/** What is kept of a line that is left out, to say which one it was. */
const beginning = 200

export interface LeftOut {
  readonly bytes: number
  /** Its first characters. */
  readonly begins: string
}

const isBom = (char: number): boolean => char === 0xfeff

/** A line of more than `longest` bytes is left out, and told once it has ended: the lines behind it are read on. */
export const createLineCutter = (onLeftOut: (line: LeftOut) => void = () => undefined, longest: number = longestLine): LineCutter => {
  // Kept in pieces: joining a long unfinished line anew with every piece would be quadratic.
  let open: string[] = []
  let openBytes = 0
  let begins: string | undefined
  let atStart = true

  const add = (part: string): void => {
    if (part === '') return
    openBytes += byteLength(part)
    if (openBytes > longest) {
      begins ??= (open.join('').slice(0, beginning) + part.slice(0, beginning)).slice(0, beginning)
      open = []
    } else open.push(part)
  }
  const take = (lines: string[]): void => {
    if (begins === undefined) {
      const line = open.join('')
      lines.push(line.endsWith('\r') ? line.slice(0, -1) : line)
    } else onLeftOut({ bytes: openBytes, begins })
    open = []
    openBytes = 0
    begins = undefined
  }
  return {
    push(text) {
      // A mark in front of the first byte is no part of the first line.
      const piece = atStart && isBom(text.charCodeAt(0)) ? text.slice(1) : text
      if (text !== '') atStart = false
      const lines: string[] = []
      let from = 0
      for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', from)) {
        add(piece.slice(from, end))
        take(lines)
        from = end + 1
      }
      add(piece.slice(from))
      return lines
    },
    rest() {
      const lines: string[] = []
      if (openBytes > 0) take(lines)
      return lines
    },
  }
}

/** The lines of a text that arrives in pieces. */
export async function* linesOf(pieces: AsyncIterable<string>, onLeftOut?: (line: LeftOut) => void): AsyncGenerator<string> {
  const cutter = createLineCutter(onLeftOut)
  for await (const piece of pieces) yield* cutter.push(piece)
  yield* cutter.rest()
}
