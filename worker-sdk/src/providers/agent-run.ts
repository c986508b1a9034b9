/** Responsible for running an agent's command line on one job and turning its end into an outcome; what its output means is the reader's affair. */
import type { Usage } from '@modelreins/contract'
import { runChild } from './child.ts'
import { type CliProgram, findCli, missingCli } from './cli-check.ts'
import { createLineCutter } from './lines.ts'
import { launchOf } from './program.ts'
import type { ProviderOutcome, ProviderRun } from './provider.ts'

/** Reads what the program prints, line by line, and knows the answer in the end. */
export interface AgentReader {
  line(line: string): Promise<void> | void
  /** Called once, after the last line. */
  end(): AgentAnswer
}

export interface AgentAnswer {
  readonly result?: string | undefined
  readonly usage?: Usage | undefined
  /** The program's own word that it failed, whatever its exit code. */
  readonly error?: Error | undefined
}

export interface AgentCall {
  readonly cli: CliProgram
  readonly args: readonly string[]
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly reader: AgentReader
}

/** Exit code of a program that says it failed and exits 0 all the same. */
const saidFailed = 1

export const runAgent = async (run: ProviderRun, call: AgentCall): Promise<ProviderOutcome> => {
  const { settings } = run
  const file = findCli(call.cli, settings)
  if (file === undefined) return { exitCode: 127, error: new Error(missingCli(call.cli, settings)) }
  const cutter = createLineCutter()
  const read = async (lines: readonly string[]): Promise<void> => {
    for (const line of lines) await call.reader.line(line)
  }
  const end = await runChild({
    launch: launchOf(file, call.args, settings.env),
    cwd: settings.workDir,
    env: { ...settings.env, ...call.env },
    ...(call.stdin === undefined ? {} : { stdin: call.stdin }),
    signal: run.signal,
    onStdout: (text) => read(cutter.push(text)),
    onStderr: (text) => run.output(text, 'stderr'),
  })
  await read(cutter.rest())
  const answer = call.reader.end()
  if (answer.usage !== undefined) run.usage(answer.usage)
  const error = end.error ?? answer.error
  // A program that says why it failed is believed: warnings on stderr would be read as other errors.
  const saidWhy = end.error === undefined && answer.error !== undefined
  return {
    exitCode: error !== undefined && end.exitCode === 0 ? saidFailed : end.exitCode,
    ...(saidWhy ? {} : { stderr: end.stderr }),
    ...(answer.result === undefined ? {} : { result: answer.result }),
    ...(error === undefined ? {} : { error }),
  }
}
