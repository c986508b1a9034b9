/**
 * Responsible for live viewers: each reads at its own pace, so a slow one keeps one write in memory and meets a gap when the store has moved on.
 * Bytes go through an IdentityTransformStream, write by write: workerd never cancels a ReadableStream of our own when its reader has gone, but a
 * write to a reader that has gone fails (measured; the keep-alive finds out within its interval).
 */
import { streamTimings, type StreamClock } from './clock.ts'
import type { ViewerIdentity } from './gate.ts'
import { keepAlive, opening, type Encoded } from './sse.ts'

/** What a viewer reads. */
export interface ViewerSource {
  /** The events from sequence `from` on, as many as one write should carry; undefined when there is nothing yet. */
  read(from: number): Encoded | undefined | Promise<Encoded | undefined>
  /** The last event; undefined while the job has not ended. */
  end(): Uint8Array | undefined
  /** The viewer is gone. */
  release?(): void
}

/** More would not fit into the object's memory when all are slow. */
export const viewersMax = 100

interface Viewer {
  /** Undefined of one that nobody has named. */
  readonly who: ViewerIdentity | undefined
  /** When the right to read was last confirmed. */
  trustedAt: number
  readonly source: ViewerSource
  readonly writer: WritableStreamDefaultWriter<Uint8Array>
  /** When the write that is under way began; undefined while waiting for something to say. */
  writingSince: number | undefined
  saidAt: number
  /** Ends the wait. */
  wake: (() => void) | undefined
}

export class Viewers {
  readonly #viewers = new Set<Viewer>()
  /** Called when a viewer has gone. */
  readonly #left: () => void
  /** Counts what there was to hear, so that nothing is missed between looking and waiting. */
  #news = 0

  constructor(left: () => void) {
    this.#left = left
  }

  get count(): number {
    return this.#viewers.size
  }

  /** A stream of events from sequence `from` on; it ends after the end event. */
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

  /** Streams that this viewer has open. */
  countOf(id: string): number {
    return [...this.#viewers].filter(({ who }) => who?.id === id).length
  }

  /** Credentials that nobody has been asked about for a while, each once. */
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
   * Nothing more for those, from this moment on. Who has taken everything so far is given a proper end: after an error the connection is
   * closed, and a client may already have sent its next request on it. They miss the event `end`, ask again, and are refused.
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

  /** There is something new to read. */
  notify(): void {
    this.#news += 1
    for (const viewer of this.#viewers) viewer.wake?.()
  }

  /** Keeps silent connections open and lets go of those that take nothing. */
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
      // The reader has gone, or reading failed: either way it may come back and resume.
      viewer.writer.abort(error).catch(() => undefined)
    } finally {
      this.#remove(viewer)
    }
  }

  /** Says everything, and the end. */
  async #tell(viewer: Viewer, from: number, clock: StreamClock): Promise<void> {
    let next = from
    while (this.#viewers.has(viewer)) {
      const news = this.#news
      const found = await viewer.source.read(next)
      // Let go while this was read.
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
