/** Python workers over time: jobs longer than several leases, a handler that lets no thread run, and a thousand jobs, each exactly once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Job } from '@modelreins/contract'
import { Client } from '../../worker-sdk/src/client/index.ts'
import { environments, Fleet, newest, without } from '../support/python/fleet.ts'
import type { Program } from '../support/python/program.ts'

/** Resolves once the event feed has told of so many jobs that ended. */
async function ends(client: Client, count: number): Promise<void> {
  const ended = new Set<number | null>()
  for await (const frame of client.events({ noun: 'job', after: 0 })) {
    if (frame.type === 'event' && (frame.action === 'job.complete' || frame.action === 'job.fail')) ended.add(frame.job_id)
    if (ended.size === count) return
  }
}

let fleet: Fleet
const jobsInAll = 1_000

describe.skipIf(without !== undefined)('Python workers', () => {
  let long: Job
  let held: Job
  let sleeper: Program
  let holder: Program

  beforeAll(async () => {
    fleet = await Fleet.open()
    // Both work while the other tests run.
    sleeper = await fleet.worker('sleeper')
    holder = await fleet.worker('holder')
    long = await fleet.dispatch('sleep 75', { target: 'sleeper' })
    held = await fleet.dispatch('hold 40', { target: 'holder' })
  })
  afterAll(() => fleet.close())

  test(`four of them run ${jobsInAll} jobs, each exactly once`, { timeout: 240_000 }, async () => {
    const { owner, key } = await fleet.tenant()
    const finished = ends(new Client({ url: fleet.server.url, token: key }), jobsInAll)
    const programs = await Promise.all(
      [0, 1, 2, 3].map((index) =>
        fleet.worker(`load-${index}`, {
          owner,
          environment: environments[index % environments.length] ?? newest,
          arguments: [`slots=${index < 2 ? 1 : 4}`],
        }),
      ),
    )
    for (let batch = 0; batch < 2; batch += 1) {
      const jobs = Array.from({ length: jobsInAll / 2 }, (_, index) => ({
        prompt: `number ${batch * (jobsInAll / 2) + index}`,
        when_offline: 'queue',
      }))
      expect((await owner('POST', '/api/v1/dispatch/batch', { body: { jobs } })).status).toBe(201)
    }
    const ended = async (): Promise<readonly Job[]> => {
      const found: Job[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const { body } = await owner<{ items: Job[]; next_cursor: string | null }>('GET', `/api/v1/jobs?limit=200${query}`)
        found.push(...body.items)
        cursor = body.next_cursor
      }
      return found
    }
    await finished
    const jobs = await ended()
    expect(jobs).toHaveLength(jobsInAll)
    expect(jobs.filter((job) => job.status !== 'done' || job.attempt !== 1 || job.result !== `echo: ${job.prompt}`)).toEqual([])
    const handled = programs.flatMap((program) => [...program.out().matchAll(/^handles (\d+)$/gm)].map((match) => Number(match[1])))
    expect(handled).toHaveLength(jobsInAll)
    expect(new Set(handled).size).toBe(jobsInAll)
  })

  // Leases are renewed by threads of a real interpreter, so these two take as long as they say: time cannot be moved there by hand.
  test('a handler that holds the interpreter for longer than a lease keeps its job', { timeout: 120_000 }, async () => {
    expect(await fleet.settled(held.id, 110_000), holder.text()).toMatchObject({ status: 'done', attempt: 1, result: 'held 40' })
  })

  test('a handler that sleeps past several leases keeps its job', { timeout: 150_000 }, async () => {
    const job = await fleet.settled(long.id, 140_000)
    expect(job, sleeper.text()).toMatchObject({ status: 'done', attempt: 1, result: 'slept 75' })
    expect(Date.parse(job.ended_at ?? '') - Date.parse(job.started_at ?? '')).toBeGreaterThan(75_000)
  })
})
