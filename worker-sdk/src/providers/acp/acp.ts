/**
 * Responsible for the `acp` provider: any agent that speaks the Agent Client Protocol over its standard input and output, such as `gemini --acp`.
 * Source: agentclientprotocol.com/protocol/v1. It contains nothing specific to one agent.
 */
import { runAgent } from '../agents/agent-run.ts'
import { reviewsOf } from '../approvals/tool-review.ts'
import { type CliProgram, findCli } from '../child-process/cli-check.ts'
import { composePrompt, modelOf } from '../prompt.ts'
import type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from '../provider.ts'
import { agentSilence } from '../silence.ts'
import { killGraceMs } from '../stopped.ts'
import { splitArgs } from '../child-process/split-args.ts'
import { Conversation } from './conversation.ts'
import { Permissions } from './permissions.ts'

interface Agent {
  readonly cli: CliProgram
  readonly args: readonly string[]
  /** The settings with only the program as `command`. */
  readonly settings: ProviderSettings
}

const example = 'acp: --command names the agent and its arguments, such as --command "gemini --acp"'

/** The agent that `command` starts; undefined when no command is set. */
const agentOf = (settings: ProviderSettings): Agent | undefined => {
  const [program, ...args] = splitArgs(settings.command ?? '')
  if (program === undefined) return undefined
  const cli = { provider: 'acp', program, install: "the agent's own installation guide" }
  return { cli, args: [...args, ...(settings.extraArgs ?? [])], settings: { ...settings, command: program } }
}

const check = async (settings: ProviderSettings): Promise<ProviderCheck> => {
  const agent = agentOf(settings)
  if (agent === undefined) return { usable: false, detail: example }
  const file = findCli(agent.cli, agent.settings)
  return file === undefined
    ? { usable: false, detail: `acp: "${agent.cli.program}" is not found on PATH. ${example}` }
    : { usable: true, detail: `${[agent.cli.program, ...agent.args].join(' ')} at ${file}` }
}

const run = async (job: ProviderRun): Promise<ProviderOutcome> => {
  const agent = agentOf(job.settings)
  if (agent === undefined) return { exitCode: 127, error: new Error(example) }
  const permissions = new Permissions(reviewsOf(job), (line) => job.output(line, 'system'))
  const conversation = new Conversation({
    prompt: composePrompt(job),
    cwd: job.settings.workDir,
    model: modelOf(job),
    output: job.output,
    ...(job.heard === undefined ? {} : { heard: job.heard }),
    permit: (request) => permissions.decide(request),
  })
  const ending = new AbortController()
  const end = (): void => ending.abort(job.signal.reason)
  const cancel = (): void => {
    conversation.cancel()
    // The same time as between TERM and KILL, so that a cancelled turn can end by itself.
    const timer = setTimeout(end, killGraceMs(job.signal))
    void conversation.over.then(() => {
      clearTimeout(timer)
      end()
    })
  }
  if (job.signal.aborted) end()
  job.signal.addEventListener('abort', cancel, { once: true })
  try {
    return await runAgent(
      { ...job, signal: ending.signal, settings: agent.settings },
      {
        cli: agent.cli,
        args: agent.args,
        converse: (stdin) => conversation.begin(stdin),
        reader: (unread) => conversation.readWith(unread),
      },
    )
  } finally {
    job.signal.removeEventListener('abort', cancel)
  }
}

export const acpProvider: Provider = { name: 'acp', check, run, silence: agentSilence }
