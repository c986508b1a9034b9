/** Responsible for splitting a file into lines while it is read, without changing any byte. */

export interface Line {
  /** Counted from 1. */
  readonly number: number
  /** The line's bytes including its line feed, because the digest covers them. */
  readonly bytes: Buffer
  /** Without the line feed. */
  readonly text: string
  /** False: the file ended before the line did. */
  readonly whole: boolean
}

/** No valid line is nearly this long. The limit prevents a file without line ends from being read into memory. */
const longest = 1024 * 1024

export class LineTooLong extends Error {
  readonly line: number
  constructor(line: number) {
    super(`line ${line} is longer than ${longest} bytes`)
    this.line = line
  }
}

/** The lines of a stream of bytes or text. Throws `LineTooLong`. */
export async function* linesOf(source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): AsyncGenerator<Line> {
  let number = 1
  let held: Buffer[] = []
  let size = 0
  const cut = (end: Buffer, whole: boolean): Line => {
    const bytes = held.length === 0 ? end : Buffer.concat([...held, end])
    held = []
    size = 0
    const line = { number, bytes, text: bytes.toString('utf8', 0, bytes.length - (whole ? 1 : 0)), whole }
    number += 1
    return line
  }
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let from = 0
    for (let feed = bytes.indexOf(0x0a); feed !== -1; feed = bytes.indexOf(0x0a, from)) {
      yield cut(bytes.subarray(from, feed + 1), true)
      from = feed + 1
    }
    if (from === bytes.length) continue
    held.push(bytes.subarray(from))
    size += bytes.length - from
    if (size > longest) throw new LineTooLong(number)
  }
  if (size > 0) yield cut(Buffer.alloc(0), false)
}
