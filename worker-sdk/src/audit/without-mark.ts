/**
 * Responsible for files that an editor or a shell has rewritten: with a byte order mark, in UTF-16, or with CRLF line ends. An export has none of
 * these, and its digests cover the original bytes. A file without a mark is passed on unchanged.
 */

type Source = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>

const marks: readonly (readonly [encoding: string, bytes: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
]
const longestMark = 3

const bytesOf = (chunk: Uint8Array | string): Uint8Array => (typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)

const encodingOf = (head: Uint8Array): string | undefined =>
  marks.find(([, mark]) => mark.every((byte, index) => head[index] === byte))?.[0]

export async function* withoutMark(source: Source): AsyncGenerator<Uint8Array> {
  let head = new Uint8Array()
  let decode: ((bytes: Uint8Array, last: boolean) => Uint8Array) | undefined
  let decided = false
  for await (const chunk of source) {
    let bytes = bytesOf(chunk)
    if (!decided) {
      const joined = new Uint8Array(head.length + bytes.length)
      joined.set(head)
      joined.set(bytes, head.length)
      if (joined.length < longestMark) {
        head = joined
        continue
      }
      const encoding = encodingOf(joined)
      decode = encoding === undefined ? undefined : asExported(encoding)
      decided = true
      bytes = joined
    }
    yield decode === undefined ? bytes : decode(bytes, false)
  }
  if (!decided && head.length > 0) yield head
  if (decode !== undefined) yield decode(new Uint8Array(), true)
}

/** UTF-8 without the mark and with LF line ends. A carriage return at the end of a piece is held until the next piece shows what follows it. */
function asExported(encoding: string): (bytes: Uint8Array, last: boolean) => Uint8Array {
  const decoder = new TextDecoder(encoding)
  let held = ''
  return (bytes, last) => {
    const text = held + decoder.decode(bytes, { stream: !last })
    held = !last && text.endsWith('\r') ? '\r' : ''
    return new TextEncoder().encode(text.slice(0, text.length - held.length).replaceAll('\r\n', '\n'))
  }
}
