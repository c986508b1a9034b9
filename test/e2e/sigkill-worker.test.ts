/** SIGKILL of a worker in the middle of a job: its lease ends, and the job runs again elsewhere. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Job } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Worker } from '../../worker-sdk/src/index.ts'
import { untilAudited } from '../support/audit-trail.ts'
import { createTenant, registerWorker } from '../support/calls.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

describe.concurrent('a worker, killed while it runs a job', () => {
  let server: TestServer
  const url = (): string => server.url
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.close())

  test.each(['socket', 'poll'] as const)('by %s: the job runs again elsewhere', { timeout: 90_000 }, async (transport) => {
    const { owner } = await createTenant(url, server.masterToken, transport)
    const doomed = await registerWorker(url, owner, 'doomed')
    const env = { MODELREINS_CONFIG: join(server.stateFolder, 'no-config.json') }
    const child = spawn(process.execPath, [fileURLToPath(new URL('../support/holding-worker.ts', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, MODELREINS_URL: server.url, MODELREINS_TOKEN: doomed.token, MODELREINS_TRANSPORT: transport, ...env },
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    await until(
      () => (said.includes('ready') ? true : undefined),
      20_000,
      () => said,
    )
    const { id } = (await owner<Job>('POST', '/dispatch', { body: { prompt: 'hold this' } })).body
    await until(
      () => (said.includes(`holds ${id}`) ? true : undefined),
      20_000,
      () => said,
    )
    const spare = await registerWorker(url, owner, 'spare')
    const worker = new Worker({ url: server.url, token: spare.token, transport, env, executor: () => 'saved' })
    await worker.start()
    const at = performance.now()
    child.kill('SIGKILL')
    const job = await until(
      async () => {
        const { body } = await owner<Job>('GET', `/jobs/${id}`)
        return body.status === 'done' ? body : undefined
      },
      45_000,
      () => `job ${id} did not run again`,
      200,
    )
    expect(job).toMatchObject({ attempt: 2, assigned_to: 'spare', result: 'saved' })
    // The lease is 30 s and was renewed 10 s before the kill at the latest; the retry waits up to 2 s.
    expect(performance.now() - at).toBeLessThan(40_000)
    const rows = await untilAudited(owner, `job_id=${id}`, (found) => found.some((row) => row.action === 'job.complete'))
    expect(rows.map((row) => [row.action, row.worker_id])).toEqual([
      ['job.dispatch', doomed.worker_id],
      ['job.start', doomed.worker_id],
      ['job.lose', doomed.worker_id],
      ['job.requeue', null],
      ['job.start', spare.worker_id],
      ['job.complete', spare.worker_id],
    ])
    await worker.stop({ graceMs: 0 })
  })
})
