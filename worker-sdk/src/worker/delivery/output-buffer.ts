/**
 * Responsible for sending one attempt's output: redacted, in order, in few requests. A short job with little output, all of it on standard output,
 * never streams: its output is sent with its completion.
 */
import { byteLength, limits, type OutputChunk } from '@modelreins/contract'
import { fullJitter } from '../../client/backoff.ts'
import { pause, type Clock } from '../../client/clock.ts'
import type { OutputStream } from '../job/executor.ts'
import type { RedactedStream, Redactor } from './redactor.ts'

/** Output is streamed after this time, when a person may start to watch, or when the tail would overflow. */
export const streamAfterMs = 1_000
/** Above this many bytes, a writer that awaits `write` is held back. */
const highWaterBytes = 1_024 * 1_024
/** The server keeps no more output of a job than this, so more is dropped here, with a note. */
const dropAboveBytes = limits.output_job_bytes
/** JSON can encode one byte as six, and the edge reads bodies up to 1 MiB. */
const maxBatchBytes = 128 * 1_024
const retry = { baseMs: 250, capMs: 10_000 }

export interface OutputPorts {
  readonly clock: Clock
  readonly redactor: Redactor
  /** Sends chunks; rejects when they may be sent again. `closed`: the stream accepts no more output of this attempt. */
  readonly send: (chunks: readonly OutputChunk[], signal: AbortSignal) => Promise<{ readonly closed: boolean }>
  /** Called with the written text after redaction. */
  readonly onText: (text: string, stream: OutputStream) => void
  /** Called when the server accepts no more output of this attempt, because the lease is gone. */
  readonly onClosed: () => void
  readonly onTrouble: (error: unknown) => void
}

/** The rest of the output when the attempt ends. */
export interface OutputEnd {
  readonly tail: { readonly text: string; readonly truncated: boolean }
  /** Number of chunks that the server has acknowledged; undefined when none was ever sent. */
  readonly chunks: number | undefined
}

/** Text that is not sent yet, at most one chunk. */
interface Pending {
  readonly stream: OutputStream
  text: string
  bytes: number
}

export class OutputBuffer {
  readonly #ports: OutputPorts
  readonly #redacted = new Map<OutputStream, RedactedStream>()
  #pending: Pending[] = []
  #pendingBytes = 0
  #dropped = 0
  #nextSeq = 0
  #sent = false
  #streaming = false
  #closed = false
  #ended = false
  #cancelTimer: (() => void) | undefined
  #flushing: Promise<void> | undefined
  #waiters: (() => void)[] = []
  /** Aborted when the attempt's completion no longer waits for the last output. */
  readonly #patience = new AbortController()

  constructor(ports: OutputPorts) {
    this.#ports = ports
  }

