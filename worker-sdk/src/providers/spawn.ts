/** Responsible for the `spawn` provider: the operator's own shell line, with the prompt on stdin or after `promptArg`. */
import { execFile } from 'node:child_process'
import { withoutEcho } from '../classify/quiet.ts'
import { runChild } from './child-process/child.ts'
import { scrubEnvironment } from './child-process/environment.ts'
import { evidenceOf } from './agents/error-lines.ts'
import { launchOfShell } from './child-process/program.ts'
import { composePrompt, modelOf } from './prompt.ts'
import type { Provider, ProviderCheck, ProviderRun, ProviderSettings } from './provider.ts'
import { cutNotice } from './tail.ts'

const missing = 'spawn needs a command: --command "your shell line" (MODELREINS_COMMAND)'

/** Linux rejects a single argument of 128 KiB or more (MAX_ARG_STRLEN), Windows a command line of 32 KiB. */
const longestArgument = process.platform === 'win32' ? 30_000 : 131_071

/** Variables with data about the job, in addition to the prompt. */
const jobVariables = (run: ProviderRun): Record<string, string> => {
  const model = modelOf(run)
  return {
    MODELREINS_JOB_ID: String(run.job.id),
    MODELREINS_ATTEMPT: String(run.job.attempt),
    ...(model === undefined ? {} : { MODELREINS_MODEL: model }),
  }
}

/** The first word, if it is simple enough to be looked up: no quotes, no expansion, no assignment. */
const firstWord = (command: string): string | undefined => /^\s*([\w./+-]+)(?=\s|$|[;&|])/.exec(command)?.[1]

const knowsWord = (word: string, settings: ProviderSettings): Promise<boolean> =>
  new Promise((resolve) => {
    const env = scrubEnvironment(settings.env)
    const options = { env, timeout: 10_000, ...(settings.workDir === undefined ? {} : { cwd: settings.workDir }) }
    // `command -v` also finds builtins and functions, which are not on PATH.
    execFile('/bin/sh', ['-c', 'command -v "$1"', 'sh', word], options, (error) => resolve(error === null))
  })

const check = async (settings: ProviderSettings): Promise<ProviderCheck> => {
  const command = settings.command?.trim() ?? ''
  if (command === '') return { usable: false, detail: missing }
  const word = firstWord(command)
  if (word !== undefined && process.platform !== 'win32' && !(await knowsWord(word, settings))) {
    return { usable: false, detail: `spawn: "${word}" (the first word of the command) is not found on this machine` }
  }
  return { usable: true, detail: `shell line: ${command.length > 80 ? `${command.slice(0, 77)}...` : command}` }
}

const run = async (job: ProviderRun): ReturnType<Provider['run']> => {
  const { settings } = job
  const command = settings.command?.trim() ?? ''
  if (command === '' && settings.replay === undefined) return { exitCode: 127, error: new Error(missing), stderr: missing }
  const prompt = composePrompt(job)
  const extra = settings.extraArgs ?? []
  const asArgument = settings.promptArg !== undefined && settings.promptArg !== ''
  if (asArgument && Buffer.byteLength(prompt) >= longestArgument) {
    const text = `the prompt has ${Buffer.byteLength(prompt)} bytes, too many for an argument: let the command read it from stdin (no promptArg)`
    return { exitCode: 126, error: new Error(text), stderr: text }
  }
  const args = asArgument ? [...extra, settings.promptArg, prompt] : extra
  const end = await runChild({
    launch: settings.replay ?? launchOfShell(command, args, settings.env),
    tap: settings.tap,
    cwd: settings.workDir,
    env: { ...settings.env, ...jobVariables(job) },
    ...(asArgument ? {} : { stdin: prompt }),
    signal: job.signal,
    onStdout: (text) => job.output(text, 'stdout'),
    onStderr: (text) => job.output(text, 'stderr'),
  })
  const result = end.stdout.trim() === '' ? undefined : cutNotice(end.stdoutDropped) + end.stdout.trimEnd()
  return {
    exitCode: end.exitCode,
    stderr: end.exitCode === 0 ? end.stderr : evidenceOf(end.stdout, withoutEcho(end.stderr, prompt)),
    ...(result === undefined ? {} : { result }),
    ...(end.error === undefined ? {} : { error: end.error }),
  }
}

/** Exit code, output and result are those of the shell line. With promptArg, `<promptArg> <prompt>` follow it as two arguments. */
export const spawnProvider: Provider = { name: 'spawn', check, run }
