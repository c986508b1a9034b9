/** Responsible for following one job until it ends: its output on standard output, everything else on standard error. */
import { shownJson, type Job, type StreamEvent } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { pause } from '../../client/clock.ts'
import { programName } from '../arguments/command.ts'
import type { CommandContext } from '../context.ts'
import { oneLine, terminalFilter } from './safe-text.ts'
import { fitsSideBySide, SideBySide } from './side-by-side.ts'

/** The user stopped watching; the job continues. */
export class Detached extends Error {
  override readonly name = 'Detached'
}

export interface FollowOptions {
  /** Shows nothing while the job runs, and the result at the end. */
  readonly quiet?: boolean
  /** Shows nothing at all. */
  readonly silent?: boolean
  /** Prints one JSON line per event. */
  readonly events?: boolean
  /** Only for a fan-out: the workers, in the order of their columns. */
  readonly workers?: readonly string[]
}

/** How often the reason of a waiting job is fetched while a person watches. */
const whyEveryMs = 4_000
/** How much of the streamed output is kept, to detect whether it ends with the result. */
const memoryChars = 512 * 1024
/** The same for each of several workers. */
const columnMemoryChars = 32 * 1024

/** Runs `work` with a signal that Ctrl-C or SIGTERM aborts with `Detached`. The watched job continues. */
export async function untilDetached<Value>(context: CommandContext, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const leave = new AbortController()
  const off = context.system.onSignal(() => leave.abort(new Detached()))
  try {
    return await work(leave.signal)
  } finally {
    off()
  }
}

class Screen {
  readonly #context: CommandContext
  readonly #out: (piece: string) => string
  readonly #aside: (piece: string) => string
  #memory = ''
  #wrote = false
  #lineOpen = false
  #attempt: number | undefined
  /** Only for a fan-out: the unfinished last line of each job. */
  readonly #lines = new Map<string, string>()
  /** Undefined when the terminal has no room for a column per worker. */
  #columns: SideBySide | undefined
  lastAt: number

  constructor(context: CommandContext, workers: readonly string[]) {
    this.#context = context
    this.#out = context.system.stdout.isTerminal ? terminalFilter() : (piece) => piece
    this.#aside = context.system.stderr.isTerminal ? terminalFilter() : (piece) => piece
    this.lastAt = context.now
    const { stderr, env } = context.system
    if (fitsSideBySide(stderr, env, workers.length)) this.#columns = new SideBySide(stderr, context.show.errorStyle, workers)
  }

  /** Called before text is written that belongs to no column. */
  settle(): void {
    this.#columns?.settle()
  }

  show(event: Exclude<StreamEvent, { event: 'end' }>): void {
    this.lastAt = this.#context.now
    if (event.event === 'merge') {
      // There is only one answer from here on.
      this.settle()
      this.#columns = undefined
      return this.#say(`[${event.data.worker} merges the answers]`)
    }
    if (event.event === 'child') return this.#childEnded(event.data)
    if (event.data.worker !== undefined) return this.#fromChild(event)
    if (event.event === 'gap') {
      this.#say(`[output ${event.data.from} to ${event.data.to} is no longer kept]`)
      return
    }
    const { attempt, stream, text } = event.data
    if (this.#attempt !== undefined && attempt !== this.#attempt) this.#say(`[attempt ${attempt}]`)
    this.#attempt = attempt
    if (stream === 'stdout') this.answer(text)
    else {
      const { show } = this.#context
      show.aside(show.errorStyle.dim(this.#aside(text)))
    }
  }

  /** Prints complete lines with the worker's name, so that the output of several workers is not mixed. */
  #fromChild(event: Extract<StreamEvent, { event: 'output' | 'gap' }>): void {
    const { worker = '' } = event.data
    const columns = this.#columnOf(worker)
    if (columns !== undefined && event.event === 'gap')
      return columns.say(worker, `[output ${event.data.from} to ${event.data.to} is no longer kept]`)
    if (columns !== undefined && event.event === 'output') {
      this.#lines.set(worker, ((this.#lines.get(worker) ?? '') + event.data.text).slice(-columnMemoryChars))
      return columns.write(worker, event.data.text)
    }
    if (event.event === 'gap') return this.#say(`[${worker}: output ${event.data.from} to ${event.data.to} is no longer kept]`)
    const lines = ((this.#lines.get(worker) ?? '') + event.data.text).split('\n')
    this.#lines.set(worker, lines.pop() ?? '')
    for (const line of lines) this.#line(worker, line)
  }

  #columnOf(worker: string): SideBySide | undefined {
    return this.#columns?.takes(worker) === true ? this.#columns : undefined
  }

  #line(worker: string, line: string): void {
    this.#context.show.note(`${this.#context.show.errorStyle.cyan(`${worker} |`)} ${this.#aside(line)}`)
  }

  #childEnded(child: Extract<StreamEvent, { event: 'child' }>['data']): void {
    const rest = this.#lines.get(child.worker) ?? ''
    const columns = child.role === 'child' ? this.#columnOf(child.worker) : undefined
    if (columns !== undefined) return this.#endedInColumn(columns, child, rest)
    if (rest !== '') this.#line(child.worker, rest)
    this.#lines.delete(child.worker)
    // Prints the answer, unless it is what the job has just printed.
    if (child.role === 'child' && child.result !== null && rest.trim() !== child.result.trim())
      for (const line of child.result.trimEnd().split('\n')) this.#line(child.worker, line)
    const why = child.error === null ? '' : `: ${oneLine(child.error.message)}`
    this.#say(`[${child.worker}: job ${child.job_id} ${child.status}${why}]`)
  }

  /** Prints the answer, unless it was the job's last output, and then how the job ended. */
  #endedInColumn(columns: SideBySide, child: Extract<StreamEvent, { event: 'child' }>['data'], said: string): void {
    this.#lines.delete(child.worker)
    const answer = child.result?.trim() ?? ''
    if (!said.trimEnd().endsWith(answer.slice(-columnMemoryChars / 2)))
      columns.write(child.worker, `${said.endsWith('\n') || said === '' ? '' : '\n'}${answer}\n`)
    columns.say(child.worker, `[job ${child.job_id} ${child.status}${child.error === null ? '' : `: ${oneLine(child.error.message)}`}]`)
  }

