/** Responsible for what is checked of each real command line: where it comes from, which flags we pass, and what it needs to talk to a local server. */
import { aiderArgs } from '../../worker-sdk/src/providers/agents/aider.ts'
import { claudeArgs } from '../../worker-sdk/src/providers/agents/claude.ts'
import { codexArgs } from '../../worker-sdk/src/providers/agents/codex.ts'
import type { ProviderSettings } from '../../worker-sdk/src/providers/provider.ts'
import { anthropicHandler, anthropicToolHandler } from '../support/wire/anthropic-wire.ts'
import { openAiHandler } from '../support/wire/openai-wire.ts'
import { responsesHandler } from '../support/wire/responses-wire.ts'
import type { WireHandler } from '../support/wire/wire-server.ts'

export const answer = 'Hello from the local server.'

/** What the server has the program do. */
export const shellCall = { tool: 'Bash', input: { command: 'touch asked.txt', description: 'Make a file' } }

export interface RealCli {
  readonly provider: 'claude' | 'codex' | 'aider'
  readonly from: 'npm' | 'PyPI'
  readonly package: string
  /** Arguments that print the help that must name our flags. */
  readonly help: readonly string[]
  /** Everything we may pass. */
  readonly args: readonly string[]
  readonly handler: WireHandler
  /** A server that has the program use a shell, for programs that ask reviewers first. */
  readonly toolHandler?: WireHandler
  /** Points the program at the local server. */
  readonly against: (url: string) => Pick<ProviderSettings, 'model' | 'extraArgs' | 'env'>
}

const none: ProviderSettings = { env: {} }

export const realClis: readonly RealCli[] = [
  {
    provider: 'claude',
    from: 'npm',
    package: '@anthropic-ai/claude-code',
    help: ['--help'],
    args: claudeArgs(none, 'some-model', ['--mcp-config', 'FILE']),
    handler: anthropicHandler(['Hello from ', 'the local server.']),
    toolHandler: anthropicToolHandler(shellCall.tool, shellCall.input, ['Hello from ', 'the local server.']),
    against: (url) => ({ env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'local', CLAUDE_CODE_MAX_RETRIES: '0' } }),
  },
  {
    provider: 'codex',
    from: 'npm',
    package: '@openai/codex',
    help: ['exec', '--help'],
    args: codexArgs(none, 'some-model'),
    handler: responsesHandler(answer),
    against: (url) => ({
      model: 'gpt-5',
      extraArgs: [
        '--config',
        'model_provider="local"',
        '--config',
        `model_providers.local={name="local",base_url="${url}/v1",env_key="LOCAL_KEY",wire_api="responses",request_max_retries=0,stream_max_retries=0}`,
      ],
      env: { LOCAL_KEY: 'local' },
    }),
  },
  {
    provider: 'aider',
    from: 'PyPI',
    package: 'aider-chat',
    help: ['--help'],
    args: aiderArgs('message.txt', none, 'some-model'),
    handler: openAiHandler(['Hello from ', 'the local server.']),
    against: (url) => ({ model: 'openai/gpt-4o', env: { OPENAI_API_BASE: `${url}/v1`, OPENAI_API_KEY: 'local' } }),
  },
]

/** Our flags that the help does not name. */
export const unknownFlags = (args: readonly string[], help: string): readonly string[] =>
  args.filter((argument) => /^--?[a-z]/i.test(argument)).filter((flag) => !new RegExp(String.raw`(?<![\w-])${flag}(?![\w-])`).test(help))
