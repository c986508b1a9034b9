/**
 * Responsible for parsing a multipart/form-data body (RFC 7578) while it arrives, with at most one chunk in memory. It interprets no fields
 * and stores no files.
 *
 * This is not a library because those for this runtime either keep whole files in memory or lose names outside Latin-1. The parser is strict
 * where leniency would be ambiguous: text after a boundary, a part without its end, and a body without its end are errors.
 */

export interface PartHead {
  readonly name: string
  /** Undefined for a plain field. */
  readonly filename: string | undefined
  readonly contentType: string | undefined
}

export type MultipartEvent =
  | { readonly kind: 'part'; readonly head: PartHead }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }

/** The body violates RFC 7578; the message tells the sender how. */
export class MalformedMultipart extends Error {
  override readonly name = 'MalformedMultipart'
}

const headBytes = 16 * 1024
const mostParts = 64

/** The boundary of a Content-Type; undefined when it is not multipart/form-data, '' when the boundary is missing or impossible. */
export function boundaryOf(contentType: string | null): string | undefined {
  if (contentType === null || !/^\s*multipart\/form-data\s*(?:;|$)/i.test(contentType)) return undefined
  const { boundary = '' } = parameters(contentType)
  return /^[\x20-\x7e]{0,69}[\x21-\x7e]$/.test(boundary) ? boundary : ''
}

/** The parameters of a header's value, by lower-case name; of repeated ones the first applies. */
function parameters(value: string): Readonly<Record<string, string | undefined>> {
  const found: Record<string, string> = Object.create(null)
  for (const [, name = '', quoted, plain = ''] of value.matchAll(/;\s*([^\s=;"]+)\s*=\s*(?:"((?:\\[\s\S]|[^"\\])*)"|([^\s;]*))/g)) {
    const key = name.toLowerCase()
    if (key in found) continue
    // Unescape only quotes and backslashes: some senders put a whole path with unescaped backslashes here.
    found[key] = quoted === undefined ? plain : quoted.replaceAll(/\\(["\\])/g, '$1')
  }
  return found
}

/** Decodes an RFC 8187 value such as `UTF-8''na%C3%AFve`; undefined for any other form. */
function extended(value: string | undefined): string | undefined {
  const encoded = /^utf-8'[^']*'([^']*)$/i.exec(value ?? '')?.[1]
  if (encoded === undefined) return undefined
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

/** Decodes names as browsers encode them: only quotes and line ends, as %22, %0D and %0A. */
const unescaped = (name: string): string =>
  name.replaceAll(/%(22|0d|0a)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

function parseHead(text: string): PartHead {
  const headers = new Map<string, string>()
  for (const line of text.split('\r\n')) {
    const at = line.indexOf(':')
    if (at < 1) throw new MalformedMultipart('a line in the head of a part is not a header')
    headers.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim())
  }
  const disposition = headers.get('content-disposition') ?? ''
  const { name, filename, 'filename*': filenameStar } = parameters(disposition)
  if (!/^form-data\s*(?:;|$)/i.test(disposition) || name === undefined) {
    throw new MalformedMultipart('a part has no Content-Disposition: form-data with a name')
  }
  const given = extended(filenameStar) ?? (filename === undefined ? undefined : unescaped(filename))
  return { name: unescaped(name), filename: given, contentType: headers.get('content-type') }
}

const crlf = 0x0d0a
const dashes = 0x2d2d

/** The received bytes that are not parsed yet, with functions to search them. */
class Window {
  #bytes: Uint8Array
  readonly #chunks: AsyncIterator<Uint8Array>

  constructor(chunks: AsyncIterator<Uint8Array>, before: Uint8Array) {
    this.#chunks = chunks
    this.#bytes = before
  }

  get length(): number {
    return this.#bytes.byteLength
  }

  /** Reads one more chunk. Throws `MalformedMultipart` with the message `missing` at the end of the body. */
  async more(missing: string): Promise<void> {
    const next = await this.#chunks.next()
    if (next.done === true) throw new MalformedMultipart(missing)
    if (this.#bytes.byteLength === 0) {
      this.#bytes = next.value
      return
    }
    const joined = new Uint8Array(this.#bytes.byteLength + next.value.byteLength)
    joined.set(this.#bytes)
    joined.set(next.value, this.#bytes.byteLength)
    this.#bytes = joined
  }

  /** Reads to the end of the body and drops it: text after the last boundary has no meaning. */
  async drain(): Promise<void> {
    this.#bytes = new Uint8Array()
    while ((await this.#chunks.next()).done !== true);
  }

  indexOf(needle: Uint8Array): number {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength).indexOf(needle)
  }

  at(index: number): number {
    return this.#bytes[index] ?? -1
  }

  pair(): number {
    return this.at(0) * 256 + this.at(1)
  }

  take(length: number): Uint8Array {
    const taken = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return taken
  }
}

/** Called after a boundary: true when a part follows, false when the boundary was the last one. */
async function partFollows(window: Window): Promise<boolean> {
  for (;;) {
    while (window.length < 2) await window.more('the body ends in a boundary')
    if (window.pair() === dashes) return false
    if (window.pair() === crlf) {
      window.take(2)
      return true
    }
    // RFC 2046 allows white space after a boundary.
    if (window.at(0) !== 0x20 && window.at(0) !== 0x09) throw new MalformedMultipart('a boundary is followed by something else')
    window.take(1)
  }
}

const headEnd = new Uint8Array([0x0d, 0x0a, 0x0d, 0x0a])

async function readHead(window: Window): Promise<PartHead> {
  for (;;) {
    const end = window.indexOf(headEnd)
    if (end > headBytes || (end < 0 && window.length > headBytes))
      throw new MalformedMultipart(`the head of a part is larger than ${headBytes} bytes`)
    if (end >= 0) {
      const text = new TextDecoder().decode(window.take(end))
      window.take(headEnd.length)
      return parseHead(text)
    }
    await window.more('the body ends in the head of a part')
  }
}

/** Yields the bytes up to the next boundary, and consumes the boundary. */
async function* untilBoundary(window: Window, delimiter: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const at = window.indexOf(delimiter)
    if (at > 0) yield window.take(at)
    if (at >= 0) {
      window.take(delimiter.length)
      return
    }
    // The received bytes may end with the beginning of a boundary.
    const safe = window.length - (delimiter.length - 1)
    if (safe > 0) yield window.take(safe)
    await window.more('the body ends before its last boundary')
  }
}

/** The parts of a body, in order. Reads the body to its end. Throws `MalformedMultipart`, and errors of `chunks`. */
export async function* multipartEvents(chunks: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<MultipartEvent, void, void> {
  const delimiter = new TextEncoder().encode(`\r\n--${boundary}`)
  // The first boundary may start the body, without a line end before it, so the window starts with one.
  const window = new Window(chunks[Symbol.asyncIterator](), delimiter.slice(0, 2))
  for await (const _preamble of untilBoundary(window, delimiter));
  for (let parts = 0; await partFollows(window); parts += 1) {
    if (parts >= mostParts) throw new MalformedMultipart(`the body has more than ${mostParts} parts`)
    yield { kind: 'part', head: await readHead(window) }
    for await (const bytes of untilBoundary(window, delimiter)) yield { kind: 'bytes', bytes }
    yield { kind: 'end' }
  }
  await window.drain()
}
