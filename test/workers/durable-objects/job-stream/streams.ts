/** Responsible for what the tests of the job-stream object share: a stream with a clock moved by hand, and a viewer that reads SSE. */
import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { streamEvent, type OutputChunk, type StreamEvent } from '@modelreins/contract'
import { ok, type Result } from '../../../../src/domain/result.ts'
import type { StreamClock } from '../../../../durable-objects/job-stream/clock.ts'
import {
  streamName,
  transcriptKey,
  type JobStreamGate,
  type RecentOutput,
  type StreamEnd,
} from '../../../../durable-objects/job-stream/gate.ts'
import type { JobStreamObject } from '../../../../durable-objects/job-stream/job-stream-object.ts'

export const done: StreamEnd = { status: 'done', result: 'fine', error: null }
export const failed: StreamEnd = { status: 'failed', result: null, error: { type: 'worker-lost', message: 'gone', retryable: true } }

/** Time that stands still until it is moved; so far ahead that no alarm rings by itself. */
export class ManualClock implements StreamClock {
  #now = Date.UTC(2100, 0, 1)
  #tickers = new Set<{ readonly ms: number; readonly tick: () => void; due: number }>()

  get tickers(): number {
    return this.#tickers.size
  }
  now(): number {
    return this.#now
  }
  every(ms: number, tick: () => void): () => void {
    const ticker = { ms, tick, due: this.#now + ms }
    this.#tickers.add(ticker)
    return () => this.#tickers.delete(ticker)
  }
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = [...this.#tickers].filter((ticker) => ticker.due <= end).toSorted((left, right) => left.due - right.due)[0]
      if (next === undefined) break
      this.#now = next.due
      next.due += next.ms
      next.tick()
    }
    this.#now = end
  }
}

let jobs = 0

/** One stream of a job that no other test has. */
export class TestStream {
  readonly tenant = 'acme'
  readonly job_id: number
  readonly clock = new ManualClock()
  /** What the tenant object answers; it is asked again and again. */
  answer: () => StreamEnd | null = () => null
  /** And what came with the completion. */
  tail = ''
  asked = 0
  /** What the tenant object says of whoever writes, and of whoever watches. */
  mayWrite: () => Promise<Result<null>> = async () => ok(null)
  mayWatch: (credential: string) => boolean = () => true
  askedAboutWriters = 0
  readonly #id: DurableObjectId

  private constructor() {
    jobs += 1
    this.job_id = jobs
    this.#id = env.JOB_STREAM.idFromName(streamName(this.tenant, this.job_id))
  }

  static async open(): Promise<TestStream> {
    const stream = new TestStream()
    await stream.#inject()
    return stream
  }