  /** Accepts text. Settles at once unless the writer is far ahead of the network. */
  async write(text: string, stream: OutputStream = 'stdout'): Promise<void> {
    if (this.#ended || text === '') return
    this.#take(this.#streamOf(stream).push(text, this.#continues(text, stream)), stream)
    this.#arrange()
    if (this.#pendingBytes > highWaterBytes && !this.#closed) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  /**
   * Ends the output: sends what does not fit into the tail, and answers the rest. `giveUp` stops the retries; all output that was not sent is then
   * part of the tail.
   */
  async end(giveUp: AbortSignal): Promise<OutputEnd> {
    this.#ended = true
    this.#cancelTimer?.()
    if (giveUp.aborted) this.#patience.abort()
    else giveUp.addEventListener('abort', () => this.#patience.abort(), { once: true })
    for (const [stream, redacted] of this.#redacted) this.#take(redacted.end(), stream)
    if (this.#dropped > 0) this.#pending.push({ stream: 'system', text: `[${this.#dropped} bytes of output were dropped]\n`, bytes: 0 })
    while (!this.#closed && (this.#flushing !== undefined || (!this.#fitsTail() && !this.#patience.signal.aborted))) {
      this.#streaming = true
      await this.#flush()
    }
    const text = this.#pending.map((part) => part.text).join('')
    this.#pending = []
    const kept = lastBytes(text, limits.tail_bytes)
    return {
      tail: { text: kept, truncated: kept.length < text.length || this.#nextSeq > 0 || this.#dropped > 0 },
      chunks: this.#sent ? this.#nextSeq : undefined,
    }
  }

  /** A tail is a single text that is read as standard output, so output of other streams must not be part of it. */
  #fitsTail(): boolean {
    return this.#pendingBytes <= limits.tail_bytes && this.#pending.every((part) => part.stream === 'stdout')
  }

  #streamOf(stream: OutputStream): RedactedStream {
    const known = this.#redacted.get(stream) ?? this.#ports.redactor.stream()
    this.#redacted.set(stream, known)
    return known
  }

  /** How many characters of this text complete a secret that another stream began, since people see both streams together. */
  #continues(text: string, stream: OutputStream): number {
    for (const [other, redacted] of this.#redacted) {
      const length = other === stream ? 0 : this.#ports.redactor.continued(redacted.kept, text)
      if (length === 0) continue
      redacted.hideKept()
      return length
    }
    return 0
  }

  #take(text: string, stream: OutputStream): void {
    if (text === '') return
    this.#ports.onText(text, stream)
    this.#append(text, stream)
  }

  #append(text: string, stream: OutputStream): void {
    if (this.#closed) return
    const bytes = byteLength(text)
    if (this.#pendingBytes + bytes > dropAboveBytes) {
      this.#dropped += bytes
      return
    }
    this.#pendingBytes += bytes
    const last = this.#pending.at(-1)
    if (last !== undefined && last.stream === stream && last.bytes + bytes <= limits.output_flush_bytes) {
      last.text += text
      last.bytes += bytes
      return
    }
    for (const part of pieces(text, bytes)) this.#pending.push({ stream, text: part, bytes: byteLength(part) })
  }

  /** Decides when the next flush happens. */
  #arrange(): void {
    if (this.#ended || this.#flushing !== undefined || this.#pendingBytes === 0) return
    const full = this.#pendingBytes >= (this.#streaming ? limits.output_flush_bytes : limits.tail_bytes)
    if (full) void this.#begin()
    else this.#cancelTimer ??= this.#ports.clock.after(this.#streaming ? limits.output_flush_ms : streamAfterMs, () => void this.#begin())
  }

  #begin(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#streaming = true
    return this.#flush()
  }

  #flush(): Promise<void> {
    this.#flushing ??= this.#sendBatch().finally(() => {
      this.#flushing = undefined
      this.#arrange()
    })
    return this.#flushing
  }

  /** Sends one batch and repeats it until it succeeds, because a later batch must not overtake it. */
  async #sendBatch(): Promise<void> {
    const { clock, onTrouble, send } = this.#ports
    const { signal } = this.#patience
    const { parts, chunks, bytes } = this.#cutBatch()
    if (chunks.length === 0) return
    this.#sent = true
    for (let attempt = 0; !this.#closed; attempt += 1) {
      try {
        const { closed } = await send(chunks, signal)
        if (closed) this.#close()
        break
      } catch (error) {
        if (signal.aborted) {
          // Unsent output is put back for the completion, as far as it fits. If the server received the chunks after all, it leaves them out.
          this.#nextSeq -= chunks.length
          this.#pending.unshift(...parts)
          return
        }
        onTrouble(error)
        await pause(clock, fullJitter(retry, attempt, clock), signal)
      }
    }
    this.#pendingBytes -= bytes
    if (this.#pendingBytes <= highWaterBytes / 2) this.#release()
  }

  #cutBatch(): { readonly parts: readonly Pending[]; readonly chunks: readonly OutputChunk[]; readonly bytes: number } {
    const parts: Pending[] = []
    const chunks: OutputChunk[] = []
    let bytes = 0
    for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
      if (chunks.length > 0 && (chunks.length === limits.output_chunks_per_call || bytes + first.bytes > maxBatchBytes)) break
      this.#pending.shift()
      parts.push(first)
      bytes += first.bytes
      chunks.push({ seq: this.#nextSeq++, stream: first.stream, text: first.text })
    }
    return { parts, chunks, bytes }
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#pending = []
    this.#pendingBytes = 0
    this.#release()
    this.#ports.onClosed()
  }

  #release(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const resolve of waiters) resolve()
  }
}

/** Splits a text into parts that each fit a chunk, without splitting surrogate pairs. */
function pieces(text: string, bytes: number): string[] {
  if (bytes <= limits.output_chunk_bytes) return [text]
  const parts: string[] = []
  // A UTF-16 unit takes at most three bytes.
  const step = Math.floor(limits.output_chunk_bytes / 3)
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + step)
    if (end < text.length && isHighSurrogate(text, end - 1)) end -= 1
    parts.push(text.slice(at, end))
    at = end
  }
  return parts
}

const isHighSurrogate = (text: string, index: number): boolean => {
  const unit = text.charCodeAt(index)
  return unit >= 0xd800 && unit <= 0xdbff
}

/** The last part of a text in at most this many bytes of UTF-8. */
export function lastBytes(text: string, maxBytes: number): string {
  if (byteLength(text) <= maxBytes) return text
  let start = text.length
  // A loop over UTF-16 units, because results have millions of characters and the worker's other jobs must wait meanwhile.
  for (let bytes = 0; start > 0;) {
    const unit = text.charCodeAt(start - 1)
    const pair = unit >= 0xdc00 && unit <= 0xdfff && isHighSurrogate(text, start - 2)
    bytes += pair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3
    if (bytes > maxBytes) break
    start -= pair ? 2 : 1
  }
  return text.slice(start)
}
