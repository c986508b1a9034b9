/** Says what five workers of the packed package do together: answer one prompt, vote, take turns in one place, and go on when something dies. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job } from '@modelreins/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client } from '../../worker-sdk/src/client/index.ts'
import { CliHome, type Ended, type RunningCli } from '../support/cli-process.ts'
import { installPacked } from '../support/packed-package.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const verdicts = { anna: 'spam', bert: 'spam', cleo: 'spam', dora: 'fine', emil: 'fine' } as const
type Name = keyof typeof verdicts
const names = Object.keys(verdicts) as Name[]

let folder: string
let cli: string
let server: TestServer
let owner: Client
let desk: CliHome
const homes: CliHome[] = []
const running = new Map<Name, RunningCli>()

/** Answers its verdict; a prompt with "slowly" takes a second, one with "emil hangs" ends on that worker only by force. */
const answering = (name: Name): string => `read -r prompt
case "$prompt" in *slowly*) sleep 1 ;; esac
case "$prompt" in *"${name} hangs"*) sleep 600 ;; esac
echo ${verdicts[name]}
`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelreins-fleet-'))
  cli = installPacked(join(folder, 'stranger'))
  server = await startServer()
  owner = new Client({ url: server.url, token: server.ownerKey })
  desk = homes[homes.push(new CliHome(cli)) - 1] as CliHome
  await desk.run(['config', 'set', 'server', server.url])
  await desk.run(['config', 'set', 'admin_token', '-'], { stdin: server.ownerKey })
  for (const name of names) {
    const view = await desk.run(['workers', 'register', name])
    const home = new CliHome(cli)
    homes.push(home)
    const script = join(home.folder, 'answer.sh')
    writeFileSync(script, answering(name))
    await home.run(['config', 'set', 'token', '-'], { stdin: view.out })
    await home.run(['config', 'set', 'provider', 'spawn'])
    await home.run(['config', 'set', 'command', `sh ${script}`])
    const worker = home.start([])
    await worker.until('is ready')
    running.set(name, worker)
  }
}, 240_000)

afterAll(async () => {
  for (const home of homes) home.close()
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

const toAll = names.flatMap((name) => ['--to', name])

function jobOf(told: Ended): Job {
  if (told.out === '') throw new Error(`no job: ${told.err}`)
  return JSON.parse(told.out) as Job
}

const dispatch = async (prompt: string, ...more: string[]): Promise<Job> => jobOf(await desk.run(['dispatch', prompt, ...more, '--json']))

function ended(id: number): Promise<Job> {
  let last: Job | undefined
  return until(
    async () => {
      last = await owner.jobs.get({ job_id: id })
      return last.ended_at === null ? undefined : last
    },
    60_000,
    () => `job ${id} is ${JSON.stringify(last)}`,
  )
}

test('five answers to one prompt are counted, and stand in its thread as one turn', async () => {
  const job = await dispatch('Is it spam?', ...toAll, '--merge', 'vote', '--thread', 'mail')
  expect(job).toMatchObject({ status: 'done', result: 'spam', merge: { answered: 5, failed: 0, missing: 0 } })
  expect(job.merge?.counts?.map(({ answer, count }) => [answer, count])).toEqual([
    ['spam', 3],
    ['fine', 2],
  ])
  const thread = await owner.call('threads.get', { thread_id: 'mail' })
  expect(thread.turns.map((turn) => turn.job_id)).toEqual([job.id])
})

test('jobs of one place run one at a time, whichever workers take them', async () => {
  const jobs = await Promise.all(Array.from({ length: 6 }, () => dispatch('Work slowly', '--key', 'repo:web', '--no-wait')))
  const done = await Promise.all(jobs.map(({ id }) => ended(id)))
  expect(done.map(({ status }) => status)).toEqual(done.map(() => 'done'))
  const times = done
    .map((job) => [Date.parse(job.started_at ?? ''), Date.parse(job.ended_at ?? '')] as const)
    .toSorted(([one], [other]) => one - other)
  for (const [place, [began]] of times.entries()) if (place > 0) expect(began).toBeGreaterThanOrEqual(times[place - 1]?.[1] ?? 0)
})

test('a fan-out gets its one merged answer though the server is killed in the middle', async () => {
  const job = await dispatch('Say it slowly', ...toAll, '--merge', 'worker', '--no-wait')
  await until(
    async () => (await owner.jobs.get({ job_id: job.id })).children?.some(({ status }) => status === 'running') || undefined,
    20_000,
  )
  await server.kill()
  await server.start()
  const after = await ended(job.id)
  expect(after).toMatchObject({ status: 'done', merge: { by: 'worker', answered: 5, degraded: false } })
  const { items } = await owner.call('jobs.children', { job_id: job.id })
  expect(items.filter(({ role }) => role === 'merge').map(({ id, status }) => [id, status])).toEqual([[after.merge?.job_id, 'done']])
})

test('a quorum is enough when a worker hangs, and its place is free once it was killed', async () => {
  const job = await dispatch('emil hangs', ...toAll, '--merge', 'concat', '--quorum', '4', '--no-wait')
  const after = await ended(job.id)
  expect(after).toMatchObject({ status: 'done', merge: { answered: 4, missing: 1 } })
  const child = after.children?.find(({ worker }) => worker === 'emil')?.job_id ?? 0
  running.get('emil')?.signal('SIGKILL')
  await running.get('emil')?.ended
  expect(await desk.run(['job', String(child), '--abort'])).toMatchObject({ code: 0 })
  expect(await ended(child)).toMatchObject({ status: 'failed', error: { type: 'aborted' } })
  expect((await dispatch('Is it spam?', '--target', 'dora')).result?.trim()).toBe('fine')
})
