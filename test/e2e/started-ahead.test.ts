/** Short jobs through a real worker with one slot, which starts the next ones ahead: what it does not get to is somebody else's at once. */
import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Job, KillswitchState } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Worker } from '../../worker-sdk/src/index.ts'
import { untilAudited } from '../support/audit-trail.ts'
import { createTenant, registerWorker, type Call } from '../support/calls.ts'
import { startServer, type TestServer } from '../support/server.ts'
import type { Told } from '../support/short-worker.ts'
import { until } from '../support/until.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const environment = () => ({ MODELREINS_CONFIG: join(server.stateFolder, 'no-config.json') })

interface Scene {
  readonly owner: Call
  readonly child: ChildProcess
  readonly begun: { readonly id: number; readonly prompt: string }[]
  readonly exit: Promise<number | null>
  /** Puts many short jobs, one long one and more short ones into the queue; resolves with the last ones when the long one has begun. */
  readonly round: (long: string) => Promise<{ readonly long: number; readonly behind: readonly number[] }>
  readonly jobs: (ids: readonly number[]) => Promise<readonly Job[]>
}

async function stage(name: string): Promise<Scene> {
  const { owner } = await createTenant(() => server.url, server.masterToken, name)
  const { token } = await registerWorker(() => server.url, owner, 'hasty')
  const child = fork(fileURLToPath(new URL('../support/short-worker.ts', import.meta.url)), {
    env: { ...process.env, MODELREINS_URL: server.url, MODELREINS_TOKEN: token, ...environment() },
  })
  const begun: Scene['begun'] = []
  let ready = false
  child.on('message', (told: Told) => {
    if (told.word === 'begins') begun.push(told)
    if (told.word === 'ready') ready = true
  })
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  await until(() => (ready ? true : undefined), 20_000)
  const jobs: Scene['jobs'] = (ids) => Promise.all(ids.map(async (id) => (await owner<Job>('GET', `/jobs/${id}`)).body))
  return {
    owner,
    child,
    begun,
    exit,
    jobs,
    round: async (long) => {
      const prompts = [...Array.from({ length: 300 }, () => 'short'), long, ...Array.from({ length: 60 }, () => 'short')]
      const batch = await owner<{ readonly items: readonly Job[] }>('POST', '/api/v1/dispatch/batch', {
        body: { jobs: prompts.map((prompt) => ({ prompt, when_offline: 'queue' })) },
      })
      const ids = batch.body.items.map(({ id }) => id)
      const held = ids[300] ?? 0
      await until(
        () => (begun.some(({ id }) => id === held) ? true : undefined),
        60_000,
        () => `${begun.length} have begun`,
        1,
      )
      return { long: held, behind: ids.slice(301) }
    },
  }
}

const ended = (jobs: readonly Job[], statuses: readonly string[]): true | undefined =>
  jobs.every(({ status }) => statuses.includes(status)) ? true : undefined

describe('a worker with one slot and short jobs', () => {
  test('leaves the rest to another one as soon as a job takes long', { timeout: 180_000 }, async () => {
    const scene = await stage('long')
    const spare = await registerWorker(() => server.url, scene.owner, 'spare')
    const other = new Worker({ url: server.url, token: spare.token, env: environment(), executor: () => 'saved' })
    let again: readonly Job[] = []
    // A machine that is busy otherwise makes a job long by chance, and then there was nothing to hand back.
    for (let times = 0; times < 10 && again.length === 0; times += 1) {
      const { long, behind } = await scene.round('long')
      if (times === 0) await other.start()
      const rest = await until(async () => {
        const found = await scene.jobs(behind)
        return ended(found, ['done']) && found
      }, 30_000)
      expect((await scene.jobs([long]))[0]).toMatchObject({ status: 'running', assigned_to: 'hasty' })
      scene.child.send('end')
      await until(async () => ended(await scene.jobs([long]), ['done']), 20_000)
      again = rest.filter(({ max_attempts }) => max_attempts > 3)
    }
    expect(again.length).toBeGreaterThan(0)
    for (const job of again) expect(job).toMatchObject({ status: 'done', attempt: 2, max_attempts: 4 })
    const [first] = again
    const trail = await untilAudited(scene.owner, `job_id=${first?.id}`, (rows) => rows.some(({ action }) => action === 'job.complete'))
    expect(trail.map(({ action }) => action)).toEqual(['job.dispatch', 'job.start', 'job.hand_back', 'job.start', 'job.complete'])
    // Nothing of what it handed back had begun there.
    const savedIds = again.filter(({ result }) => result === 'saved').map(({ id }) => id)
    expect(scene.begun.filter(({ id }) => savedIds.includes(id))).toEqual([])
    await other.stop({ graceMs: 0 })
    scene.child.kill('SIGTERM')
    await scene.exit
  })

  test('hands back what it has not begun when it is stopped, and ends what runs', { timeout: 180_000 }, async () => {
    const scene = await stage('stop')
    const { long, behind } = await scene.round('long, then stop')
    await until(async () => ended(await scene.jobs(behind), ['pending']), 20_000)
    expect((await scene.jobs([long]))[0]).toMatchObject({ status: 'running' })
    const begun = scene.begun.length
    scene.child.send('end')
    expect(await scene.exit).toBe(0)
    expect(scene.begun.length).toBe(begun)
    expect((await scene.jobs([long]))[0]).toMatchObject({ status: 'done', result: 'long' })
    const left = await scene.jobs(behind)
    for (const job of left) expect(job.max_attempts - job.attempt, `job ${job.id}`).toBe(3)
  })

  test('begins nothing after it has acknowledged the killswitch', { timeout: 180_000 }, async () => {
    const scene = await stage('switch')
    const { long, behind } = await scene.round('long')
    await scene.owner('POST', '/killswitch', { body: { level: 3, reason: 'enough' } })
    await until(async () => {
      const { body } = await scene.owner<KillswitchState>('GET', '/killswitch')
      return body.acknowledged.length === 1 ? true : undefined
    }, 20_000)
    const begun = scene.begun.length
    await scene.exit
    expect(scene.begun.length).toBe(begun)
    const after = await scene.jobs([long, ...behind])
    expect(after[0]).toMatchObject({ status: 'failed', error: { type: 'aborted' } })
    const ran = new Set(scene.begun.map(({ id }) => id))
    for (const job of after.slice(1)) {
      expect(['failed', 'pending'], `job ${job.id}`).toContain(job.status)
      expect(ran.has(job.id), `job ${job.id} began`).toBe(false)
    }
  })
})
