/**
 * Responsible for the transcript of an ended job in R2: NDJSON with one chunk per line, and a last line with the end and the number at which a
 * later attempt continues.
 */
import type { StreamedChunk } from '@modelreins/contract'
import type { RecentOutput, StreamEnd } from './gate.ts'
import { lastBytes } from '../../src/domain/job/last-bytes.ts'
import { encodeChunks, encodeEnd } from './sse.ts'
import type { Batch } from './store/stream-store.ts'
import type { ViewerSource } from './viewers.ts'

/** The newest attempt of a transcript, from its metadata, so that refusing an older attempt does not read the body. */
export const transcriptAttempt = (object: R2Object): number => Number(object.customMetadata?.['attempt'] ?? 0)

/** The last line of a transcript. */
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
 * Writes the transcript batch by batch: R2 needs the length in advance, and a copy of the whole may not fit into memory. `batchFrom` returns
 * the batch that holds a number, or the next one after it.
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
  // When one side fails, abort the other, which would otherwise wait forever.
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

/** Bytes to read of a transcript's end for the last output: JSON escapes can make a text six times as long. */
const tailReadBytes = 512 * 1024

/** The last output of one attempt, from the end of its transcript; undefined when there is none. */
export async function recentInTranscript(bucket: R2Bucket, key: string, attempt: number, bytes: number): Promise<RecentOutput | undefined> {
  const found = await bucket.get(key, { range: { suffix: tailReadBytes } })
  if (found === null) return undefined
  const whole = found.size <= tailReadBytes
  const text = await found.text()
  // Drop the first line, which the range may have cut.
  const lines = (whole ? text : text.slice(text.indexOf('\n') + 1)).split('\n').filter((line) => line !== '')
  const said = lines
    .map((line): Line => JSON.parse(line))
    .flatMap((line) => ('seq' in line && line.attempt === attempt ? [line.text] : []))
    .join('')
  const last = lastBytes(said, bytes)
  return { text: last, truncated: !whole || last.length < said.length, closed: true }
}

/** The source of a viewer when the object has been emptied: reads the transcript. */
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
