/**
 * Responsible for the `aider` provider: one message from a private file, no questions, plain output. Source: aider.chat/docs, "Scripting aider" and
 * "Options reference". Aider cannot read a prompt from stdin, and every user of a machine can read command line arguments.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Usage } from '@modelreins/contract'
import { type AgentReader, runAgent } from './agent-run.ts'
import { type CliProgram, checkCli } from '../child-process/cli-check.ts'
import { composePrompt, modelOf } from '../prompt.ts'
import type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from '../provider.ts'
import { agentSilence } from '../silence.ts'
import type { Unread } from '../unread.ts'

const cli: CliProgram = { provider: 'aider', program: 'aider', install: 'python -m pip install aider-install && aider-install' }

const check = async (settings: ProviderSettings): Promise<ProviderCheck> => {
  const found = await checkCli(cli, settings)
  return found.found ? { usable: true, detail: found.detail } : found.check
}

/**
 * `--yes-always` answers every question, so questions with effects outside the repository are turned off: fetching URLs of the prompt, suggesting
 * shell commands, installing a browser. Extra arguments come last and can turn them on again.
 */
export const aiderArgs = (messageFile: string, settings: ProviderSettings, model: string | undefined): string[] => [
  '--message-file',
  messageFile,
  '--yes-always',
  '--no-pretty',
  '--no-fancy-input',
  '--no-check-update',
  '--no-show-release-notes',
  '--no-analytics',
  '--no-notifications',
  '--no-detect-urls',
  '--no-suggest-shell-commands',
  '--disable-playwright',
  ...(isInRepository(settings.workDir ?? process.cwd()) ? [] : ['--no-git']),
  ...(model === undefined ? [] : ['--model', model]),
  ...(settings.extraArgs ?? []),
]

/** With `--yes-always`, aider creates a repository in any folder that is not part of one. */
const isInRepository = (folder: string): boolean => {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return true
    if (dirname(at) === at) return false
  }
}

/** Lines about aider itself that it prints before the answer. */
const banner =
  /^(?:Aider v\d|Main model:|Model:|Weak model:|Editor model:|Git repo:|Repo-map:|Added .+ to the chat|Using .+ model with API key from|Warning: Input is not a terminal|Can't initialize prompt toolkit|Note: in-chat filenames)/

const usageLine =
  /^Tokens: ([\d.,]+)(k|M)? sent(?:, [\d.,]+[kM]? cache write)?(?:, [\d.,]+[kM]? cache hit)?, ([\d.,]+)(k|M)? received\.(?: ?Cost: \$([\d.]+) message, \$([\d.]+) session\.)?/
const costLine = /^Cost: \$([\d.]+) message, \$([\d.]+) session\./

/** Aider prints the provider's exception and still exits with 0. When a retry succeeds, the usage line of an answer follows. */
const failureLine =
  /^(?:litellm\.\w+: |The API provider|.{0,200}Exception: |Unable to list models|Missing these environment variables:|Empty response received from LLM|Model .{1,200} has hit a token limit!)/
/** It stopped before the model had finished, so files may be only partly changed. */
const stoppedLine = /^Only \d+ reflections allowed, stopping\./
/** Maximum number of lines to keep of one failure: the exception, its body, and aider's advice. */
const failureLines = 60

const scale = { k: 1_000, M: 1_000_000 } as const
const count = (digits: string | undefined, unit: string | undefined): number =>
  Math.round(Number((digits ?? '0').replaceAll(',', '')) * (unit === 'k' ? scale.k : unit === 'M' ? scale.M : 1))

const createReader = (run: ProviderRun, unread: Unread, model: string | undefined): AgentReader => {
  const answer: string[] = []
  /** Lines from the beginning of a failure on. Cleared by the usage line of an answer, which shows that a retry succeeded. */
  const failure: string[] = []
  let tokensIn = 0
  let tokensOut = 0
  let cost: number | undefined
  let told = false

  const readUsage = (line: string): boolean => {
    const usage = usageLine.exec(line)
    const session = usage?.[6] ?? costLine.exec(line)?.[2]
    if (session !== undefined) cost = Number(session) // the running total of the session
    if (usage === null) return session !== undefined
    const received = count(usage[3], usage[4])
    tokensIn += count(usage[1], usage[2])
    tokensOut += received
    told = true
    if (received > 0) failure.length = 0
    return true
  }
  const usage = (): Usage | undefined =>
    told
      ? {
          tokens_in: tokensIn,
          tokens_out: tokensOut,
          ...(cost === undefined ? {} : { cost_usd: cost }),
          ...(model === undefined ? {} : { model }),
        }
      : undefined

  const problem = (text: string): string | undefined => {
    if (failure.length > 0) return failure.join('\n').trim()
    if (!told) return `aider ended without an answer${text === '' ? '' : ', though it said: ' + text.slice(-200)}`
    return text === '' && tokensOut === 0 ? 'Empty response received: aider was answered with 0 tokens' : undefined
  }

  return {
    async line(line) {
      run.heard?.()
      if (readUsage(line)) return run.output(`${line}\n`, 'system')
      if (banner.test(line)) {
        answer.length = 0 // output before its banner is not part of the answer
        return run.output(`${line}\n`, 'system')
      }
      if (failure.length > 0 ? failure.length < failureLines : failureLine.test(line)) failure.push(line.trimEnd())
      answer.push(line)
      await run.output(`${line}\n`, 'stdout')
      if (stoppedLine.test(line)) await run.output(`[aider stopped before the model had finished: ${line}]\n`, 'system')
    },
    // A usage line ends one answer but not the run: aider may commit, lint and ask the model again.
    finished: () => false,
    end() {
      const text = answer.join('\n').trim()
      const words = problem(text)
      const first = text === '' ? unread.first() : undefined
      return {
        complete: words === undefined,
        result: text,
        usage: usage(),
        ...(words === undefined
          ? {}
          : { error: new Error(first === undefined ? words : `${words}: ${first}`), vague: failure.length === 0 }),
      }
    },
  }
}

/** A prompt that begins with `/` or `!` would run as an aider command (`/run` and `!` start a shell). The prefix prevents this. */
const asData = (prompt: string): string => (/^[\s\ufeff]*[/!]/.test(prompt) ? `The request:\n\n${prompt}` : prompt)

const run = async (job: ProviderRun): Promise<ProviderOutcome> => {
  const folder = await mkdtemp(join(tmpdir(), 'modelreins-aider-')) // only its owner can read it
  try {
    const messageFile = join(folder, 'message.txt')
    await writeFile(messageFile, asData(composePrompt(job)), { mode: 0o600 })
    const model = modelOf(job)
    return await runAgent(job, {
      cli,
      args: aiderArgs(messageFile, job.settings, model),
      // On errors aider offers to open a help page, and `--yes-always` accepts: BROWSER is set to a program that does nothing. COLUMNS avoids wrapped
      // lines; without a terminal aider wraps them at 80 characters.
      env: { BROWSER: 'true', COLUMNS: '1000', PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8' },
      reader: (unread) => createReader(job, unread, model),
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export const aiderProvider: Provider = { name: 'aider', check, run, silence: agentSilence }
