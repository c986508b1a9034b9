import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { startControlPlane } from '../../tools/start/control-plane.ts'
import { Client, redeemView } from '../../worker-sdk/src/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const deploy = (...flags: string[]) =>
  spawnSync(process.execPath, ['tools/launch.cjs', 'tools/deploy/main.ts', ...flags], { cwd: root, encoding: 'utf8', timeout: 110_000 })

const configs = () =>
  ['wrangler.toml', 'wrangler.deploy.toml'].map((name) =>
    existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined,
  )

/** What is uploaded, gzipped. It grows with the operations; a jump is a dependency that nobody meant to ship. */
const budgetKiB = 223

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

  test('the module that is deployed takes a job from dispatch to its end, and says in words what it refuses', async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), 'modelreins-deployed-'))
    const master = 'this-token-creates-the-tenant-of-the-test'
    const secrets = { MODELREINS_SECRET: 'a:the-test-signs-with-this-key-of-more-than-32-characters', MODELREINS_MASTER_TOKEN: master }
    const failed = (): never => {
      throw new Error('the runtime crashed')
    }
    const options = { root, host: '127.0.0.1', port: 0, dataFolder, pages: false, minify: true, secrets, bucket: 'modelreins-test' }
    const plane = await startControlPlane({ ...options, onLog: () => undefined, onRestart: failed })
    try {
      const made = await new Client({ url: plane.url, token: master }).call('tenants.create', { tenant: 'deployed' })
      const owner = new Client({ url: plane.url, token: (await redeemView(made.view_url)).token })
      const registered = await owner.call('workers.register', { name: 'first' })
      const worker = new Client({ url: plane.url, token: (await redeemView(registered.view_url)).token })
      await worker.call('claims.poll', {})
      const job = await owner.call('jobs.dispatch', { prompt: 'Say yes' })
      const [offer] = (await worker.call('claims.poll', {})).offers
      const attempt = new Client({ url: plane.url, token: offer?.lease.token ?? '' })
      await attempt.call('claims.start', { job_id: job.id })
      await attempt.call('claims.complete', { job_id: job.id, result: 'yes' })
      expect(await owner.call('jobs.get', { job_id: job.id })).toMatchObject({ status: 'done', result: 'yes', assigned_to: 'first' })
      const refused = await owner.call('jobs.dispatch', { prompt: 'x', max_attempts: 0 }).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'invalid-request', issues: [{ path: 'max_attempts', message: 'must be at least 1' }] })
    } finally {
      await plane.stop()
      rmSync(dataFolder, { recursive: true, force: true })
    }
  })

  test('a wrong flag is refused with the help', () => {
    const { status, stderr } = deploy('--dryrun')
    expect(status).toBe(64)
    expect(stderr).toContain('npm run deploy')
  })
})
