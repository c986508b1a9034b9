/** Responsible for encoding server-sent events. */
import type { StreamedChunk } from '@modelreins/contract'
import type { StreamEnd } from './gate.ts'

const encoder = new TextEncoder()

const output = (chunk: StreamedChunk): string => `event: output\nid: ${chunk.seq}\ndata: ${JSON.stringify(chunk)}\n\n`
const gap = (from: number, to: number): string => `event: gap\ndata: {"from":${from},"to":${to}}\n\n`

export interface Encoded {
  readonly events: Uint8Array
  /** The number from which to continue. */
  readonly next: number
}

/** Encodes the chunks from number `from` on, ascending; missing numbers become gap events. */
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

/** The first bytes of a stream: they tell the client at once that it is open, and the delay before a reconnect. */
export const opening = encoder.encode('retry: 1000\n\n')
export const keepAlive = encoder.encode(': still here\n\n')

export const sseHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const
