/**
 * Responsible for taking a multipart/form-data body (RFC 7578) apart while it arrives, holding no more of it than one chunk. It knows no
 * field and keeps no file.
 *
 * Our own because the libraries for this runtime either keep whole files in memory or lose names outside Latin-1. It is strict where
 * leniency would be ambiguous: a boundary that something else follows, a part without its end, a body without its end are errors.
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

/** The body is not what RFC 7578 says; the message says how, for the sender to read. */
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

/** The parameters of a header's value, by lower-case name; of two with one name the first counts. */
function parameters(value: string): Readonly<Record<string, string | undefined>> {
  const found: Record<string, string> = Object.create(null)
  for (const [, name = '', quoted, plain = ''] of value.matchAll(/;\s*([^\s=;"]+)\s*=\s*(?:"((?:\\[\s\S]|[^"\\])*)"|([^\s;]*))/g)) {
    const key = name.toLowerCase()
    if (key in found) continue
    // Only quotes and backslashes are escaped: some senders put a whole path with single backslashes here.
    found[key] = quoted === undefined ? plain : quoted.replaceAll(/\\(["\\])/g, '$1')
  }
  return found
}

/** RFC 8187: `UTF-8''na%C3%AFve`; undefined when it is not spelled so. */
function extended(value: string | undefined): string | undefined {
  const encoded = /^utf-8'[^']*'([^']*)$/i.exec(value ?? '')?.[1]
  if (encoded === undefined) return undefined
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

/** Browsers write quotes and line ends of names as %22, %0D and %0A, and leave every other % alone. */
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

/** What has arrived and not been used, with the searching that needs it. */
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

  /** Takes one more chunk in; throws when there is none: every state but the end expects something. */
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

  /** Reads to the end and forgets it: what follows the last boundary means nothing. */
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

/** After a boundary: true at the start of a part, false when it was the last one. */
async function partFollows(window: Window): Promise<boolean> {
  for (;;) {
    while (window.length < 2) await window.more('the body ends in a boundary')
    if (window.pair() === dashes) return false
    if (window.pair() === crlf) {
      window.take(2)
      return true
    }
    // RFC 2046 lets white space pad a boundary.
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

/** Everything up to the next boundary, which is taken too. */
async function* untilBoundary(window: Window, delimiter: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const at = window.indexOf(delimiter)
    if (at > 0) yield window.take(at)
    if (at >= 0) {
      window.take(delimiter.length)
      return
    }
    // The beginning of a boundary may be the end of what is here.
    const safe = window.length - (delimiter.length - 1)
    if (safe > 0) yield window.take(safe)
    await window.more('the body ends before its last boundary')
  }
}

/** The parts of a body, in order; throws `MalformedMultipart`, and whatever `chunks` throws. Reads the body to its end. */
export async function* multipartEvents(chunks: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<MultipartEvent, void, void> {
  const delimiter = new TextEncoder().encode(`\r\n--${boundary}`)
  // The first boundary may be the very beginning, without a line end before it.
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
