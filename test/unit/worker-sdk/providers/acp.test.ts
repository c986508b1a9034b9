/** Says how any agent of the Agent Client Protocol is run: against an agent on the protocol's own SDK, in a process of its own. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Capability } from '@modelreins/contract'
import { afterAll, expect, it } from 'vitest'
import { classifyError } from '../../../../worker-sdk/src/errors.ts'
import type { ToolReviews } from '../../../../worker-sdk/src/providers/approvals/tool-review.ts'
import { createProvider } from '../../../../worker-sdk/src/providers/index.ts'
import { ActionRefused } from '../../../../worker-sdk/src/worker/job/executor.ts'
import { recordRun } from '../../../support/standins/provider-run.ts'

const agent = fileURLToPath(new URL('../../../support/standins/acp-agent.mjs', import.meta.url))
const workDir = mkdtempSync(join(tmpdir(), 'acp-'))
afterAll(() => rmSync(workDir, { recursive: true, force: true }))

const provider = createProvider('acp')
const commandOf = (scenario: string): string => `"${process.execPath}" "${agent}" ${scenario}`
const capabilities: readonly Capability[] = [{ name: 'tool', risk_tier: 'approve' }]

const start = (scenario: string, more: object = {}, authorize: ToolReviews['authorize'] = async (_, action) => ({ action })) =>
  recordRun({ command: commandOf(scenario), workDir, ...more }, { reviews: { capabilities, authorize } })

const finish = async (...given: Parameters<typeof start>) => {
  const run = start(...given)
  return { run, outcome: await provider.run(run) }
}

it('streams what the agent says, answers what it said last, and tells usage', async () => {
  const asked: unknown[] = []
  const { run, outcome } = await finish('ok', {}, async (capability, action) => {
    asked.push([capability, action])
    return { action }
  })
  expect(outcome).toMatchObject({ exitCode: 0, result: 'chose yes with usual' })
  expect(run.text()).toBe('Let me look. chose yes with usual')
  expect(run.text('system')).toBe('[touch made.txt]\n')
  expect(run.usages).toEqual([{ tokens_in: 7, tokens_out: 3, cost_usd: 0.25 }])
  const input = { toolCallId: 'call_1', title: 'touch made.txt', kind: 'execute', rawInput: { command: 'touch made.txt' } }
  expect(asked).toEqual([['tool', { tool: 'execute', input }]])
})

it('chooses the model where the agent lets it be chosen', async () => {
  expect((await finish('ok', { model: 'special' })).outcome.result).toBe('chose yes with special')
})

it("denies a tool with the reviewer's words", async () => {
  const { run, outcome } = await finish('ok', {}, async () => {
    throw new ActionRefused('tool', 3, 'not on a Friday')
  })
  expect(outcome).toMatchObject({ exitCode: 0, result: 'chose no with usual' })
  expect(run.text('system')).toContain('[acp: execute was denied: tool was refused: not on a Friday]')
})

it('denies a tool that was edited, which the protocol cannot pass on', async () => {
  const { run, outcome } = await finish('ok', {}, async () => ({ action: { tool: 'execute', input: { rawInput: 'less' } } }))
  expect(outcome.result).toBe('chose no with usual')
  expect(run.text('system')).toContain('the agent can run it only as it is')
})

it('denies every tool when nobody is to be asked', async () => {
  const { run, outcome } = await finish('ok', { approvals: 'off' })
  expect(outcome.result).toBe('chose no with usual')
  expect(run.text('system')).toContain('no reviewer can be asked')
})

it('says that an answer was cut at the token limit', async () => {
  const { run, outcome } = await finish('cut')
  expect(outcome).toMatchObject({ exitCode: 0, result: 'chose yes with usual' })
  expect(run.text('system')).toContain('cut at the token limit')
})

it.each([
  ['silent', 'without a word', 'exit_error'],
  ['refuses', 'refuses to go on', 'exit_error'],
  ['crashes', 'panic: out of luck', 'exit_error'],
  ['future', 'speaks version 2', 'exit_error'],
  ['login', 'Run "agent login"', 'auth_failed'],
])('fails an agent that is %s, with its reason', async (scenario, words, type) => {
  const { outcome } = await finish(scenario)
  expect(outcome.exitCode).not.toBe(0)
  expect(`${outcome.error?.message} ${outcome.stderr}`).toContain(words)
  expect(classifyError(outcome.error, outcome.exitCode, outcome.stderr).type).toBe(type)
})

it('cancels the turn before it ends the agent', async () => {
  const run = start('hangs')
  const running = provider.run(run)
  await run.told('touch made.txt', 'system')
  run.stop(new Error('aborted: enough'))
  expect(await running).toMatchObject({ error: { message: 'aborted: enough' } })
  expect(existsSync(join(workDir, 'cancelled.txt'))).toBe(true)
})

it('is usable when its command is on this machine, and says how to name one', async () => {
  expect(await provider.check({ env: {}, command: commandOf('ok') })).toMatchObject({ usable: true })
  expect(await provider.check({ env: {} })).toEqual({ usable: false, detail: expect.stringContaining('--command "gemini --acp"') })
  expect(await provider.check({ env: {}, command: 'no-such-agent --acp' })).toEqual({
    usable: false,
    detail: expect.stringContaining('"no-such-agent" is not found on PATH'),
  })
})
