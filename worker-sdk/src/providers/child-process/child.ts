/**
 * Responsible for one child program from start to the end of everything it started: its own process group, streamed output, input written and
 * closed, TERM then KILL.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '@modelreins/contract'
import { scrubEnvironment } from './environment.ts'
import { endProcessGroup } from './process-group.ts'
import { watchStart } from './orphan-watch.ts'
import { markVariable, originOf } from './process-table.ts'
import type { Launch } from './program.ts'
import type { Tap } from '../recording/tap.ts'
import { killGraceMs, stopReason, stoppedExitCode } from '../stopped.ts'
import { createTail } from '../tail.ts'

/** The standard input of a program that is talked with. */
export interface ChildInput {
  write(text: string): void
  close(): void
}

export interface ChildOptions {
  /** What to start: `launchOf` (no shell) or `launchOfShell`. */
  readonly launch: Launch
  readonly cwd?: string | undefined
  /** The worker's own credentials are taken out before the child gets it. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Written to stdin, which is then closed. Without it stdin is empty from the start. */
  readonly stdin?: string
  /** In place of `stdin`: is given what writes to it and what closes it, before anything is read. */
  readonly converse?: (stdin: ChildInput) => void
  readonly signal: AbortSignal
  /** Aborted when the program has said its last word: what is left of it is ended, which is no failure. */
  readonly enough?: AbortSignal
  /** Writes down what it says. */
  readonly tap?: Tap | undefined
  /** The child is read no faster than these settle. */
  readonly onStdout?: (text: string) => Promise<void> | void
  readonly onStderr?: (text: string) => Promise<void> | void
  /** Milliseconds from TERM to KILL; unless told, as urgent as the stop is (`killGraceMs`). */
  readonly graceMs?: number
}

export interface ChildEnd {
  /** 128 + signal number when a signal ended it; 127 when it could not be started. */
  readonly exitCode: number
  /** Last part of stdout / stderr, whatever the callbacks did with it. */
  readonly stdout: string
  readonly stdoutDropped: number
  readonly stderr: string
  /** Why it was stopped, or could not be started, or was not read to the end. */
  readonly error?: Error
}

/** After the program itself has ended, what it left behind may still be writing for this long before it is ended too. */
const lingerMs = 250
/** A pipe that something outside our reach holds open is given up after this. */
const pipeMs = 1_000

const notStarted = (exitCode: number, error: Error): ChildEnd => ({ exitCode, stdout: '', stdoutDropped: 0, stderr: error.message, error })

/** Room in a result for the line that says what was cut. */
const resultNoticeBytes = 200

/** `spawn` reports a missing working directory as if the program were missing. */
const directoryProblem = (cwd: string | undefined): Error | undefined => {
  if (cwd === undefined) return undefined
  const found = statSync(cwd, { throwIfNoEntry: false })
  return found?.isDirectory() === true ? undefined : new Error(`working directory not found: ${cwd}`)
}

const exitCodeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? (signal === null ? 1 : 128 + (constants.signals[signal] ?? 0))

