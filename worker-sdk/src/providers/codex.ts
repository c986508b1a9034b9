/**
 * Responsible for the `codex` provider: `codex exec` with the prompt on stdin and JSON events on stdout. It knows no API of OpenAI.
 * Source: developers.openai.com/codex, "Non-interactive mode".
 */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Usage } from '@modelreins/contract'
import { type AgentReader, runAgent } from './agent-run.ts'
import { type CliProgram, askCli, checkCli } from './cli-check.ts'
import { resolveKey } from './endpoint.ts'
import { readVariable } from './environment.ts'
import { at, isObject, numberAt, parseJson, textAt } from './json.ts'
import { composePrompt, modelOf } from './prompt.ts'
import type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from './provider.ts'

const cli: CliProgram = { provider: 'codex', program: 'codex', install: 'npm install -g @openai/codex' }

/** Configuration that may name another provider, which needs no login at OpenAI. */
const namesProvider = (settings: ProviderSettings): boolean => {
  const flags = ['--oss', '--local-provider', '-c', '--config', '-p', '--profile']
  if (settings.extraArgs?.some((argument) => flags.some((flag) => argument === flag || argument.startsWith(`${flag}=`))) === true)
    return true
  const home = readVariable(settings.env, 'CODEX_HOME') ?? join(readVariable(settings.env, 'HOME') ?? homedir(), '.codex')
  try {
    return /^\s*(?:model_provider|oss_provider)\s*=/m.test(readFileSync(join(home, 'config.toml'), 'utf8'))
  } catch {
    return false
  }
}

const check = async (settings: ProviderSettings): Promise<ProviderCheck> => {
  const found = await checkCli(cli, settings)
  if (!found.found) return found.check
  if (resolveKey(settings, ['CODEX_API_KEY']) !== undefined || namesProvider(settings)) return { usable: true, detail: found.detail }
  const status = await askCli(found.file, ['login', 'status'], settings)
  if (/not logged in/i.test(status.stdout + status.stderr)) {
    return { usable: false, detail: `codex ${found.version} is not logged in: run "codex login", or set CODEX_API_KEY` }
  }
  return { usable: true, detail: found.detail }
}

/** `-` reads the prompt from stdin. The sandbox stays codex's own default (read-only) unless the operator's extra arguments open it. */
export const codexArgs = (settings: ProviderSettings, model: string | undefined): string[] => [
  'exec',
  '--json',
  '--color',
  'never',
  '--skip-git-repo-check',
  ...(model === undefined ? [] : ['--model', model]),
  ...(settings.extraArgs ?? []),
  '-',
]

const longestCommand = 300

/** What a viewer sees of an item that is not part of the answer. */
const itemLine = (type: string, item: unknown): string | undefined => {
  switch (type) {
    case 'command_execution': {
      const exit = numberAt(item, 'exit_code')
      return `$ ${(textAt(item, 'command') ?? '').slice(0, longestCommand)}${exit === undefined ? '' : ` (exit ${exit})`}`
    }
    case 'file_change':
      return `[files] ${JSON.stringify(at(item, 'changes') ?? []).slice(0, longestCommand)}`
    case 'mcp_tool_call':
      return `[${textAt(item, 'server') ?? 'tool'}] ${textAt(item, 'tool') ?? ''}`
    case 'web_search':
      return `[search] ${textAt(item, 'query') ?? ''}`
    case 'reasoning':
      return textAt(item, 'text')
    case 'error':
      return `[codex] ${textAt(item, 'message') ?? 'error'}`
    default:
      return undefined
  }
}

const createReader = (run: ProviderRun, model: string | undefined): AgentReader => {
  let result: string | undefined
  let error: Error | undefined
  let lastNotice: string | undefined
  let tokensIn = 0
  let tokensOut = 0
  let turns = 0

  const readItem = async (item: unknown): Promise<void> => {
    const type = textAt(item, 'type') ?? textAt(item, 'item_type') ?? ''
    const text = textAt(item, 'text')
    if ((type === 'agent_message' || type === 'assistant_message') && text !== undefined) {
      result = text
      return run.output(`${text}\n`, 'stdout')
    }
    const line = itemLine(type, item)
    if (line !== undefined && line !== '') await run.output(`${line}\n`, 'system')
  }
  const usage = (): Usage | undefined =>
    turns === 0 ? undefined : { tokens_in: tokensIn, tokens_out: tokensOut, ...(model === undefined ? {} : { model }) }

  return {
    async line(line) {
      if (line.trim() === '') return
      const event = parseJson(line)
      if (!isObject(event)) return run.output(`${line}\n`, 'stdout')
      switch (textAt(event, 'type')) {
        case 'item.completed':
          return readItem(at(event, 'item'))
        case 'turn.completed':
          turns += 1
          tokensIn += numberAt(event, 'usage', 'input_tokens') ?? 0
          tokensOut += numberAt(event, 'usage', 'output_tokens') ?? 0
          error = undefined
          return
        case 'turn.failed':
          error = new Error(textAt(event, 'error', 'message') ?? 'the turn failed')
          return
        case 'error':
          // Also sent while it reconnects, and then the turn goes on: only the last one of a failed run counts.
          lastNotice = textAt(event, 'message') ?? 'error'
          return run.output(`[codex] ${lastNotice}\n`, 'system')
        default:
      }
    },
    end: () => ({ result, usage: usage(), error: error ?? (turns === 0 && lastNotice !== undefined ? new Error(lastNotice) : undefined) }),
  }
}

const run = (job: ProviderRun): Promise<ProviderOutcome> => {
  const model = modelOf(job)
  return runAgent(job, { cli, args: codexArgs(job.settings, model), stdin: composePrompt(job), reader: createReader(job, model) })
}

export const codexProvider: Provider = { name: 'codex', check, run }