  answer(text: string): void {
    this.settle()
    this.#memory = (this.#memory + text).slice(-memoryChars)
    this.#wrote = true
    this.#lineOpen = !text.endsWith('\n')
    this.#context.show.write(this.#out(text))
  }

  #say(text: string): void {
    this.settle()
    this.endLine()
    this.#context.show.warn(this.#context.show.errorStyle.dim(text))
  }

  /** Prints a text other than the streamed output, so it begins on its own line, in a file too. */
  conclude(result: string): void {
    const { show } = this.#context
    if (this.#lineOpen) show.write('\n')
    if (this.#wrote) show.note('')
    this.answer(result.endsWith('\n') ? result : `${result}\n`)
  }

  /** Only on a terminal: a file gets exactly the job's output. */
  endLine(): void {
    if (!this.#lineOpen || !this.#context.system.stdout.isTerminal) return
    this.#context.show.write('\n')
    this.#lineOpen = false
  }

  get wrote(): boolean {
    return this.#wrote
  }

  /** Whether the streamed output ends with this text, so that it is not printed twice. */
  endsWith(text: string): boolean {
    return this.#memory.trimEnd().endsWith(text.trim().slice(-memoryChars))
  }
}

/** Follows the job to its end and prints what the options ask for. Answers the ended job. */
export async function followToEnd(
  context: CommandContext,
  client: Client,
  jobId: number,
  options: FollowOptions,
  signal: AbortSignal,
): Promise<Job> {
  const streaming = options.quiet !== true && options.silent !== true && options.events !== true
  const screen = new Screen(context, streaming ? (options.workers ?? []) : [])
  const over = new AbortController()
  const watching = context.system.stderr.isTerminal && streaming
  const waiting = watching ? sayWhy(context, client, jobId, screen, over.signal) : Promise.resolve()
  try {
    for await (const event of client.stream(jobId, { signal })) {
      if (options.events === true) context.show.line(shownJson(event))
      else if (streaming && event.event !== 'end') screen.show(event)
      await context.system.stdout.drained()
    }
  } finally {
    over.abort()
    await waiting
    screen.settle()
  }
  const job = await client.jobs.get({ job_id: jobId }, { signal })
  if (options.events === true || options.silent === true) return job
  const result = await wholeResult(client, job, screen.wrote)
  if (result !== undefined && result !== '' && !screen.endsWith(result)) screen.conclude(result)
  screen.endLine()
  return job
}

/** The whole of a result that was cut, unless it was streamed. */
export async function wholeResult(client: Client, job: Job, streamed: boolean): Promise<string | undefined> {
  if (job.result === null) return undefined
  if (!job.result_truncated) return job.result
  return streamed ? undefined : client.jobs.result({ job_id: job.id })
}

/** As long as a job produces nothing: prints what it waits for, in the server's words, whenever that changes. */
async function sayWhy(context: CommandContext, client: Client, jobId: number, screen: Screen, over: AbortSignal): Promise<void> {
  const { show, system } = context
  let said = ''
  while (!over.aborted) {
    await pause(system.clock, whyEveryMs, over)
    if (over.aborted) return
    if (context.now - screen.lastAt < whyEveryMs) continue
    try {
      const why = await client.jobs.why({ job_id: jobId }, { signal: over, retry: false })
      if (why.answer === said || why.status === 'running') continue
      said = why.answer
      screen.settle()
      show.note(show.errorStyle.dim(oneLine(said)))
    } catch {
      // Errors are ignored, because the stream reports a lost server; this is only additional information.
    }
  }
}

export const detachedText = (jobId: number): string =>
  [
    `Stopped following job ${jobId}; it continues on the server.`,
    `  follow it:  ${programName} job ${jobId} --follow`,
    `  abort it:   ${programName} job ${jobId} --abort`,
  ].join('\n')
/** The exit code that shells use for SIGINT. */
export const detachedExit = 130
