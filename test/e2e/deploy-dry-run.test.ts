import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const deploy = (...flags: string[]) =>
  spawnSync(process.execPath, ['tools/launch.cjs', 'tools/deploy/main.ts', ...flags], { cwd: root, encoding: 'utf8', timeout: 110_000 })

const configs = () =>
  ['wrangler.toml', 'wrangler.deploy.toml'].map((name) =>
    existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined,
  )

/** What is uploaded, gzipped. It grows with the operations; a jump is a dependency that nobody meant to ship. */
const budgetKiB = 206

describe('npm run deploy -- --dry-run', () => {
  test('builds the real Worker with wrangler, needs no account, and changes no configuration', () => {
    const before = configs()
    const { status, stdout, stderr } = deploy('--dry-run')
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout).toContain('nothing is changed')
    const gzip = Number(/gzip: ([\d.]+) KiB/.exec(stdout)?.[1])
    expect(gzip).toBeGreaterThan(20)
    expect(gzip).toBeLessThanOrEqual(budgetKiB)
    expect(configs()).toEqual(before)
  })

  test('a wrong flag is refused with the help', () => {
    const { status, stderr } = deploy('--dryrun')
    expect(status).toBe(64)
    expect(stderr).toContain('npm run deploy')
  })
})
