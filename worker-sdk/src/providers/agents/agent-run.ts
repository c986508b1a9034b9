/**
 * Responsible for running an agent's command line on one job and converting its end into an outcome. The program's own final message decides; the
 * exit code decides only when there is none. The reader interprets the output.
 */
import type { Usage } from '@modelreins/contract'
import { withoutEcho } from '../../classify/quiet.ts'
import { runChild, type ChildEnd, type ChildInput } from '../child-process/child.ts'
import { type CliProgram, findCli, missingCli } from '../child-process/cli-check.ts'
import { createLineCutter } from '../lines.ts'
import { launchOf } from '../child-process/program.ts'
import { composePrompt } from '../prompt.ts'
import type { ProviderOutcome, ProviderRun } from '../provider.ts'
import { createUnread, type Unread } from '../unread.ts'

/** Reads the program's output line by line and returns the answer at the end. */
export interface AgentReader {
  line(line: string): Promise<void> | void
  /** Whether the program has printed its final message. */
  finished(): boolean
  /** Called once, after the last line. */
  end(): AgentAnswer
}

export interface AgentAnswer {
  /** Whether the program's final message was read. Without it a run is never a success. */
  readonly complete: boolean
  /** For a format without a final message: exit code 0 alone means success. */
  readonly byExit?: boolean
  readonly result?: string | undefined
  readonly usage?: Usage | undefined
  /** The program's own report of a failure, whatever its exit code; or why the answer is incomplete. */
  readonly error?: Error | undefined
  /** `error` has our own words because the program gave none, so other output may be more specific. */
  readonly vague?: boolean
  /** Lines that are not part of the answer but may explain a failure. */
  readonly stray?: string
}

export interface AgentCall {
  readonly cli: CliProgram
  readonly args: readonly string[]
  readonly stdin?: string
  /** Replaces `stdin` for a program that expects a dialogue. */
  readonly converse?: (stdin: ChildInput) => void
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly reader: (unread: Unread) => AgentReader
  /** Milliseconds that the program may take to exit after its final message. */
  readonly graceMs?: number
}

/** Exit code for a program that reports a failure but exits with 0. */
const saidFailed = 1
const usualGraceMs = 3_000

/**
 * Ends the program when it prints nothing for some time after its final message. Every further line restarts the wait, because the program may
 * continue.
 */
const createGrace = (ms: number): { readonly signal: AbortSignal; heard(finished: boolean): void; end(): void } => {
  const enough = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    signal: enough.signal,
    heard(finished) {
      clearTimeout(timer)
      if (finished) timer = setTimeout(() => enough.abort(), ms)
    },
    end: () => clearTimeout(timer),
  }
}

const outcomeOf = (end: ChildEnd, answer: AgentAnswer, incomplete: Error, endedByUs: boolean): ProviderOutcome => {
  const result = answer.result === undefined ? {} : { result: answer.result }
  // The final message was complete, so it does not matter how the program ended afterwards.
  if (answer.complete && answer.error === undefined) return { exitCode: 0, stderr: end.stderr, ...result }
  if (answer.byExit === true && end.exitCode === 0 && end.error === undefined && answer.error === undefined) {
    return { exitCode: 0, stderr: end.stderr, ...result }
  }
  const exitCode = end.exitCode === 0 || endedByUs ? saidFailed : end.exitCode
  if (end.error !== undefined) return { exitCode: end.exitCode || saidFailed, stderr: end.stderr, ...result, error: end.error }
  const evidence = [answer.stray ?? '', end.stderr].filter((text) => text.trim() !== '').join('\n')
  // The program's own reason takes precedence: warnings on stderr could be classified as other errors.
  if (answer.error !== undefined && answer.vague !== true) return { exitCode, ...result, error: answer.error }
  if (evidence !== '' && end.exitCode !== 0) return { exitCode, stderr: evidence, ...result }
  return { exitCode, stderr: evidence, ...result, error: answer.error ?? incomplete }
}

export const runAgent = async (run: ProviderRun, call: AgentCall): Promise<ProviderOutcome> => {
  const { settings } = run
  const { provider } = call.cli
  const file = settings.replay === undefined ? findCli(call.cli, settings) : settings.replay.file
  if (file === undefined) return { exitCode: 127, error: new Error(missingCli(call.cli, settings)) }
  const unread = createUnread()
  const reader = call.reader(unread)
  const grace = createGrace(call.graceMs ?? usualGraceMs)
  const leftOut: string[] = []
  const cutter = createLineCutter(({ bytes, begins }) => {
    unread.add('an event that is too large', begins)
    leftOut.push(`[${provider}: an event of ${bytes} bytes was left out: ${begins.slice(0, 80)}...]\n`)
  })
  const read = async (lines: readonly string[]): Promise<void> => {
    for (const line of lines) {
      await reader.line(line)
      if (line.trim() !== '') grace.heard(reader.finished())
    }
    for (const note of leftOut.splice(0)) await run.output(note, 'system')
  }
  const end = await runChild({
    launch: settings.replay ?? launchOf(file, call.args, settings.env),
    tap: settings.tap,
    cwd: settings.workDir,
    env: { ...settings.env, ...call.env },
    ...(call.stdin === undefined ? {} : { stdin: call.stdin }),
    ...(call.converse === undefined ? {} : { converse: call.converse }),
    signal: run.signal,
    enough: grace.signal,
    onStdout: (text) => read(cutter.push(text)),
    onStderr: (text) => run.output(text, 'stderr'),
  }).finally(() => grace.end())
  await read(cutter.rest())
  grace.end()
  const answer = reader.end()
  const stderr = end.exitCode === 0 ? end.stderr : withoutEcho(end.stderr, composePrompt(run))
  if (answer.usage !== undefined) run.usage(answer.usage)
  const note = unread.note(provider)
  if (note !== undefined) await run.output(note, 'system')
  const first = unread.first()
  const unreadWords = first === undefined ? '' : `; what could not be read begins: ${first}`
  const incomplete = new Error(`${provider} ended without saying how it went: the answer is incomplete${unreadWords}`)
  return outcomeOf({ ...end, stderr }, answer, incomplete, grace.signal.aborted)
}
