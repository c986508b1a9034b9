/** Responsible for the spelling of server-sent events. */
import type { StreamedChunk } from '@modelreins/contract'
import type { StreamEnd } from './gate.ts'

const encoder = new TextEncoder()

const output = (chunk: StreamedChunk): string => `event: output\nid: ${chunk.seq}\ndata: ${JSON.stringify(chunk)}\n\n`
const gap = (from: number, to: number): string => `event: gap\ndata: {"from":${from},"to":${to}}\n\n`

export interface Encoded {
  readonly events: Uint8Array
  /** The sequence to go on with. */
  readonly next: number
}

/** The chunks from sequence `from` on, ascending; what is missing between them is declared. */
export function encodeChunks(from: number, chunks: Iterable<StreamedChunk>): Encoded {
  let text = ''
  let next = from
  for (const chunk of chunks) {
    if (chunk.seq < next) continue
    if (chunk.seq > next) text += gap(next, chunk.seq - 1)
    text += output(chunk)
    next = chunk.seq + 1
  }
  return { events: encoder.encode(text), next }
}

export const encodeEnd = (end: StreamEnd): Uint8Array =>
  encoder.encode(`event: end\ndata: ${JSON.stringify({ status: end.status, result: end.result, error: end.error })}\n\n`)

/** Says at once that the stream is open, and how soon to come back after it broke. */
export const opening = encoder.encode('retry: 1000\n\n')
export const keepAlive = encoder.encode(': still here\n\n')

export const sseHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const
