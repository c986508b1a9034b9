/**
 * Responsible for taking one file off the wire, raw or as the `file` part of a form, into a sink as it arrives. It keeps no more of it than
 * the sink does, and knows nothing of who sends it.
 */
import { limits } from '@modelreins/contract'
import { type Result, fail, ok } from '../../domain/result.ts'
import { type GivenFields, fieldNames } from './artifact-fields.ts'
import type { ArtifactSink, Received } from './artifact-sink.ts'
import { MalformedMultipart, type PartHead, boundaryOf, multipartEvents } from '../http/multipart.ts'

export interface ReceivedFile extends Received {
  /** What the form said in its text parts. */
  readonly fields: GivenFields
  /** As the form named the file; undefined for a raw body. */
  readonly filename: string | undefined
  readonly contentType: string | undefined
}

/** What a form may have around its file: heads, boundaries, text parts. */
const formBytes = 1024 * 1024
const fieldBytes = 16 * 1024

const tooLarge = fail('too-large', `The file is larger than ${limits.artifact_bytes} bytes (\`artifact_bytes\`).`)
const invalid = (what: string): Result<never> =>
  fail('invalid-request', `The form is not valid: ${what}.`, { issues: [{ path: '', message: what }] })

class TooLarge extends Error {}
class BrokenOff extends Error {}

/**
 * The body's chunks, at most `most` bytes in all. What is over the limit is read and dropped, up to as much again: a sender that is still
 * sending reads no answer.
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

/** Reads a body that is refused already and drops it, within bounds: a sender that is still sending reads no answer. */
export async function discardBody(request: Request): Promise<void> {
  try {
    for await (const _chunk of chunksOf(request.body, limits.artifact_bytes));
  } catch {
    // Broken off, or without end: nobody listens.
  }
}

async function receiveRaw(request: Request, sink: ArtifactSink): Promise<Result<ReceivedFile>> {
  for await (const chunk of chunksOf(request.body, limits.artifact_bytes)) await sink.write(chunk)
  // Not every carrier tells a body that was cut off from one that has ended. A form says where it ends.
  const announced = request.headers.get('content-length')
  if (announced !== null && Number(announced) !== sink.size) throw new BrokenOff()
  const contentType = request.headers.get('content-type') ?? undefined
  return ok({ ...(await sink.end()), fields: {}, filename: undefined, contentType })
}

/** The text parts, and the head of the file, of a form whose file goes into the sink. */
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

  /** The part called `file` is the file, whether it has a file name or not; any other part with one is not expected. */
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
 * One file, into the sink. `strict`: parts that nothing is known of are errors, not noise. Rejects only when R2 does not answer. After
 * anything but ok the sink is to be abandoned.
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
