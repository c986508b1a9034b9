/** Responsible for telling listeners what happens: typed, and safe from them: a listener that throws breaks no loop. */
import { stderr } from 'node:process'
import type { AttemptErrorType } from './job/outcome.ts'

/** The twelve events of the worker and their payloads, by the names that programs listen to (worker-sdk/README.md, "Events"). */
export interface WorkerEvents {
  /** Before the first heartbeat. Without a `name` option nobody has said yet what it is registered as: `name` is the host's. */
  starting: { readonly name: string; readonly url: string }
  /** The first heartbeat was acknowledged. */
  connected: { readonly name: string }
  /** The provider is ready and work is asked for. */
  ready: { readonly name: string }
  /** `stop()` has completed. */
  stopped: { readonly name: string }
  'job:start': { readonly id: number; readonly prompt: string }
  'job:done': { readonly id: number; readonly exitCode: number }
  'job:error': { readonly id: number; readonly error: string; readonly errorType: AttemptErrorType; readonly retryable: boolean }
  /** What the job wrote, redacted. */
  output: { readonly jobId: number; readonly content: string; readonly stream: 'stdout' | 'stderr' | 'system' }
  /** The tenant's killswitch is active: what runs is stopped, then the worker. */
  killswitch: { readonly reason: string | null }
  /** Anything that went wrong and is not a job's failure. */
  error: { readonly type: string; readonly error: string }
  context: { readonly policy: string; readonly size: number; readonly context: string }
  'config:applied': { readonly key: string; readonly value: unknown }
}
export type WorkerEvent = keyof WorkerEvents
export type Listener<Event extends WorkerEvent> = (payload: WorkerEvents[Event]) => unknown
export type Emit = <Event extends WorkerEvent>(event: Event, payload: WorkerEvents[Event]) => void

type Listeners = { [Event in WorkerEvent]?: Set<Listener<Event>> }

export class Emitter {
  readonly #listeners: Listeners = {}
  readonly #say: (line: string) => void

  /** `say` gets the errors that nobody listens to: a worker that cannot reach its server must not look like one that waits for work. */
  constructor(say: (line: string) => void = (line) => void stderr.write(line)) {
    this.#say = say
  }

  on<Event extends WorkerEvent>(event: Event, listener: Listener<Event>): this {
    const known: Set<Listener<Event>> = this.#listeners[event] ?? new Set<Listener<Event>>()
    known.add(listener)
    Object.assign(this.#listeners, { [event]: known })
    return this
  }

  once<Event extends WorkerEvent>(event: Event, listener: Listener<Event>): this {
    const first: Listener<Event> = (payload) => {
      this.off(event, first)
      return listener(payload)
    }
    return this.on(event, first)
  }

  off<Event extends WorkerEvent>(event: Event, listener: Listener<Event>): this {
    this.#listeners[event]?.delete(listener)
    return this
  }

  /** Unlike Node's emitter, an `error` that nobody listens to is said, not thrown: the loops go on. */
  readonly emit: Emit = (event, payload) => {
    if (event === 'error' && 'type' in payload && (this.#listeners.error?.size ?? 0) === 0)
      this.#say(`modelreins-worker: ${payload.type}: ${payload.error}\n`)
    for (const listener of this.#listeners[event] ?? []) {
      try {
        const outcome = listener(payload)
        if (outcome instanceof Promise) outcome.catch((error: unknown) => this.#listenerFailed(event, error))
      } catch (error) {
        this.#listenerFailed(event, error)
      }
    }
  }

  #listenerFailed(event: WorkerEvent, error: unknown): void {
    if (event === 'error') return
    this.emit('error', {
      type: 'listener',
      error: `a listener of "${event}" failed: ${error instanceof Error ? error.message : String(error)}`,
    })
  }
}
