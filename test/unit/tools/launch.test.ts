import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const launcher = fileURLToPath(new URL('../../../tools/launch.cjs', import.meta.url))

let project: string
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'modelreins-launch-'))
  mkdirSync(join(project, 'tools'))
  cpSync(launcher, join(project, 'tools/launch.cjs'))
  writeFileSync(join(project, 'tools/tool.ts'), 'const words: readonly string[] = process.argv.slice(2)\nconsole.log(words.join(","))\n')
})
afterEach(() => rmSync(project, { recursive: true, force: true }))

/** Runs the launcher as if by this version of Node. */
const runAs = (version: string, ...words: string[]) => {
  const pretend = `Object.defineProperty(process, 'version', { value: ${JSON.stringify(version)} }); require(${JSON.stringify(join(project, 'tools/launch.cjs'))})`
  return spawnSync(process.execPath, ['-e', pretend, '--', join(project, 'tools/launch.cjs'), ...words], { cwd: project, encoding: 'utf8' })
}

describe('the launcher', () => {
  test('runs a TypeScript tool with its arguments', () => {
    mkdirSync(join(project, 'node_modules'))
    const run = spawnSync(process.execPath, ['tools/launch.cjs', 'tools/tool.ts', 'a', '--b'], { cwd: project, encoding: 'utf8' })
    expect(run.stdout).toBe('a,--b\n')
  })

  test('says that dependencies are missing', () => {
    expect(runAs('v24.0.0', 'tools/tool.ts').stderr).toContain('run `npm ci`')
  })

  test('says that Node is too old, in one sentence', () => {
    mkdirSync(join(project, 'node_modules'))
    const run = runAs('v16.20.2', 'tools/tool.ts')
    expect(run.status).toBe(1)
    expect(run.stderr.trim().split('\n')).toHaveLength(1)
    expect(run.stderr).toContain('needs Node 20 or newer, and this is v16.20.2')
  })

  test('says that the Node it brings along was not installed', () => {
    mkdirSync(join(project, 'node_modules/node/bin'), { recursive: true })
    writeFileSync(join(project, 'node_modules/node/bin/node'), 'This file intentionally left blank')
    expect(runAs('v20.20.2', 'tools/tool.ts').stderr).toContain('no --ignore-scripts')
  })

  test('uses the Node it brings along on a machine whose own cannot run TypeScript, and passes the exit code on', () => {
    mkdirSync(join(project, 'node_modules/node/bin'), { recursive: true })
    cpSync(process.execPath, join(project, 'node_modules/node/bin/node'))
    writeFileSync(join(project, 'tools/tool.ts'), 'const code: number = 7\nprocess.exit(code)\n')
    expect(runAs('v20.20.2', 'tools/tool.ts').status).toBe(7)
  })
})
