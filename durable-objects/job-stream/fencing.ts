/** Responsible for which attempt may write to the stream, and for numbering and packing its chunks; pure functions. */
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
 * Compares a writer with the stream. `same`: it is the attempt that writes already. `newer`: it takes over. `lost`: a newer attempt has taken
 * over, or this one has ended. The nonce distinguishes two offers of one attempt number; the later offer wins.
 */
export function fence(state: StreamState | undefined, writer: Writer): 'same' | 'newer' | 'lost' {
  if (state === undefined) return 'newer'
  if (writer.attempt <= state.ended_attempt || writer.attempt < state.attempt) return 'lost'
  if (writer.attempt > state.attempt) return 'newer'
  if (writer.nonce === state.nonce) return 'same'
  return (writer.offered_at ?? 0) > state.offered_at ? 'newer' : 'lost'
}

/** The most sequence numbers that a sender may skip at once, so that it cannot exhaust the sequence. */
const largestGap = 1_000_000

/**
 * Returns the new chunks with their numbers in the stream. `base`: number of the attempt's chunk 0; `next`: the stream's next number. Numbers
 * that the sender skipped stay unused, as a declared gap.
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

/** Largest batch. SQLite rows take 2 MB, but small rows bound the memory of a slow viewer. A chunk (at most 64 KiB) is never split. */
const batchBytes = 128 * 1024

export interface PackedBatch {
  readonly first: number
  readonly next: number
  readonly bytes: number
  readonly chunks: readonly StoredChunk[]
}

/** Bytes counted per chunk in addition to its text, so that many tiny chunks cannot use more storage than the limit allows. */
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

/** Splits a tail into chunks of at most `maxBytes`, never within a character. */
export function tailChunks(tail: string, maxBytes: number): string[] {
  const parts: string[] = []
  // A UTF-8 character takes at most four bytes, so this many characters always fit.
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
