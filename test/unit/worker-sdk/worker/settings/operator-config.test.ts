/** The operator changes the provider of a running worker: what it says of itself, and what runs its jobs, is a provider that was checked. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { WorkerConfig } from '@modelreins/contract'
import { ControlPlane } from '../../support/control-plane.ts'
import { WorkerBench } from '../../support/workers.ts'

let plane: ControlPlane
let folder: string
const bench = new WorkerBench()
beforeEach(async () => {
  plane = await new ControlPlane().listen()
  folder = mkdtempSync(join(tmpdir(), 'modelreins-programs-'))
})
afterEach(async () => {
  await bench.stopAll()
  await plane.close()
  // A program that was stopped may still be writing.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
})

function program(name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`)
  chmodSync(join(folder, name), 0o755)
}

async function started(more: { readonly lockProvider?: boolean } = {}) {
  program(
    'claude',
    `[ "$1" = --version ] && echo '2.1.0 (Claude Code)' && exit; echo '{"type":"result","subtype":"success","is_error":false,"result":"by claude"}'`,
  )
  const made = bench.make(plane, {
    transport: 'socket',
    type: 'claude',
    model: 'opus',
    ...more,
    env: { MODELREINS_CONFIG: '/nonexistent', PATH: `${folder}:/usr/bin:/bin` },
  })
  await made.worker.start()
  await plane.until(() => plane.credit === 1)
  return made
}

let version = 0
const configure = (config: WorkerConfig): void => plane.push({ type: 'config', config, config_version: ++version, paused: false })
const reported = () => plane.frames.findLast((frame) => frame.type === 'presence')

it('keeps the provider, says so and goes on with it when the new one cannot be used', async () => {
  const { next, heard } = await started()
  const trouble = next('error')
  configure({ provider: 'codex', model: 'gpt', slots: 2 })
  expect(await trouble).toMatchObject({ type: 'config', error: expect.stringContaining('codex cannot be used here') })
  await plane.until(() => plane.credit === 2)
  expect(heard.filter(({ event }) => event === 'config:applied')).toEqual([
    { event: 'config:applied', payload: { key: 'slots', value: 2 } },
  ])
  await plane.until(() => reported() !== undefined)
  expect(reported()).toMatchObject({ provider: 'claude', model: 'opus', slots: 2 })
  const id = plane.dispatch()
  await plane.until(() => plane.endOf(id) !== undefined)
  expect(plane.endOf(id)).toMatchObject({ kind: 'complete', body: { result: 'by claude' } })
})

it('says that it has the new provider when that has been found usable, with its model', async () => {
  const seen = join(folder, 'checked')
  program('codex', `touch ${seen}; echo codex-cli 1.0.0`)
  const { next, heard } = await started()
  const applied = next('config:applied')
  configure({ provider: 'codex', model: 'gpt' })
  await applied
  expect(existsSync(seen)).toBe(true)
  await plane.until(() => reported() !== undefined)
  expect(reported()).toMatchObject({ provider: 'codex', model: 'gpt' })
  expect(heard.filter(({ event }) => event === 'config:applied').map(({ payload }) => payload)).toEqual([
    { key: 'model', value: 'gpt' },
    { key: 'provider', value: 'codex' },
  ])
})

it('does not change to a provider that the operator has taken back while it was checked', async () => {
  const asked = join(folder, 'asked')
  const go = join(folder, 'go')
  program('codex', `touch ${asked}; while ! [ -e ${go} ]; do sleep 0.01; done; echo codex-cli 1.0.0`)
  const { heard } = await started()
  configure({ provider: 'codex' })
  await expect.poll(() => existsSync(asked)).toBe(true)
  configure({ tags: ['back'] })
  await plane.until(() => reported() !== undefined)
  writeFileSync(go, '')
  const id = plane.dispatch()
  await plane.until(() => plane.endOf(id) !== undefined)
  expect(plane.endOf(id)).toMatchObject({ body: { result: 'by claude' } })
  expect(reported()).toMatchObject({ provider: 'claude', tags: ['back'] })
  expect(heard.filter(({ event }) => event === 'config:applied')).toHaveLength(1)
})

it('keeps provider and model when they are locked on this machine, takes the rest, and says so', async () => {
  const seen = join(folder, 'checked')
  program('codex', `touch ${seen}; echo codex-cli 1.0.0`)
  const { next, heard } = await started({ lockProvider: true })
  const trouble = next('error')
  configure({ provider: 'codex', model: 'gpt', tags: ['new'] })
  expect(await trouble).toMatchObject({ type: 'config', error: expect.stringContaining('provider and model are locked on this machine') })
  await plane.until(() => reported() !== undefined)
  expect(reported()).toMatchObject({ provider: 'claude', model: 'opus', tags: ['new'] })
  expect(existsSync(seen)).toBe(false)
  const id = plane.dispatch()
  await plane.until(() => plane.endOf(id) !== undefined)
  expect(plane.endOf(id)).toMatchObject({ body: { result: 'by claude' } })
  expect(heard.filter(({ event }) => event === 'config:applied').map(({ payload }) => payload)).toEqual([{ key: 'tags', value: ['new'] }])
})

it('has no way to change the command or the arguments of a provider from the server', async () => {
  const { next } = await started()
  const trouble = next('error')
  // What a server of another version might send: it is not understood, and told.
  configure({ command: 'evil', extra_args: ['--yes'] } as WorkerConfig)
  expect(await trouble).toMatchObject({ type: 'protocol' })
  const id = plane.dispatch()
  await plane.until(() => plane.endOf(id) !== undefined)
  expect(plane.endOf(id)).toMatchObject({ body: { result: 'by claude' } })
})