  get stub(): DurableObjectStub {
    return env.JOB_STREAM.get(this.#id)
  }
  get gate(): JobStreamGate {
    return this.stub as unknown as JobStreamGate
  }

  inside<Value>(act: (object: JobStreamObject, state: DurableObjectState) => Value | Promise<Value>): Promise<Value> {
    return runInDurableObject(this.stub as unknown as DurableObjectStub<JobStreamObject>, act)
  }

  /** Everything in memory is lost; the next call starts the object anew. */
  async evict(): Promise<void> {
    await evictDurableObject(this.stub)
    await this.#inject()
  }

  async alarm(): Promise<boolean> {
    return runDurableObjectAlarm(this.stub)
  }

  append(chunks: readonly (string | OutputChunk)[], writer: { attempt?: number; nonce?: string; offered_at?: number; from?: number } = {}) {
    const { attempt = 1, nonce = 'first', from = 0, ...more } = writer
    return this.gate.append({
      tenant: this.tenant,
      job_id: this.job_id,
      attempt,
      nonce,
      ...more,
      chunks: chunks.map((chunk, index) => (typeof chunk === 'string' ? { seq: from + index, stream: 'stdout', text: chunk } : chunk)),
    })
  }

  close(end: StreamEnd | null, more: { attempt?: number; tail?: string; chunks?: number } = {}): Promise<void> {
    return this.gate.close({ tenant: this.tenant, job_id: this.job_id, attempt: 1, tail: '', ...more, end })
  }

  recent(bytes: number, attempt = 1): Promise<RecentOutput> {
    return this.gate.recent({ tenant: this.tenant, job_id: this.job_id, attempt, bytes })
  }

  async watch(after?: number, more: { readonly headers?: Record<string, string>; readonly ended?: '0' | '1' } = {}): Promise<Viewer> {
    const query = new URLSearchParams({ tenant: this.tenant, job_id: String(this.job_id) })
    if (after !== undefined) query.set('after', String(after))
    if (more.ended !== undefined) query.set('ended', more.ended)
    const response = await this.gate.fetch(new Request(`https://job-stream/?${query}`, { headers: more.headers ?? {} }))
    return new Viewer(response)
  }

  /** All events of an ended stream. */
  async replay(after?: number, more?: { readonly headers?: Record<string, string>; readonly ended?: '0' | '1' }): Promise<StreamEvent[]> {
    return (await this.watch(after, more)).rest()
  }

  async transcript(): Promise<unknown[] | undefined> {
    const object = await env.ARCHIVE.get(transcriptKey(this.tenant, this.job_id))
    if (object === null) return undefined
    const text = await object.text()
    return text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
  }

  rows(): Promise<number> {
    return this.inside((_, state) => {
      const tables = state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'batches'").toArray()
      return tables.length === 0 ? 0 : Number(state.storage.sql.exec('SELECT count(*) AS n FROM batches').one()['n'])
    })
  }

  async #inject(): Promise<void> {
    await this.inside((object) => {
      object.clock = this.clock
      object.tenantGate = () => ({
        jobEnd: async () => null,
        mayWrite: async () => {
          this.askedAboutWriters += 1
          return this.mayWrite()
        },
        mayWatch: async ({ credential }) => this.mayWatch('credential' in credential ? credential.credential : ''),
      })
      object.askEnd = async () => {
        this.asked += 1
        const end = this.answer()
        return end === null ? null : { end, attempt: 1, tail: this.tail }
      }
    })
  }
}

/** Reads server-sent events one by one, and keeps the comments apart. */
export class Viewer {
  readonly response: Response
  comments = 0
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  #rest = ''

  constructor(response: Response) {
    this.response = response
    if (response.body === null) throw new Error('no body')
    this.#reader = response.body.getReader()
  }

  /** The next event; undefined when the stream has ended. */
  async next(): Promise<StreamEvent | undefined> {
    for (;;) {
      const end = this.#rest.indexOf('\n\n')
      if (end >= 0) {
        const block = this.#rest.slice(0, end)
        this.#rest = this.#rest.slice(end + 2)
        const event = this.#parse(block)
        if (event !== undefined) return event
        continue
      }
      const { done, value } = await this.#reader.read()
      if (done) return undefined
      this.#rest += this.#decoder.decode(value, { stream: true })
    }
  }

  async take(count: number): Promise<StreamEvent[]> {
    const events: StreamEvent[] = []
    while (events.length < count) {
      const event = await this.next()
      if (event === undefined) throw new Error(`the stream ended after ${events.length} events`)
      events.push(event)
    }
    return events
  }

  async rest(): Promise<StreamEvent[]> {
    const events: StreamEvent[] = []
    for (let event = await this.next(); event !== undefined; event = await this.next()) events.push(event)
    return events
  }

  leave(): Promise<void> {
    return this.#reader.cancel()
  }

  #parse(block: string): StreamEvent | undefined {
    const fields = new Map<string, string>()
    for (const line of block.split('\n')) {
      if (line.startsWith(':')) this.comments += 1
      const colon = line.indexOf(': ')
      if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2))
    }
    const event = fields.get('event')
    if (event === undefined) return undefined
    const id = fields.get('id')
    return streamEvent.parse({ event, data: JSON.parse(fields.get('data') ?? 'null'), ...(id === undefined ? {} : { id: Number(id) }) })
  }
}

/** What was said, gaps as [from, to], the end as its status. */
export const said = (events: readonly StreamEvent[]): unknown[] =>
  events.map((event) =>
    event.event === 'output'
      ? event.data.text
      : event.event === 'gap'
        ? [event.data.from, event.data.to]
        : event.event === 'merge'
          ? event.event
          : event.data.status,
  )

export const ids = (events: readonly StreamEvent[]): number[] =>
  events.flatMap((event) => (event.event === 'output' ? Number(event.id) : []))
