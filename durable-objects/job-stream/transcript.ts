/**
 * Responsible for the transcript of an ended job in R2: NDJSON, one chunk per line, and one last line that says how it ended and where a later
 * attempt goes on.
 */
import type { StreamedChunk } from '@modelreins/contract'
import type { RecentOutput, StreamEnd } from './gate.ts'
import { lastBytes } from '../../src/domain/job/last-bytes.ts'
import { encodeChunks, encodeEnd } from './sse.ts'
import type { Batch } from './store/stream-store.ts'
import type { ViewerSource } from './viewers.ts'

/** The newest attempt of a transcript, from its metadata: nobody need read the whole to refuse an older one. */
export const transcriptAttempt = (object: R2Object): number => Number(object.customMetadata?.['attempt'] ?? 0)

/** The last line. */
export interface TranscriptEnd {
  readonly end: StreamEnd
  /** The newest attempt that wrote. */
  readonly attempt: number
  readonly next_seq: number
}

type Line = StreamedChunk | TranscriptEnd

const encoder = new TextEncoder()

export const chunksOf = (batch: Batch): StreamedChunk[] =>
  batch.chunks.map(([seq, stream, text]) => ({ seq, attempt: batch.attempt, stream, text }))

const lines = (items: readonly Line[]): Uint8Array => encoder.encode(items.map((item) => `${JSON.stringify(item)}\n`).join(''))

/**
 * Writes the transcript batch by batch: R2 wants the length first, and the whole may not fit into memory beside itself.
 * `batchFrom` answers the batch at a sequence or the next one after it.
 */
export async function writeTranscript(
  bucket: R2Bucket,
  key: string,
  batchFrom: (seq: number) => Batch | undefined,
  last: TranscriptEnd,
): Promise<void> {
  let length = lines([last]).byteLength
  for (let batch = batchFrom(0); batch !== undefined; batch = batchFrom(batch.next)) length += lines(chunksOf(batch)).byteLength
  const { readable, writable } = new FixedLengthStream(length)
  const writer = writable.getWriter()
  const write = async (): Promise<void> => {
    for (let batch = batchFrom(0); batch !== undefined; batch = batchFrom(batch.next)) await writer.write(lines(chunksOf(batch)))
    await writer.write(lines([last]))
    await writer.close()
  }
  const store = (): Promise<unknown> =>
    bucket.put(key, readable, {
      httpMetadata: { contentType: 'application/x-ndjson; charset=utf-8' },
      customMetadata: { attempt: String(last.attempt) },
    })
  // If one side fails the other must not wait for it.
  const giveUp = async (reason: unknown): Promise<never> => {
    await writer.abort(reason).catch(() => undefined)
    throw reason
  }
  await Promise.all([store().catch(giveUp), write().catch(giveUp)])
}

/** The lines of a transcript, in groups as they arrive. */
export async function* transcriptLines(body: ReadableStream<Uint8Array>): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    if (parts.length > 0) yield parts.map((part): Line => JSON.parse(part))
  }
}

/** Read of a transcript for its last output: JSON escapes may make a text six times as long. */
const tailReadBytes = 512 * 1024

/** The last output of one attempt, from the end of its transcript; undefined when there is none. */
export async function recentInTranscript(bucket: R2Bucket, key: string, attempt: number, bytes: number): Promise<RecentOutput | undefined> {
  const found = await bucket.get(key, { range: { suffix: tailReadBytes } })
  if (found === null) return undefined
  const whole = found.size <= tailReadBytes
  const text = await found.text()
  // What begins in the middle of a line is no line.
  const lines = (whole ? text : text.slice(text.indexOf('\n') + 1)).split('\n').filter((line) => line !== '')
  const said = lines
    .map((line): Line => JSON.parse(line))
    .flatMap((line) => ('seq' in line && line.attempt === attempt ? [line.text] : []))
    .join('')
  const last = lastBytes(said, bytes)
  return { text: last, truncated: !whole || last.length < said.length, closed: true }
}

/** A transcript as a viewer reads it when the object has been emptied. */
export function transcriptSource(body: ReadableStream<Uint8Array>): ViewerSource {
  const groups = transcriptLines(body)
  let end: StreamEnd | undefined
  return {
    read: async (from) => {
      for (let group = await groups.next(); group.done !== true; group = await groups.next()) {
        end = group.value.find((line) => 'end' in line)?.end
        const chunks = group.value.filter((line) => 'seq' in line)
        const encoded = encodeChunks(from, chunks)
        if (encoded.events.byteLength > 0) return encoded
      }
      return undefined
    },
    end: () => (end === undefined ? new Uint8Array() : encodeEnd(end)),
    release: () => {
      groups.return(undefined).catch(() => undefined)
    },
  }
}
