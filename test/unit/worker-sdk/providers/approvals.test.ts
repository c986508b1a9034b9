/** Says how claude asks before it uses a tool: over the protocol that Claude Code speaks, by a stand-in that starts the server it is told to start. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Capability } from '@modelreins/contract'
import { afterEach, expect, it } from 'vitest'
import type { ToolReviews } from '../../../../worker-sdk/src/providers/approvals/tool-review.ts'
import { createProvider } from '../../../../worker-sdk/src/providers/index.ts'
import { ActionRefused } from '../../../../worker-sdk/src/worker/job/executor.ts'
import { type Standin, installStandin } from '../../../support/standins/install.ts'
import { recordRun } from '../../../support/standins/provider-run.ts'

let standin: Standin | undefined
afterEach(() => standin?.remove())

const asked = { tool: 'Bash', input: { command: 'touch made.txt', timeout: 7 } }
const capability = (name: string, risk_tier: Capability['risk_tier']): Capability => ({ name, risk_tier })

/** The decision that reached the agent, and what was asked for it. */
const ask = async (
  capabilities: readonly Capability[],
  answer: (action: unknown) => unknown = (action) => action,
  approvals?: 'reviews' | 'off',
  scenario = 'asks',
) => {
  standin = installStandin('claude', scenario)
  const asks: unknown[] = []
  const authorize: ToolReviews['authorize'] = async (name, action, { title }) => {
    asks.push([name, action, title])
    return { action: answer(action) }
  }
  const { env, workDir } = standin
  const run = recordRun({ env, workDir, ...(approvals === undefined ? {} : { approvals }) }, { reviews: { capabilities, authorize } })
  const { result } = await createProvider('claude').run(run)
  const argv = standin.starts()[0]?.argv ?? []
  return { result: result ?? '', asks, argv, env: standin.starts()[0]?.env ?? {} }
}

it('puts the whole input of a tool before a reviewer, and lets it run as it was approved', async () => {
  const { result, asks, argv, env } = await ask([capability('tool', 'approve')])
  expect(asks).toEqual([['tool', asked, 'Use the tool Bash']])
  expect(JSON.parse(result)).toEqual({ behavior: 'allow', updatedInput: asked.input })
  // Longer than Claude Code waits for a tool by itself.
  expect(Number(env['MCP_TOOL_TIMEOUT'])).toBeGreaterThan(24 * 3_600_000)
  const config = argv[argv.indexOf('--mcp-config') + 1] ?? ''
  expect(config).not.toBe('')
  expect(existsSync(dirname(config))).toBe(false)
})

it('lets the edited input run', async () => {
  const edited = { tool: 'Bash', input: { command: 'touch other.txt' } }
  const { result } = await ask([capability('tool', 'session')], () => edited)
  expect(JSON.parse(result)).toEqual({ behavior: 'allow', updatedInput: edited.input })
})

it.each([
  ['another tool', { tool: 'Write', input: {} }],
  ['no input', { tool: 'Bash' }],
  ['something else', 'yes'],
])('denies what was edited into %s', async (_, edited) => {
  const { result } = await ask([capability('tool', 'approve')], () => edited)
  expect(JSON.parse(result)).toEqual({ behavior: 'deny', message: expect.stringContaining('edited into something else') })
})

it("denies with the reviewer's words", async () => {
  const { result } = await ask([capability('tool', 'approve')], () => {
    throw new ActionRefused('tool', 3, 'not on a Friday')
  })
  expect(JSON.parse(result)).toEqual({ behavior: 'deny', message: 'tool was refused: not on a Friday' })
})

it('asks by the capability of the tool before the one for any tool', async () => {
  const { asks } = await ask([capability('tool', 'approve'), capability('tool.Bash', 'auto')])
  expect(asks).toEqual([['tool.Bash', asked, 'Use the tool Bash']])
})

it('denies a tool that no capability names, and says which it would be', async () => {
  const { result, asks } = await ask([capability('tool.Write', 'approve')])
  expect(asks).toEqual([])
  expect(JSON.parse(result)).toEqual({ behavior: 'deny', message: expect.stringContaining('neither the capability tool.Bash nor tool') })
})

it.each([
  ['a worker without such a capability', [capability('code.review', 'approve'), capability('tool', 'audit')], undefined],
  ['approvals "off"', [capability('tool', 'approve')], 'off'],
] as const)('asks nobody for %s', async (_, capabilities, approvals) => {
  const { argv } = await ask(capabilities, undefined, approvals, 'ok')
  expect(argv).not.toContain('--permission-prompt-tool')
})

it('asks for every worker with approvals "reviews"', async () => {
  const { result } = await ask([capability('tool', 'audit')], undefined, 'reviews')
  expect(JSON.parse(result)).toEqual({ behavior: 'allow', updatedInput: asked.input })
})
