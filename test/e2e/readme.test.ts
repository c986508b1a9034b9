import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, redeemView } from '../../worker-sdk/src/client/index.ts'
import { startServer, type TestServer } from '../support/server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Hidden, and inside the repository: that is where `modelreins-worker` is found by its name.
const folder = mkdtempSync(join(root, '.readme-test-'))
let server: TestServer
let client: Client
beforeAll(async () => {
  server = await startServer()
  client = new Client({ url: server.url, token: server.ownerKey })
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server.close()
})

const block = (page: string, kind: string): string =>
  new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\``, 'ms').exec(readFileSync(join(root, page), 'utf8'))?.[1] ?? ''

describe('the README', () => {
  test('shows a worker in about ten lines', () => {
    expect(block('README.md', 'ts').trim().split('\n').length).toBeLessThanOrEqual(11)
  })

  test('names a command that npm ci has put in place', () => {
    const { status, stdout } = spawnSync('npx', ['--no-install', 'modelreins-worker', '--version'], { cwd: root, encoding: 'utf8' })
    expect(status).toBe(0)
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/)
  })

  test.skipIf(!existsSync(join(root, 'worker-sdk/dist/index.js')))('shows a worker that works as it stands', async () => {
    const file = join(folder, 'worker.mjs')
    writeFileSync(file, block('README.md', 'ts'))
    const { view_url } = await client.workers.register({ name: 'shouter' })
    const { token } = await redeemView(view_url)
    const worker = spawn(process.execPath, [file], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, MODELREINS_URL: server.url, MODELREINS_TOKEN: token },
    })
    try {
      const job = await client.dispatchAndWait({ prompt: 'pull the reins', when_offline: 'queue' })
      expect(job).toMatchObject({ status: 'done', result: 'PULL THE REINS', assigned_to: 'shouter' })
      expect(job.output).toBe(`job ${job.id}, attempt 1\n`)
    } finally {
      worker.kill('SIGKILL')
    }
  })
})
