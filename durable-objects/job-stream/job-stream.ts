/**
 * Responsible for one job's output: what is accepted, under which number, what is dropped, what a reader gets, and the end. It is
 * synchronous, so that no other call can interleave.
 */
import { limits, type OutputChunk, type StreamedChunk } from '@modelreins/contract'
import { fail, ok, type Result } from '../../src/domain/result.ts'
import { fence, numberChunks, packChunks, tailChunks, type Writer } from './fencing.ts'
import type { RecentOutput, StreamEnd } from './gate.ts'
import { lastBytes } from '../../src/domain/job/last-bytes.ts'
import { encodeChunks, encodeEnd, type Encoded } from './sse.ts'
import type { StoredChunk } from './store/schema.ts'
import type { Batch, StreamState, StreamStore } from './store/stream-store.ts'
import { chunksOf } from './transcript.ts'
import type { ViewerSource } from './viewers.ts'

export interface Append extends Writer {
  readonly tenant: string
  readonly job_id: number
  readonly chunks: readonly OutputChunk[]
  /** The chunks get the next numbers, and their own are ignored. */
  readonly at_end?: boolean
}

export interface Close {
  readonly tenant: string
  readonly job_id: number
  readonly attempt: number
  readonly end: StreamEnd | null
  readonly tail: string
  readonly chunks?: number | undefined
}

/** Bytes per read of a viewer; the last batch may exceed it. */
const readBytes = 64 * 1024

export const leaseLost = (jobId: number, attempt: number) =>
  fail('lease-lost', `Attempt ${attempt} of job ${jobId} cannot write output: it has ended, or a newer attempt has started.`)

export class JobStream implements ViewerSource {
  readonly #store: StreamStore
  #state: StreamState | undefined
  /** The number of the next chunk. */
  #next: number
  #bytes: number
  #heardAt: number
  /** The last read, cached because live viewers usually read the same batch. */
  #read: { readonly from: number; readonly found: Encoded | undefined } | undefined

  constructor(store: StreamStore) {
    const newest = store.newest()
    this.#store = store
    this.#state = store.state()
    this.#next = Math.max(newest?.next ?? 0, this.#state?.base ?? 0)
    this.#bytes = store.bytes()
    this.#heardAt = newest?.at ?? 0
  }

  get state(): StreamState | undefined {
    return this.#state
  }
  get next(): number {
    return this.#next
  }
  /** When the newest chunk arrived, milliseconds since 1970. */
  get heardAt(): number {
    return this.#heardAt
  }

