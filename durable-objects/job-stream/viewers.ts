/**
 * Responsible for live viewers: each reads at its own pace, so a slow one holds one write in memory and gets a gap when the store has dropped
 * chunks. Bytes go through an IdentityTransformStream: workerd does not cancel a custom ReadableStream when its reader disconnects, but a write
 * to a disconnected reader fails (measured), which the keep-alive detects within its interval.
 */
import { streamTimings, type StreamClock } from './clock.ts'
import type { ViewerIdentity } from './gate.ts'
import { keepAlive, opening, type Encoded } from './sse.ts'

/** What a viewer reads. */
export interface ViewerSource {
  /** The events from number `from` on, as many as one write should carry; undefined when there are none yet. */
  read(from: number): Encoded | undefined | Promise<Encoded | undefined>
  /** The last event; undefined while the job has not ended. */
  end(): Uint8Array | undefined
  /** Called when the viewer has disconnected. */
  release?(): void
}

/** The most viewers: more would not fit into the object's memory if all of them are slow. */
export const viewersMax = 100

interface Viewer {
  /** Undefined for a viewer without an identity. */
  readonly who: ViewerIdentity | undefined
  /** When the right to read was last confirmed, milliseconds since 1970. */
  trustedAt: number
  readonly source: ViewerSource
  readonly writer: WritableStreamDefaultWriter<Uint8Array>
  /** When the current write began; undefined while the viewer waits for output. */
  writingSince: number | undefined
  saidAt: number
  /** Ends the wait. */
  wake: (() => void) | undefined
}

export class Viewers {
  readonly #viewers = new Set<Viewer>()
  /** Called when a viewer has disconnected. */
  readonly #left: () => void
  /** Counts notifications, so that one between reading and waiting is not missed. */
  #news = 0

  constructor(left: () => void) {
    this.#left = left
  }

  get count(): number {
    return this.#viewers.size
  }

  /** A stream of events from number `from` on; it ends after the end event. */
  attach(source: ViewerSource, from: number, clock: StreamClock, who?: ViewerIdentity): ReadableStream<Uint8Array> {
    const { readable, writable } = new IdentityTransformStream()
    const now = clock.now()
    const viewer: Viewer = {
      who,
      trustedAt: now,
      source,
      writer: writable.getWriter(),
      writingSince: undefined,
      saidAt: now,
      wake: undefined,
    }
    this.#viewers.add(viewer)
    void this.#serve(viewer, from, clock)
    return readable
  }

  /** The number of streams that this viewer has open. */
  countOf(id: string): number {
    return [...this.#viewers].filter(({ who }) => who?.id === id).length
  }

  /** The viewers whose right must be confirmed again, each once. */
  untrusted(now: number): readonly ViewerIdentity[] {
    const due = new Map<string, ViewerIdentity>()
    for (const { who, trustedAt } of this.#viewers) {
      if (who !== undefined && now - trustedAt >= streamTimings.trust_ms) due.set(JSON.stringify(who), who)
    }
    return [...due.values()]
  }

  trust(who: ViewerIdentity, now: number): void {
    const key = JSON.stringify(who)
    for (const viewer of this.#viewers) if (viewer.who !== undefined && JSON.stringify(viewer.who) === key) viewer.trustedAt = now
  }

  /**
   * Disconnects these viewers at once. A viewer that has read everything gets a regular end of the stream, because an error would close the
   * connection, on which the client may already have sent its next request. Without the event `end`, the client reconnects and is refused.
   */
  dismiss(which: (who: ViewerIdentity | undefined) => boolean): void {
    for (const viewer of this.#viewers) {
      if (!which(viewer.who)) continue
      if (viewer.writingSince === undefined) this.#remove(viewer)
      else this.#drop(viewer, 'the right to read has ended')
    }
  }

  #drop(viewer: Viewer, why: string): void {
    this.#remove(viewer)
    viewer.writer.abort(new Error(why)).catch(() => undefined)
  }

  /** Called when there is new output or the end. */
  notify(): void {
    this.#news += 1
    for (const viewer of this.#viewers) viewer.wake?.()
  }

  /** Keeps silent connections open, and disconnects viewers that read nothing. */
  tick(now: number): void {
    for (const viewer of this.#viewers) {
      if (viewer.writingSince === undefined) {
        if (now - viewer.saidAt >= streamTimings.keep_alive_ms) viewer.wake?.()
      } else if (now - viewer.writingSince >= streamTimings.stalled_ms) {
        this.#drop(viewer, 'the viewer did not read')
      }
    }
  }

  async #serve(viewer: Viewer, from: number, clock: StreamClock): Promise<void> {
    try {
      await this.#write(viewer, opening, clock)
      await this.#tell(viewer, from, clock)
      await viewer.writer.close()
    } catch (error) {
      // The client has disconnected, or reading failed: in both cases it may reconnect and resume.
      viewer.writer.abort(error).catch(() => undefined)
    } finally {
      this.#remove(viewer)
    }
  }

  /** Writes all output as it arrives, then the end. */
  async #tell(viewer: Viewer, from: number, clock: StreamClock): Promise<void> {
    let next = from
    while (this.#viewers.has(viewer)) {
      const news = this.#news
      const found = await viewer.source.read(next)
      // The viewer was disconnected during the read.
      if (!this.#viewers.has(viewer)) return
      if (found !== undefined) {
        next = found.next
        await this.#write(viewer, found.events, clock)
        continue
      }
      const end = viewer.source.end()
      if (end !== undefined) return this.#write(viewer, end, clock)
      if (news !== this.#news) continue
      await new Promise<void>((resolve) => {
        viewer.wake = resolve
      })
      viewer.wake = undefined
      if (clock.now() - viewer.saidAt >= streamTimings.keep_alive_ms) await this.#write(viewer, keepAlive, clock)
    }
  }

  async #write(viewer: Viewer, bytes: Uint8Array, clock: StreamClock): Promise<void> {
    viewer.writingSince = clock.now()
    await viewer.writer.write(bytes)
    viewer.writingSince = undefined
    viewer.saidAt = clock.now()
  }

  #remove(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer)) return
    viewer.source.release?.()
    viewer.wake?.()
    this.#left()
  }
}
