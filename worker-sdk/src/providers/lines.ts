/** Responsible for splitting text that arrives in pieces into complete lines. */
import { byteLength } from '@modelreins/contract'

export interface LineCutter {
  /** The lines that this piece completes, without line ends. */
  push(piece: string): readonly string[]
  /** Called at the end: the last line if it has no line end. */
  rest(): readonly string[]
}

/** Maximum length of one event. A longer line is an error and must not fill the memory. */
const longestLine = 16 * 1024 * 1024
/** How much is kept of a skipped line, to identify it. */
const beginning = 200

export interface LeftOut {
  readonly bytes: number
  /** Its first characters. */
  readonly begins: string
}

const isBom = (char: number): boolean => char === 0xfeff

/** A line of more than `longest` bytes is skipped and reported when it ends; the following lines are read normally. */
export const createLineCutter = (onLeftOut: (line: LeftOut) => void = () => undefined, longest: number = longestLine): LineCutter => {
  // Kept as separate pieces, because joining a long incomplete line with every new piece would take quadratic time.
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
      // A byte order mark is not part of the first line.
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
