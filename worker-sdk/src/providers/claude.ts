/**
 * Responsible for the `claude` provider: Claude Code in print mode, prompt on stdin, events on stdout (stream-json). It knows no API of Anthropic.
 * Source: code.claude.com/docs, "CLI reference" and "Run Claude Code programmatically".
 */
import type { Usage } from '@modelreins/contract'
import { type AgentAnswer, type AgentReader, runAgent } from './agent-run.ts'
import { type CliProgram, askCli, checkCli, isBefore } from './cli-check.ts'
import { at, isObject, listAt, numberAt, parseJson, textAt } from './json.ts'
import { composePrompt, modelOf } from './prompt.ts'
import type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from './provider.ts'

const cli: CliProgram = { provider: 'claude', program: 'claude', install: 'npm install -g @anthropic-ai/claude-code' }

/** Before this version `auth status` would have been read as a prompt. */
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

/** `stream-json` wants `--verbose`; the partial messages are what streams. */
export const claudeArgs = (settings: ProviderSettings, model: string | undefined): string[] => {
  const format = settings.outputFormat ?? 'stream-json'
  return [
    '--print',
    '--output-format',
    format,
    ...(format === 'stream-json' ? ['--verbose', '--include-partial-messages'] : []),
    ...(model === undefined ? [] : ['--model', model]),
    ...(settings.extraArgs ?? []),
  ]
}

const usageOf = (event: unknown, model: string | undefined): Usage | undefined => {
  const usage = at(event, 'usage')
  const parts = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'].map((name) => numberAt(usage, name))
  const told = parts.filter((part) => part !== undefined)
  const tokensOut = numberAt(usage, 'output_tokens')
  const cost = numberAt(event, 'total_cost_usd')
  if (told.length === 0 && tokensOut === undefined && cost === undefined) return undefined
  return {
    ...(told.length === 0 ? {} : { tokens_in: told.reduce((sum, part) => sum + part, 0) }),
    ...(tokensOut === undefined ? {} : { tokens_out: tokensOut }),
    ...(cost === undefined ? {} : { cost_usd: cost }),
    ...(model === undefined ? {} : { model }),
  }
}

/** The model that did most of the work: subagents and titles run on smaller ones. */
const mainModel = (event: unknown): string | undefined => {
  const models = at(event, 'modelUsage')
  if (!isObject(models)) return undefined
  const costOf = (name: string): number => numberAt(models[name], 'costUSD') ?? 0
  return Object.keys(models).reduce<string | undefined>(
    (best, name) => (best !== undefined && costOf(best) >= costOf(name) ? best : name),
    undefined,
  )
}

/** "You've hit your limit · resets 3pm" arrives as the result of a run that says `is_error`. */
const failureOf = (event: unknown): Error | undefined => {
  const subtype = textAt(event, 'subtype')
  const failed = at(event, 'is_error') === true || (subtype !== undefined && subtype !== 'success')
  if (!failed) return undefined
  const words = textAt(event, 'result') ?? listAt(event, 'errors').find((one) => typeof one === 'string')
  const error = new Error(typeof words === 'string' && words !== '' ? words : `claude ended with ${subtype ?? 'an error'}`)
  const status = numberAt(event, 'api_error_status')
  return status === undefined ? error : Object.assign(error, { status })
}

const longestInput = 200

/** What a viewer sees of a tool call: its name and the beginning of its input. */
const toolLine = (block: unknown): string => {
  const input = JSON.stringify(at(block, 'input') ?? {})
  const shown = input.length > longestInput ? `${input.slice(0, longestInput)}...` : input
  return `\n[${textAt(block, 'name') ?? 'tool'}] ${shown}\n`
}

const createReader = (run: ProviderRun): AgentReader => {
  let answer: AgentAnswer = {}
  let model: string | undefined
  let ended = false
  /** Whether the message under way came in pieces: then its whole must not be told again. */
  let streamed = false

  const readMessage = async (event: unknown): Promise<void> => {
    for (const block of listAt(event, 'message', 'content')) {
      const type = textAt(block, 'type')
      const text = textAt(block, 'text')
      if (type === 'text' && text !== undefined && !streamed) await run.output(`${text}\n`, 'stdout')
      if (type === 'tool_use') await run.output(toolLine(block), 'system')
    }
  }
  const readPiece = async (event: unknown): Promise<void> => {
    const kind = textAt(event, 'type')
    if (kind === 'message_start') streamed = false
    const text = textAt(event, 'delta', 'text')
    if (kind === 'content_block_delta' && text !== undefined && text !== '') {
      streamed = true
      await run.output(text, 'stdout')
    }
    if (kind === 'message_stop' && streamed) await run.output('\n', 'stdout')
  }
  return {
    async line(line) {
      if (line.trim() === '') return
      const event = parseJson(line)
      if (!isObject(event)) return run.output(`${line}\n`, 'stdout') // not an event: a warning on the wrong stream
      const type = textAt(event, 'type')
      // What a subagent writes is its own affair until it is part of the answer.
      const nested = textAt(event, 'parent_tool_use_id') !== undefined
      if (type === 'system' && textAt(event, 'subtype') === 'init') model = textAt(event, 'model')
      else if (type === 'stream_event' && !nested) await readPiece(at(event, 'event'))
      else if (type === 'assistant' && !nested) await readMessage(event)
      else if (type === 'result') {
        ended = true
        answer = { result: textAt(event, 'result'), usage: usageOf(event, mainModel(event) ?? model), error: failureOf(event) }
      }
    },
    end: () => (ended ? answer : { error: new Error('claude ended without a result') }),
  }
}

/** `--output-format text` and `json`: one answer at the end, nothing before. */
const createWholeReader = (run: ProviderRun, format: string): AgentReader => {
  const lines: string[] = []
  return {
    async line(line) {
      lines.push(line)
      if (format !== 'json') await run.output(`${line}\n`, 'stdout')
    },
    end() {
      const text = lines.join('\n').trim()
      const event = format === 'json' ? parseJson(text) : undefined
      if (event === undefined) return { result: text }
      return { result: textAt(event, 'result') ?? text, usage: usageOf(event, mainModel(event)), error: failureOf(event) }
    },
  }
}

/** In text mode the reason of a failure is on stdout. */
const explained = (outcome: ProviderOutcome): ProviderOutcome =>
  outcome.exitCode !== 0 && outcome.error === undefined && outcome.result !== undefined && outcome.result !== ''
    ? { ...outcome, error: new Error(outcome.result) }
    : outcome

/** Claude Code refuses to start inside itself; a worker started from one of its shells is not inside it. */
const outside = { CLAUDECODE: undefined, CLAUDE_CODE_ENTRYPOINT: undefined }

const run = async (job: ProviderRun): Promise<ProviderOutcome> => {
  const format = job.settings.outputFormat ?? 'stream-json'
  const outcome = await runAgent(job, {
    cli,
    args: claudeArgs(job.settings, modelOf(job)),
    stdin: composePrompt(job),
    env: outside,
    reader: format === 'stream-json' ? createReader(job) : createWholeReader(job, format),
  })
  // A run that was stopped, or never came to a result, is told by its exit and stderr.
  return explained(outcome)
}

export const claudeProvider: Provider = { name: 'claude', check, run }
