/**
 * Responsible for the `claude` provider: Claude Code in print mode, prompt on stdin, events on stdout (stream-json). Source: code.claude.com/docs,
 * "CLI reference" and "Run Claude Code programmatically".
 */
import { runAgent } from './agent-run.ts'
import { type ToolListener, listenForTools } from '../approvals/listener.ts'
import { reviewsOf } from '../approvals/tool-review.ts'
import { createEventReader, createWholeReader } from './claude-events.ts'
import { type CliProgram, askCli, checkCli, isBefore } from '../child-process/cli-check.ts'
import { at, parseJson, textAt } from '../json.ts'
import { composePrompt, modelOf } from '../prompt.ts'
import type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from '../provider.ts'
import { agentSilence } from '../silence.ts'

const cli: CliProgram = { provider: 'claude', program: 'claude', install: 'npm install -g @anthropic-ai/claude-code' }

/** Versions before this one read `auth status` as a prompt. */
const knowsAuthStatus = '2.1.0'

const check = async (settings: ProviderSettings): Promise<ProviderCheck> => {
  const found = await checkCli(cli, settings)
  if (!found.found) return found.check
  if (isBefore(found.version, knowsAuthStatus)) return { usable: true, detail: found.detail }
  const status = parseJson((await askCli(found.file, ['auth', 'status'], settings)).stdout)
  if (at(status, 'loggedIn') === false) {
    return { usable: false, detail: `claude ${found.version} is not logged in: run "claude auth login", or set ANTHROPIC_API_KEY` }
  }
  const method = textAt(status, 'authMethod')
  return { usable: true, detail: method === undefined ? found.detail : `${found.detail}, logged in by ${method}` }
}

/** `stream-json` requires `--verbose`. The partial messages are what viewers see live. */
export const claudeArgs = (settings: ProviderSettings, model: string | undefined, approvals: readonly string[] = []): string[] => {
  const format = settings.outputFormat ?? 'stream-json'
  return [
    '--print',
    '--output-format',
    format,
    ...(format === 'stream-json' ? ['--verbose', '--include-partial-messages'] : []),
    ...(model === undefined ? [] : ['--model', model]),
    ...approvals,
    ...(settings.extraArgs ?? []),
  ]
}

/**
 * Claude Code refuses to start inside itself. These variables are removed because a worker that was started from one of its shells is not inside it.
 */
const outside = { CLAUDECODE: undefined, CLAUDE_CODE_ENTRYPOINT: undefined }

/** A prompt that begins with `/` would run as a command of Claude Code. The prefix prevents this. */
const asData = (prompt: string): string => (/^[\s\ufeff]*\//.test(prompt) ? `The request:\n\n${prompt}` : prompt)

const runClaude = (job: ProviderRun, listener: ToolListener | undefined): Promise<ProviderOutcome> => {
  const format = job.settings.outputFormat ?? 'stream-json'
  const reading = { deniedFails: job.settings.deniedTools === 'fail' }
  return runAgent(job, {
    cli,
    args: claudeArgs(job.settings, modelOf(job), listener?.args),
    stdin: asData(composePrompt(job)),
    env: { ...outside, ...listener?.env },
    reader: (unread) =>
      format === 'stream-json' ? createEventReader(job, unread, reading) : createWholeReader(job, unread, reading, format),
  })
}

const run = async (job: ProviderRun): Promise<ProviderOutcome> => {
  const reviews = job.settings.replay === undefined ? reviewsOf(job) : undefined
  const listener = reviews === undefined ? undefined : await listenForTools(reviews)
  try {
    return await runClaude(job, listener)
  } finally {
    listener?.close()
  }
}

export const claudeProvider: Provider = { name: 'claude', check, run, silence: agentSilence }
