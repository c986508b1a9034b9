/** `npm start` in the background of a script: whichever way it is told to end, it ends with everything it has started. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { bornAt } from '../../tools/start/process-identity.ts'
import type { ServerRecord } from '../../tools/start/state-folder.ts'
import { until } from '../support/until.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const base = mkdtempSync(join(tmpdir(), 'modelreins-signals-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))

const ways = {
  'through npm': ['npm', 'start', '--silent', '--'],
  'without npm': [process.execPath, 'tools/launch.cjs', 'tools/start/main.ts'],
} as const
const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const
const rows = Object.entries(ways).flatMap(([way, line]) => signals.map((signal) => [signal, way, line] as const))

describe('npm start in the background', () => {
  it.each(rows)('ends with all its children on %s, %s', async (signal, _way, [program, ...words]) => {
    const state = mkdtempSync(join(base, 'state-'))
    const child = spawn(program, [...words, '--no-worker', '--port', '0', '--state', state], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own: the signal goes to this process alone, as `kill $!` sends it.
      detached: true,
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    const gone = new Promise((resolve) => child.once('exit', resolve))
    await until(
      () => text.includes('Ctrl-C stops everything') || undefined,
      120_000,
      () => `it is not ready: ${text}`,
    )
    const { processes }: ServerRecord = JSON.parse(readFileSync(join(state, 'server.json'), 'utf8'))
    expect(processes.map(({ role }) => role)).toEqual(['start', 'server', 'workerd'])
    child.kill(signal)
    await gone
    const left = (): ServerRecord['processes'] => processes.filter(({ pid, born }) => bornAt(pid) === born)
    await until(
      () => (left().length === 0 ? true : undefined),
      30_000,
      () => `still running: ${JSON.stringify(left())}`,
    )
  })
})
