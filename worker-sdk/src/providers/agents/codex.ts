/**
 * Responsible for the `codex` provider: `codex exec` with the prompt on stdin and JSON events on stdout. Source: developers.openai.com/codex,
 * "Non-interactive mode".
 */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runAgent } from './agent-run.ts'
import { type CliProgram, askCli, checkCli } from '../child-process/cli-check.ts'
import { createCodexReader } from './codex-events.ts'
import { resolveKey } from '../http/endpoint.ts'
import { readVariable } from '../child-process/environment.ts'
import { composePrompt, modelOf } from '../prompt.ts'
import type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from '../provider.ts'
import { agentSilence } from '../silence.ts'

const cli: CliProgram = { provider: 'codex', program: 'codex', install: 'npm install -g @openai/codex' }

/** Whether the configuration may name another provider, for which no OpenAI login is needed. */
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

/** `-` reads the prompt from stdin. The sandbox is codex's own default (read-only) unless the operator's extra arguments change it. */
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

const run = (job: ProviderRun): Promise<ProviderOutcome> => {
  const model = modelOf(job)
  return runAgent(job, {
    cli,
    args: codexArgs(job.settings, model),
    stdin: composePrompt(job),
    reader: (unread) => createCodexReader(job, unread, model),
  })
}

export const codexProvider: Provider = { name: 'codex', check, run, silence: agentSilence }
