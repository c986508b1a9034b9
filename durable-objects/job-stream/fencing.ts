/** Responsible for who may write to the stream, and under which sequence. Pure. */
import { byteLength, type OutputChunk } from '@modelreins/contract'
import { fail, ok, type Result } from '../../src/domain/result.ts'
import type { StoredChunk } from './store/schema.ts'
import type { StreamState } from './store/stream-store.ts'

export interface Writer {
  readonly attempt: number
  readonly nonce: string
  readonly offered_at?: number
}

/**
 * `same`: the attempt that writes already. `newer`: it takes over. `lost`: a newer one has, or this one has ended.
 * Two offers of one attempt number are told apart by their nonce; the later offer is the one that was started.
 */
export function fence(state: StreamState | undefined, writer: Writer): 'same' | 'newer' | 'lost' {
  if (state === undefined) return 'newer'
  if (writer.attempt <= state.ended_attempt || writer.attempt < state.attempt) return 'lost'
  if (writer.attempt > state.attempt) return 'newer'
  if (writer.nonce === state.nonce) return 'same'
  return (writer.offered_at ?? 0) > state.offered_at ? 'newer' : 'lost'
}

/** Chunks that a sender may leave out at once: it declares a gap, it does not use up the sequence. */
const largestGap = 1_000_000

/**
 * The chunks that have not been seen, numbered in the stream. `base` is where the attempt's chunk 0 stands; `next` is the
 * stream's next sequence. A sequence that the sender left out stays free: a declared gap.
 */
export function numberChunks(chunks: readonly OutputChunk[], base: number, next: number): Result<StoredChunk[]> {
  const fresh: StoredChunk[] = []
  let expected = next - base
  for (const chunk of chunks.toSorted((left, right) => left.seq - right.seq)) {
    if (chunk.seq < expected) continue
    if (chunk.seq - expected > largestGap) {
      return fail('invalid-request', `Chunk ${chunk.seq} is too far ahead: the stream expects ${expected}.`, {
        issues: [{ path: 'chunks', message: `sequences may leave out ${largestGap} chunks at most` }],
      })
    }
    fresh.push([base + chunk.seq, chunk.stream, chunk.text])
    expected = chunk.seq + 1
  }
  return ok(fresh)
}

/** A row takes 2 MB; smaller ones bound what a slow viewer keeps in memory. A chunk (64 KiB at most) is never cut. */
const batchBytes = 128 * 1024

export interface PackedBatch {
  readonly first: number
  readonly next: number
  readonly bytes: number
  readonly chunks: readonly StoredChunk[]
}

/** What a chunk costs beside its text: many tiny ones must not outgrow the storage that a few large ones may use. */
const chunkOverhead = 64

/** Packs chunks into as few rows as fit. */
export function packChunks(chunks: readonly StoredChunk[]): PackedBatch[] {
  const rows: PackedBatch[] = []
  let open: StoredChunk[] = []
  let bytes = 0
  const close = (): void => {
    const [first] = open
    const last = open.at(-1)
    if (first !== undefined && last !== undefined) rows.push({ first: first[0], next: last[0] + 1, bytes, chunks: open })
    open = []
    bytes = 0
  }
  for (const chunk of chunks) {
    const size = byteLength(chunk[2]) + chunkOverhead
    if (bytes > 0 && bytes + size > batchBytes) close()
    open.push(chunk)
    bytes += size
  }
  close()
  return rows
}

/** A tail in chunks of the size that the stream takes, never cutting a character in two. */
export function tailChunks(tail: string, maxBytes: number): string[] {
  const parts: string[] = []
  // Four bytes are the longest character, so this many characters always fit.
  const step = Math.floor(maxBytes / 4)
  let at = 0
  while (at < tail.length) {
    let end = Math.min(at + step, tail.length)
    const code = tail.charCodeAt(end - 1)
    if (end < tail.length && code >= 0xd800 && code <= 0xdbff) end += 1
    parts.push(tail.slice(at, end))
    at = end
  }
  return parts
}