const start = (options: ChildOptions, mark: string): ChildProcess =>
  spawn(options.launch.file, [...options.launch.args], {
    cwd: options.cwd,
    env: { ...scrubEnvironment(options.env), [markVariable]: mark },
    stdio: [options.stdin === undefined && options.converse === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    // A group of its own, so that one signal reaches everything in it. On Windows `detached` would open a console window.
    detached: process.platform !== 'win32',
    windowsHide: true,
    windowsVerbatimArguments: options.launch.verbatim,
    shell: false,
  })

const started = (child: ChildProcess): Promise<Error | undefined> =>
  new Promise((resolve) => {
    child.once('spawn', () => resolve(undefined))
    child.once('error', (error) => resolve(error))
  })

/** Runs a program to its end, or to the end that `signal` makes. Never rejects for what the program does. */
export const runChild = async (options: ChildOptions): Promise<ChildEnd> => {
  if (options.signal.aborted) return notStarted(stoppedExitCode, stopReason(options.signal))
  const problem = directoryProblem(options.cwd)
  if (problem !== undefined) return notStarted(127, problem)

  const mark = randomUUID()
  const watched = watchStart(mark)
  let child: ChildProcess
  try {
    child = start(options, mark)
  } catch (error) {
    watched.failed()
    return notStarted(127, error instanceof Error ? error : new Error(String(error))) // E2BIG, a NUL in an argument
  }
  const unwatch = child.pid === undefined ? watched.failed : watched.leads(child.pid)
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const failure = await started(child)
  const root = child.pid
  if (failure !== undefined || root === undefined) {
    unwatch()
    return notStarted(127, failure ?? new Error('could not be started'))
  }

  const origin = { ...originOf(root, mark), root }
  let problemOfReading: Error | undefined
  /** Callbacks under way: while there are any, what is in the pipes is only slow to be delivered. */
  let telling = 0
  let ending: Promise<boolean> | undefined
  const end = (): Promise<boolean> => {
    const rootGone = (): boolean => child.exitCode !== null || child.signalCode !== null
    ending ??= endProcessGroup(origin, () => options.graceMs ?? killGraceMs(options.signal), rootGone)
    return ending
  }
  const onAbort = (): void => void end()
  options.signal.addEventListener('abort', onAbort, { once: true })
  options.enough?.addEventListener('abort', onAbort, { once: true })
  if (options.signal.aborted || options.enough?.aborted === true) onAbort()

  options.tap?.program(options.launch.args)
  const stdout = createTail(limits.result_bytes - resultNoticeBytes)
  const stderr = createTail(limits.error_message_bytes)
  const pump = async (
    stream: NodeJS.ReadableStream | null,
    keep: (text: string) => void,
    kind: 'stdout' | 'stderr',
    tell: ChildOptions['onStdout'],
  ): Promise<void> => {
    if (stream === null) return
    stream.setEncoding('utf8')
    try {
      for await (const chunk of stream) {
        const text = String(chunk)
        keep(text)
        options.tap?.text(kind, text)
        telling += 1
        await tell?.(text)
        telling -= 1
      }
    } catch (error) {
      // Only a callback's failure counts: a pipe that was closed under us is the child's end.
      if (!isClosedPipe(error)) {
        problemOfReading ??= error instanceof Error ? error : new Error(String(error))
        void end()
      }
    }
  }
  const read = Promise.all([
    pump(child.stdout, stdout.push, 'stdout', options.onStdout),
    pump(child.stderr, stderr.push, 'stderr', options.onStderr),
  ])
  // A program that does not read its input closes the pipe (EPIPE): its affair.
  child.stdin?.on('error', () => undefined)
  if (options.stdin !== undefined) child.stdin?.end(options.stdin)
  options.converse?.({
    write: (text) => void (child.stdin?.writable === true && child.stdin.write(text)),
    close: () => void child.stdin?.end(),
  })

  const { code, signal } = await exited
  const byItself = ending === undefined
  await settleWithin(read, lingerMs)
  const allGone = await end()
  unwatch()
  while (!(await settleWithin(read, pipeMs))) {
    if (telling > 0 && !options.signal.aborted) continue
    child.stdout?.destroy()
    child.stderr?.destroy()
    await settleWithin(read, pipeMs)
    break
  }
  options.signal.removeEventListener('abort', onAbort)
  options.enough?.removeEventListener('abort', onAbort)

  // A program that was ended from outside has not exited: played again, it stays.
  if (byItself) options.tap?.exit(exitCodeOf(code, signal))
  const error =
    (options.signal.aborted ? stopReason(options.signal) : problemOfReading) ??
    (allGone ? undefined : new Error('a process that the program started could not be killed'))
  return {
    exitCode: exitCodeOf(code, signal),
    stdout: stdout.text(),
    stdoutDropped: stdout.dropped(),
    stderr: stderr.text(),
    ...(error === undefined ? {} : { error }),
  }
}

const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'EIO' || error.code === 'ECONNRESET')

/** Whether `work` settled within `ms`; leaves no timer behind. */
const settleWithin = async (work: Promise<unknown>, ms: number): Promise<boolean> => {
  const stop = new AbortController()
  const late = sleep(ms, false, { signal: stop.signal }).catch(() => false)
  const inTime = await Promise.race([work.then(() => true), late])
  stop.abort()
  return inTime
}
