/**
 * Responsible for the combined stream of a fan-out: the output of all its jobs under their names, each child's end, the start of the merge,
 * and the end. Its cursor stores the position in each job, so that a viewer that reconnects gets each event exactly once.
 */
import type { WatchedChild } from '../../../durable-objects/tenant/queue/fan-out-state.ts'
import type { WatchedJob } from '../../../durable-objects/tenant/queue/job-view.ts'

/** Number of the last output sent, or `e` after the job's end was sent. */
export type StreamPosition = number | 'e'
export type Cursor = Map<number, StreamPosition>

const cursorPattern = /^\d{1,15}\.(?:\d{1,15}|e)(?:_\d{1,15}\.(?:\d{1,15}|e))*$/

/** Parses the cursor in a `Last-Event-ID`; returns an empty one when it is missing or invalid. */
export function readCursor(text: string | null): Cursor {
  const cursor: Cursor = new Map()
  if (text === null || !cursorPattern.test(text)) return cursor
  for (const part of text.split('_')) {
    const [job = '', told = ''] = part.split('.')
    cursor.set(Number(job), told === 'e' ? 'e' : Number(told))
  }
  return cursor
}

export const formatCursor = (cursor: Cursor): string => [...cursor].map(([job, told]) => `${job}.${told}`).join('_')

export interface FanOutSource {
  /** The current state of the fan-out; undefined when the viewer may no longer read it. */
  readonly look: () => Promise<WatchedJob | undefined>
  /** The output of one of its jobs after number `after`, as server-sent events; undefined when it is not available now. */
  readonly open: (jobId: number, after: number) => Promise<ReadableStream<Uint8Array> | undefined>
  readonly signal: AbortSignal
}

interface Frame {
  readonly event: string
  readonly data: string
}

/** Parses an event of our own stream; undefined for a comment. */
function frameOf(text: string): Frame | undefined {
  const field = (name: string): string | undefined =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2)
  const event = field('event')
  return event === undefined ? undefined : { event, data: field('data') ?? 'null' }
}

const keepAlive = ': keep-alive\n\n'

class Merging {
  readonly #source: FanOutSource
  readonly #cursor: Cursor
  readonly #write: (text: string) => Promise<void>
  readonly #attached = new Map<number, Promise<void>>()
  readonly #leave = new AbortController()
  #ended = false
  #deadline: ReturnType<typeof setTimeout> | undefined

  constructor(source: FanOutSource, cursor: Cursor, write: (text: string) => Promise<void>) {
    this.#source = source
    this.#cursor = cursor
    this.#write = write
    source.signal.addEventListener('abort', () => this.#leave.abort(), { once: true })
    this.#leave.signal.addEventListener('abort', () => clearTimeout(this.#deadline), { once: true })
  }

  #say(event: string, data: object): Promise<void> {
    return this.#write(`event: ${event}\nid: ${formatCursor(this.#cursor)}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  /** Runs until the fan-out has ended or the viewer has disconnected. */
  async run(first: WatchedJob): Promise<void> {
    await this.#take(first)
    // The end of each job triggers another look, which may start following the merge job.
    while (this.#attached.size > 0 && !this.#ended) await Promise.race(this.#attached.values())
    clearTimeout(this.#deadline)
    if (!this.#ended && !this.#leave.signal.aborted) await this.#lookAgain()
  }

  /**
   * Starts following new jobs, and sends the end when the fan-out has ended: after the output of its ended jobs, without waiting for jobs that
   * still run.
   */
  async #take(seen: WatchedJob): Promise<void> {
    const children = seen.children ?? []
    for (const child of children) {
      const told = this.#cursor.get(child.job_id)
      if (told === 'e' || this.#attached.has(child.job_id) || (seen.ended && !child.ended)) continue
      // Register the job before any await: when two jobs end at the same time, both trigger a look.
      const following = this.#begin(child, told).finally(() => this.#attached.delete(child.job_id))
      this.#attached.set(child.job_id, following)
    }
    const untold = children.some((child) => child.ended && this.#attached.has(child.job_id) && this.#cursor.get(child.job_id) !== 'e')
    clearTimeout(this.#deadline)
    if (!seen.ended || untold || this.#ended) {
      if (seen.due_in_ms !== undefined) this.#lookAt(seen.due_in_ms)
      return
    }
    this.#ended = true
    await this.#say('end', seen.end ?? {})
    this.#leave.abort()
  }

  /** Looks again when the deadline of the merge passes, because no job sends an event then. */
  #lookAt(inMs: number): void {
    this.#deadline = setTimeout(() => void this.#lookAgain().catch(() => this.#leave.abort()), inMs + 1)
  }

  async #begin(child: WatchedChild, told: number | undefined): Promise<void> {
    if (child.role === 'merge' && told === undefined) await this.#say('merge', { job_id: child.job_id, worker: child.worker })
    await this.#follow(child, told ?? -1)
  }

  async #follow(child: WatchedChild, after: number): Promise<void> {
    const body = await this.#source.open(child.job_id, after)
    if (body === undefined) return
    const reader = body.pipeThrough(new TextDecoderStream()).getReader()
    this.#leave.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined), { once: true })
    let rest = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      rest += value
      const frames = rest.split('\n\n')
      rest = frames.pop() ?? ''
      for (const text of frames) await this.#tell(child, frameOf(text))
      if (this.#ended) return
    }
  }

  async #tell(child: WatchedChild, frame: Frame | undefined): Promise<void> {
    if (this.#ended) return
    if (frame === undefined) {
      await this.#write(keepAlive)
      return this.#lookAgain()
    }
    const { job_id, worker } = child
    const data: Record<string, unknown> = JSON.parse(frame.data) ?? {}
    if (frame.event === 'end') {
      this.#cursor.set(job_id, 'e')
      await this.#say('child', { job_id, worker, role: child.role, ...data })
      return this.#lookAgain()
    }
    const told = frame.event === 'gap' ? data['to'] : data['seq']
    if (typeof told === 'number') this.#cursor.set(job_id, told)
    await this.#say(frame.event, { job_id, worker, ...data })
  }

  async #lookAgain(): Promise<void> {
    const seen = await this.#source.look()
    if (seen === undefined) return this.#leave.abort()
    await this.#take(seen)
  }
}

/** The stream of a fan-out, from the cursor on. */
export function fanOutStream(source: FanOutSource, first: WatchedJob, cursor: Cursor): ReadableStream<Uint8Array> {
  const { readable, writable } = new IdentityTransformStream()
  const writer = writable.getWriter()
  const encoder = new TextEncoder()
  const merging = new Merging(source, cursor, (text) => writer.write(encoder.encode(text)))
  // A write fails when the viewer has disconnected: ignore the error.
  void merging
    .run(first)
    .then(() => writer.close())
    .catch(() => writer.abort().catch(() => undefined))
  return readable
}