  /** A closed stream refuses every attempt. `reopened`: a member has retried the job, so a new attempt may write. */
  append(request: Append, at: number, reopened = false): Result<{ readonly next_seq: number; readonly closed: boolean }> {
    const lost = leaseLost(request.job_id, request.attempt)
    const verdict = fence(this.#state, request)
    if (verdict === 'lost') return lost
    if (this.#ended !== null && !reopened) return lost
    const base = verdict === 'newer' ? this.#next : (this.#state?.base ?? 0)
    const chunks =
      request.at_end === true ? request.chunks.map((chunk, index) => ({ ...chunk, seq: this.#next - base + index })) : request.chunks
    const fresh = numberChunks(chunks, base, this.#next)
    if (!fresh.ok) return fresh
    if (fresh.value.length > 0) {
      this.#change(() => {
        if (verdict === 'newer') this.#begin(request, base)
        this.#add(fresh.value, request.attempt, at)
      })
    }
    return ok({ next_seq: this.#next - base, closed: false })
  }

  /** False when nothing changes: the stream was closed in the same way before, or a newer attempt has started. */
  close(request: Close, at: number): boolean {
    const state = this.#state ?? this.#unwritten(request)
    const news = request.attempt > state.ended_attempt
    // The end may arrive after the close of its attempt, and may change, such as when a failed job is aborted before its retry.
    const another = request.attempt >= state.attempt && JSON.stringify(request.end) !== JSON.stringify(state.end)
    if (request.end === null ? !news : !another) return false
    const tail = news ? tailChunks(this.#unsaid(request), limits.output_chunk_bytes) : []
    const chunks = tail.map((text, index): StoredChunk => [this.#next + index, 'stdout', text])
    this.#change(() => {
      this.#add(chunks, request.attempt, at)
      this.#save({
        ...state,
        attempt: Math.max(state.attempt, request.attempt),
        // A late tail of an older attempt shifts the numbers of the attempt that is writing.
        base: request.attempt < state.attempt ? state.base + chunks.length : state.base,
        ended_attempt: Math.max(state.ended_attempt, request.attempt),
        end: request.end,
        archived_at: null,
      })
    })
    return true
  }

  /** The tail without the chunks that are stored already: the writer repeats chunks whose acknowledgement it did not get. */
  #unsaid({ attempt, chunks, tail }: Close): string {
    if (chunks === undefined || this.#state?.attempt !== attempt) return tail
    let said = ''
    for (
      let at = this.#state.base + chunks, batch = this.#store.batchFrom(at);
      batch !== undefined;
      batch = this.#store.batchFrom(batch.next)
    ) {
      for (const [seq, , text] of batch.chunks) if (seq >= at) said += text
    }
    return tail.startsWith(said) ? tail.slice(said.length) : tail
  }

  /** Reopens an ended stream when a member retries the job: viewers wait again, old attempts stay refused. False when it had not ended. */
  reopen(): boolean {
    const state = this.#state
    if (state === undefined || state.end === null) return false
    this.#change(() => this.#save({ ...state, end: null, archived_at: null }))
    return true
  }

  archived(at: number): void {
    const state = this.#state
    if (state !== undefined) this.#change(() => this.#save({ ...state, archived_at: at }))
  }

  batchFrom(seq: number): Batch | undefined {
    return this.#store.batchFrom(seq)
  }

  /** The last chunks of one attempt with at least `bytes` in total; reads from the end, because output may be large. */
  recent(attempt: number, bytes: number): RecentOutput {
    const state = this.#state
    const texts: string[] = []
    let size = 0
    for (
      let batch = this.#store.batchBefore(this.#next);
      batch !== undefined && size <= bytes;
      batch = this.#store.batchBefore(batch.first)
    ) {
      if (batch.attempt === attempt) {
        texts.unshift(...batch.chunks.map(([, , text]) => text))
        size += batch.bytes
      } else if (state?.attempt === attempt && batch.next <= state.base) break
    }
    const whole = texts.join('')
    const text = lastBytes(whole, bytes)
    return { text, truncated: text.length < whole.length, closed: (state?.ended_attempt ?? 0) >= attempt }
  }

  read(from: number): Encoded | undefined {
    if (from >= this.#next) return undefined
    if (this.#read?.from !== from) {
      // Combine small batches, because each write to a viewer has a fixed cost.
      const chunks: StreamedChunk[] = []
      let bytes = 0
      for (let batch = this.#store.batchFrom(from); batch !== undefined && bytes < readBytes; batch = this.#store.batchFrom(batch.next)) {
        chunks.push(...chunksOf(batch))
        bytes += batch.bytes
      }
      this.#read = { from, found: chunks.length === 0 ? undefined : encodeChunks(from, chunks) }
    }
    return this.#read.found
  }

  end(): Uint8Array | undefined {
    return this.#ended === null ? undefined : encodeEnd(this.#ended)
  }

  get #ended(): StreamEnd | null {
    return this.#state?.end ?? null
  }

  /** Applies a change to storage and memory atomically. */
  #change(act: () => void): void {
    const before = { state: this.#state, next: this.#next, bytes: this.#bytes, heardAt: this.#heardAt }
    this.#read = undefined
    try {
      this.#store.atomically(act)
    } catch (error) {
      this.#state = before.state
      this.#next = before.next
      this.#bytes = before.bytes
      this.#heardAt = before.heardAt
      throw error
    }
  }

  #unwritten({ tenant, job_id }: { readonly tenant: string; readonly job_id: number }): StreamState {
    return { tenant, job_id, attempt: 0, nonce: '', offered_at: 0, base: 0, ended_attempt: 0, end: null, archived_at: null }
  }

  #begin(request: Append, base: number): void {
    const { attempt, nonce, offered_at = 0 } = request
    const state = this.#state ?? this.#unwritten(request)
    this.#save({ ...state, attempt, nonce, offered_at, base, end: null, archived_at: null })
  }

  #save(state: StreamState): void {
    this.#store.saveState(state)
    this.#state = state
  }

  #add(chunks: readonly StoredChunk[], attempt: number, at: number): void {
    for (const batch of packChunks(chunks)) {
      this.#store.append({ ...batch, attempt, at })
      this.#next = batch.next
      this.#bytes += batch.bytes
      this.#heardAt = at
    }
    for (const oldest of this.#store.oldest(this.#bytes - limits.output_job_bytes)) {
      this.#store.drop(oldest.first)
      this.#bytes -= oldest.bytes
    }
  }
}
