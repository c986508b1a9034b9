/** Responsible for cutting text that arrives in pieces into whole lines; it knows nothing of what a line means. */

export interface LineCutter {
  /** The lines that this piece completes, without their line ends. */
  push(piece: string): readonly string[]
  /** What is left when no more comes: a last line without a line end, if there is one. */
  rest(): readonly string[]
}

/** One event of a command line or a stream; longer is not an event but an accident, and must not fill the memory. */
const longestLine = 16 * 1024 * 1024

export const createLineCutter = (): LineCutter => {
  // Kept in pieces: joining a long unfinished line anew with every piece would be quadratic.
  let open: string[] = []
  let openLength = 0
  const take = (): string => {
    const line = open.join('')
    open = []
    openLength = 0
    return line.endsWith('\r') ? line.slice(0, -1) : line
  }
  return {
    push(piece) {
      const lines: string[] = []
      let from = 0
      for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', from)) {
        open.push(piece.slice(from, end))
        lines.push(take())
        from = end + 1
      }
      const left = piece.slice(from)
      if (left !== '') {
        open.push(left)
        openLength += left.length
      }
      if (openLength > longestLine) throw new Error(`a line of more than ${longestLine} characters`)
      return lines
    },
    rest: () => (openLength === 0 ? [] : [take()]),
  }
}

/** The lines of a text that arrives in pieces. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  const cutter = createLineCutter()
  for await (const piece of pieces) yield* cutter.push(piece)
  yield* cutter.rest()
}
