import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { readonly scripts: Readonly<Record<string, string>> }
const launched = Object.entries(scripts).flatMap(([name, line]) => {
  const tool = /^(?:exec )?node tools\/launch\.cjs (\S+)$/.exec(line)?.[1]
  return tool === undefined ? [] : [{ name, tool }]
})

describe('npm scripts', () => {
  test('are found', () => {
    expect(launched.map(({ name }) => name)).toEqual(expect.arrayContaining(['start', 'worker', 'test', 'bench', 'deploy']))
  })

  test.each(launched)('$name starts, and says how it is used', ({ tool }) => {
    const run = spawnSync(process.execPath, ['tools/launch.cjs', tool, '--help'], { cwd: root, encoding: 'utf8' })
    expect([run.status, run.stderr]).toEqual([0, ''])
    expect(run.stdout).toContain('npm ')
  })
})
