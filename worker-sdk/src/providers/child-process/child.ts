/**
 * Responsible for one child program, from its start until everything that it started has ended: its own process group, streamed output, input written
 * and closed, TERM then KILL.
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

/** The standard input of a program that expects a dialogue. */
export interface ChildInput {
  write(text: string): void
  close(): void
}

export interface ChildOptions {
  /** The program to start: from `launchOf` (no shell) or `launchOfShell`. */
  readonly launch: Launch
  readonly cwd?: string | undefined
  /** The environment; the worker's own credentials are removed before the child gets it. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Written to stdin, which is then closed. Default: empty stdin. */
  readonly stdin?: string
  /** Replaces `stdin`: called with functions to write and to close, before any output is read. */
  readonly converse?: (stdin: ChildInput) => void
  readonly signal: AbortSignal
  /** Aborted after the program's final message: the program is then ended, which does not count as a failure. */
  readonly enough?: AbortSignal
  /** Records its output. */
  readonly tap?: Tap | undefined
  /** Output is read no faster than these callbacks settle. */
  readonly onStdout?: (text: string) => Promise<void> | void
  readonly onStderr?: (text: string) => Promise<void> | void
  /** Milliseconds from TERM to KILL; default: depends on the urgency of the stop (`killGraceMs`). */
  readonly graceMs?: number
}

export interface ChildEnd {
  /** 128 + signal number when a signal ended it; 127 when it could not be started. */
  readonly exitCode: number
  /** The last part of stdout and stderr, also when callbacks received it. */
  readonly stdout: string
  readonly stdoutDropped: number
  readonly stderr: string
  /** Why it was stopped, could not be started, or could not be read to the end. */
  readonly error?: Error
}

/** How long processes that the program left behind may keep writing after its end, before they are ended too. */
const lingerMs = 250
/** A pipe that a process outside our control keeps open is abandoned after this time. */
const pipeMs = 1_000

const notStarted = (exitCode: number, error: Error): ChildEnd => ({ exitCode, stdout: '', stdoutDropped: 0, stderr: error.message, error })

/** Bytes of a result that are reserved for the notice about what was cut. */
const resultNoticeBytes = 200

/** `spawn` reports a missing working directory as a missing program. */
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
    // Its own process group, so that one signal reaches all of its processes. On Windows `detached` would open a console window.
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

/** Runs a program until it ends or `signal` stops it. Never rejects because of what the program does. */
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
  /** Number of running callbacks. While there are any, the output in the pipes is only waiting to be delivered. */
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
      // Only a failure of a callback counts: a closed pipe only means that the child has ended.
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
  // A program that does not read its input closes the pipe (EPIPE), which is not an error here.
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

  // A program that was stopped from outside has no exit of its own, so the recording contains none.
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

/** Whether `work` settled within `ms`. It leaves no timer behind. */
const settleWithin = async (work: Promise<unknown>, ms: number): Promise<boolean> => {
  const stop = new AbortController()
  const late = sleep(ms, false, { signal: stop.signal }).catch(() => false)
  const inTime = await Promise.race([work.then(() => true), late])
  stop.abort()
  return inTime
}
