/** Responsible for typed events. A listener that throws does not affect the worker's loops. */
import { stderr } from 'node:process'
import type { AttemptErrorType } from './job/outcome.ts'

/** The twelve events of the worker and their payloads, by the names that programs use (worker-sdk/README.md, "Events"). */
export interface WorkerEvents {
  /** Before the first heartbeat. Without a `name` option the registered name is not known yet, so `name` is the host's. */
  starting: { readonly name: string; readonly url: string }
  /** The first heartbeat was acknowledged. */
  connected: { readonly name: string }
  /** The provider is ready, and the worker asks for work. */
  ready: { readonly name: string }
  /** `stop()` has completed. */
  stopped: { readonly name: string }
  'job:start': { readonly id: number; readonly prompt: string }
  'job:done': { readonly id: number; readonly exitCode: number }
  'job:error': { readonly id: number; readonly error: string; readonly errorType: AttemptErrorType; readonly retryable: boolean }
  /** Output of the job, redacted. */
  output: { readonly jobId: number; readonly content: string; readonly stream: 'stdout' | 'stderr' | 'system' }
  /** The tenant's killswitch is active: running jobs are stopped, then the worker. */
  killswitch: { readonly reason: string | null }
  /** A problem that is not a job's failure. */
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

  /** `say` gets errors that have no listener, so that a worker that cannot reach its server does not look like one that waits for work. */
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

  /** Unlike in Node's emitter, an `error` without a listener is printed and not thrown, so that the loops continue. */
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
