/** Responsible for the messages of a running worker: lines for a terminal, lines with timestamps for a log, or JSON. */
import type { Worker } from '../../worker/worker.ts'
import type { WorkerEvent, WorkerEvents } from '../../worker/emitter.ts'
import type { CommandContext } from '../context.ts'
import { shownJson } from '@modelreins/contract'
import { manyLines, oneLine } from './safe-text.ts'
import { clip, type Paint } from './style.ts'
import { showDuration } from './time-words.ts'

const events: readonly WorkerEvent[] = [
  'starting',
  'connected',
  'ready',
  'stopped',
  'job:start',
  'job:done',
  'job:error',
  'output',
  'killswitch',
  'error',
  'context',
  'config:applied',
]
/** The same problem is reported once in this time: when a server is down, every heartbeat fails. */
const repeatMs = 60_000

export class RunLog {
  readonly #context: CommandContext
  readonly #begun = new Map<number, number>()
  readonly #open = new Map<string, string>()
  #trouble: { readonly text: string; readonly at: number } | undefined

  constructor(context: CommandContext) {
    this.#context = context
  }

  get running(): number {
    return this.#begun.size
  }

  attach(worker: Worker, about: string): void {
    const verbose = this.#context.invocation.on('verbose')
    if (this.#context.show.json) {
      for (const event of events) {
        worker.on(event, (payload) => {
          if (event !== 'output' || verbose) this.#json(event, payload)
        })
      }
    } else this.#attachLines(worker, about, verbose)
    worker.on('job:start', ({ id }) => void this.#begun.set(id, this.#context.now))
    worker.on('job:done', ({ id }) => void this.#begun.delete(id))
    worker.on('job:error', ({ id }) => void this.#begun.delete(id))
  }

  #attachLines(worker: Worker, about: string, verbose: boolean): void {
    const { style } = this.#context.show
    worker.on('starting', ({ name, url }) => this.say(`${oneLine(name)} connects to ${oneLine(url)}`, style.dim))
    worker.on('ready', ({ name }) => this.say(`${oneLine(name)} is ready: ${oneLine(about)}`, style.green))
    worker.on('stopped', ({ name }) => this.say(`${oneLine(name)} has stopped`, style.dim))
    worker.on('job:start', ({ id, prompt }) => {
      // Prompts are only shown on a terminal and never written to a log.
      const room = this.#context.system.stdout.columns - 40
      const words = this.#context.show.human && room > 10 ? `  ${style.dim(clip(oneLine(prompt.slice(0, 300)), room))}` : ''
      this.say(`job ${id} started${words}`, style.cyan)
    })
    worker.on('job:done', ({ id, exitCode }) =>
      this.say(`job ${id} done${exitCode === 0 ? '' : ` (exit code ${exitCode})`}${this.#took(id)}`, style.green),
    )
    worker.on('job:error', ({ id, error, errorType, retryable }) => {
      this.say(
        `job ${id} failed${this.#took(id)}: ${errorType}${retryable ? ', will be tried again' : ''}: ${clip(oneLine(error), 300)}`,
        style.red,
      )
    })
    worker.on('killswitch', ({ reason }) =>
      this.say(`the killswitch is raised${reason === null ? '' : `: ${oneLine(reason)}`}; stopping`, style.red),
    )
    worker.on('config:applied', ({ key, value }) => this.say(`config: ${key} = ${oneLine(JSON.stringify(value) ?? 'default')}`, style.dim))
    worker.on('error', ({ type, error }) => this.#error(type, error))
    if (verbose) worker.on('output', (payload) => this.#output(payload))
  }

  say(text: string, paint: Paint = (plain) => plain): void {
    const { show } = this.#context
    show.line(`${show.style.dim(this.#stamp())} ${paint(text)}`)
  }

  #stamp(): string {
    const at = new Date(this.#context.now)
    return this.#context.show.human ? at.toTimeString().slice(0, 8) : at.toISOString()
  }

  #took(id: number): string {
    const begun = this.#begun.get(id)
    return begun === undefined ? '' : ` after ${showDuration(this.#context.now - begun)}`
  }

  #error(type: string, error: string): void {
    const text = `${type}: ${oneLine(error)}`
    const { now } = this.#context
    if (this.#trouble?.text === text && now - this.#trouble.at < repeatMs) return
    this.#trouble = { text, at: now }
    const { show } = this.#context
    show.warn(`${show.errorStyle.dim(this.#stamp())} ${show.errorStyle.yellow(text)}`)
  }

  /** Prints complete lines with the job's number, because several jobs run at once. */
  #output({ jobId, content, stream }: WorkerEvents['output']): void {
    const key = `${jobId} ${stream}`
    const lines = ((this.#open.get(key) ?? '') + content).split('\n')
    const rest = lines.pop() ?? ''
    if (rest === '') this.#open.delete(key)
    else this.#open.set(key, rest)
    for (const line of lines) this.say(`${this.#context.show.style.dim(`[${jobId}]`)} ${manyLines(line)}`)
  }

  #json(event: WorkerEvent, payload: unknown): void {
    this.#context.show.line(
      shownJson({ at: new Date(this.#context.now).toISOString(), event, ...(typeof payload === 'object' ? payload : {}) }),
    )
  }
}
