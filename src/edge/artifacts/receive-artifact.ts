/**
 * Responsible for receiving one file, as raw body or as the `file` part of a form, into a sink while it arrives. It buffers no more than the
 * sink does, and does not depend on the caller.
 */
import { limits } from '@modelreins/contract'
import { type Result, fail, ok } from '../../domain/result.ts'
import { type GivenFields, fieldNames } from './artifact-fields.ts'
import type { ArtifactSink, Received } from './artifact-sink.ts'
import { MalformedMultipart, type PartHead, boundaryOf, multipartEvents } from '../http/multipart.ts'

export interface ReceivedFile extends Received {
  /** The text parts of the form. */
  readonly fields: GivenFields
  /** The file name in the form; undefined for a raw body. */
  readonly filename: string | undefined
  readonly contentType: string | undefined
}

/** The most bytes of a form besides its file: part headers, boundaries, text parts. */
const formBytes = 1024 * 1024
const fieldBytes = 16 * 1024

const tooLarge = fail('too-large', `The file is larger than ${limits.artifact_bytes} bytes (\`artifact_bytes\`).`)
const invalid = (what: string): Result<never> =>
  fail('invalid-request', `The form is not valid: ${what}.`, { issues: [{ path: '', message: what }] })

class TooLarge extends Error {}
class BrokenOff extends Error {}

/**
 * The body's chunks, at most `most` bytes in total. Bytes over the limit are read and dropped, up to the same amount again, because a client
 * that is still sending does not read the response.
 */
async function* chunksOf(body: ReadableStream<Uint8Array> | null, most: number): AsyncGenerator<Uint8Array, void, void> {
  if (body === null) return
  const reader = body.getReader()
  let size = 0
  try {
    for (;;) {
      const next = await reader.read().catch(() => {
        throw new BrokenOff()
      })
      if (next.done) break
      size += next.value.byteLength
      if (size <= most) yield next.value
      else if (size > 2 * most) break
    }
    if (size > most) throw new TooLarge()
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** Reads and drops the body of a refused request, within bounds, because a client that is still sending does not read the response. */
export async function discardBody(request: Request): Promise<void> {
  try {
    for await (const _chunk of chunksOf(request.body, limits.artifact_bytes));
  } catch {
    // The body was aborted or is too long: no client reads the response.
  }
}

async function receiveRaw(request: Request, sink: ArtifactSink): Promise<Result<ReceivedFile>> {
  for await (const chunk of chunksOf(request.body, limits.artifact_bytes)) await sink.write(chunk)
  // Compare the size with Content-Length: a truncated body can look like a complete one. A form has its own end.
  const announced = request.headers.get('content-length')
  if (announced !== null && Number(announced) !== sink.size) throw new BrokenOff()
  const contentType = request.headers.get('content-type') ?? undefined
  return ok({ ...(await sink.end()), fields: {}, filename: undefined, contentType })
}

/** Collects the text parts and the file's headers of a form; the file itself goes into the sink. */
class Form {
  readonly fields: Record<string, string> = {}
  file: PartHead | undefined
  #head: PartHead | undefined
  #text: Uint8Array[] = []
  #size = 0
  readonly #strict: boolean

  constructor(strict: boolean) {
    this.#strict = strict
  }

  /** The part named `file` is the file, with or without a file name; any other part with a file name is unexpected. */
  begin(head: PartHead): void {
    this.#head = head
    this.#text = []
    this.#size = 0
    const known = head.name === 'file' || (fieldNames.includes(head.name) && head.filename === undefined)
    if (!known && this.#strict) throw new MalformedMultipart(`\`${head.name.slice(0, 100)}\` is not a part of this form`)
    if (head.name !== 'file') return
    if (this.file !== undefined) throw new MalformedMultipart('there is more than one part called `file`')
    this.file = head
  }

  get inFile(): boolean {
    return this.#head?.name === 'file'
  }

  add(bytes: Uint8Array): void {
    this.#size += bytes.byteLength
    if (this.#size > fieldBytes) throw new MalformedMultipart(`a text part is larger than ${fieldBytes} bytes`)
    this.#text.push(bytes)
  }

  end(): void {
    const name = this.#head?.name
    if (name === undefined || name === 'file' || !fieldNames.includes(name)) return
    if (Object.hasOwn(this.fields, name)) throw new MalformedMultipart(`there is more than one part called \`${name}\``)
    this.fields[name] = Buffer.concat(this.#text).toString('utf8')
  }
}

async function receiveForm(request: Request, boundary: string, sink: ArtifactSink, strict: boolean): Promise<Result<ReceivedFile>> {
  const form = new Form(strict)
  let over = false
  for await (const event of multipartEvents(chunksOf(request.body, limits.artifact_bytes + formBytes), boundary)) {
    if (event.kind === 'part') form.begin(event.head)
    else if (event.kind === 'end') form.end()
    else if (!form.inFile) form.add(event.bytes)
    else if (!over) over = !(await sink.write(event.bytes))
  }
  if (over) return tooLarge
  if (form.file === undefined) return invalid('it has no part called `file`')
  return ok({ ...(await sink.end()), fields: form.fields, filename: form.file.filename, contentType: form.file.contentType })
}

/**
 * Receives one file into the sink. `strict`: unknown parts are errors instead of being ignored. Rejects only when R2 does not answer. Unless
 * the result is ok, the caller must abandon the sink.
 */
export async function receiveFile(request: Request, sink: ArtifactSink, strict: boolean): Promise<Result<ReceivedFile>> {
  const encoding = request.headers.get('content-encoding')?.toLowerCase() ?? 'identity'
  if (encoding !== 'identity') {
    return fail('unsupported-media-type', `Content-Encoding ${encoding.slice(0, 40)} is not supported; send the file as it is.`)
  }
  const boundary = boundaryOf(request.headers.get('content-type'))
  if (boundary === '') return invalid('its Content-Type has no boundary')
  try {
    return await (boundary === undefined ? receiveRaw(request, sink) : receiveForm(request, boundary, sink, strict))
  } catch (error) {
    if (error instanceof TooLarge) return tooLarge
    if (error instanceof BrokenOff) return fail('invalid-request', 'The request body ended before its declared length.')
    if (error instanceof MalformedMultipart) return invalid(error.message)
    throw error
  }
}
