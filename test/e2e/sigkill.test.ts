/** SIGKILL of the whole server in the middle of traffic, again and again, on one state: what was acknowledged must come true. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditRow, AuditVerification, Job } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, Worker, type WorkerOptions } from '../../worker-sdk/src/index.ts'
import { auditTrail, verifyTrail } from '../support/audit-trail.ts'
import { type Call, caller, registerWorker } from '../support/calls.ts'
import { eventsOf } from '../support/event-stream.ts'
import { hurriedClock } from '../support/hurried-clock.ts'
import { chance, type Chance } from '../support/seeded-chance.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

/** Kills, unless the time is over before: MODELREINS_KILLS asks for more, and gets the time. */
const kills = Number(process.env['MODELREINS_KILLS'] ?? 20)
/** However slow the machine is: fewer would say little. */
const fewestKills = Math.min(kills, 6)
const killingMs = process.env['MODELREINS_KILLS'] === undefined ? 45_000 : kills * 15_000
/** Reconnects are eight times as eager as a real worker's, so that each life of the server sees traffic. */
const clock = hurriedClock(8)
const pieces = 6

interface Dispatched {
  readonly key: string
  readonly prompt: string
  /** Every id that the server has answered for this key. */
  readonly answers: Set<number>
}

interface Execution {
  readonly job_id: number
  readonly attempt: number
  readonly result: string
}

/** Kills and starts again; answers how often. */
async function killAgainAndAgain(server: TestServer, seed: Chance): Promise<number> {
  const end = performance.now() + killingMs
  let count = 0
  while (count < kills && (count < fewestKills || performance.now() < end)) {
    await sleep(seed.between(30, 900))
    // Everything at once, or the process that holds all state: that one comes back sooner.
    if (count % 3 === 0) {
      await server.kill()
      await server.start()
    } else {
      await server.killRuntime()
    }
    count += 1
  }
  return count
}

/** Dispatches until told to stop; a dispatch that was not answered is repeated with its key until it is. */
async function dispatcher(client: Client, name: string, log: Dispatched[], stopped: () => boolean): Promise<void> {
  for (let index = 0; !stopped(); index += 1) {
    const one: Dispatched = { key: `${name}-${index}`, prompt: `${name} ${index}`, answers: new Set() }
    log.push(one)
    // The second call is a client's that never saw its answer: it must change nothing.
    for (let answered = 0; answered < (index % 5 === 0 ? 2 : 1);) {
      try {
        const job = await client.jobs.dispatch(
          { prompt: one.prompt, when_offline: 'queue', max_attempts: 12 },
          { idempotencyKey: one.key, retry: false, timeoutMs: 20_000 },
        )
        one.answers.add(job.id)
        answered += 1
      } catch {
        await sleep(100)
      }
    }
    await sleep(60)
  }
}

describe('the server, killed again and again in the middle of traffic', () => {
  const seed = chance()
  console.log(`sigkill.test.ts: MODELREINS_SEED=${seed.seed}`)
  const executions: Execution[] = []
  const log: Dispatched[] = []
  const workers: Worker[] = []
  /** Jobs that somebody has seen at their end, as they were then. */
  const ends = new Map<number, Job>()
  let server: TestServer
  let owner: Call
  let count = 0
  const url = (): string => server.url

  beforeAll(async () => {
    server = await startServer()
    owner = caller(url, server.ownerKey)
    const transports: readonly NonNullable<WorkerOptions['transport']>[] = ['socket', 'socket', 'poll', 'auto']
    for (const [index, transport] of transports.entries()) {
      const { token, name } = await registerWorker(url, owner, `worker-${index}`)
      const worker = new Worker({
        url: server.url,
        token,
        transport,
        slots: 3,
        clock,
        // Its minute without the server is over in seconds, and a slow machine takes as long to start one.
        onLost: 'finish',
        env: { MODELREINS_CONFIG: join(server.stateFolder, 'no-config.json') },
        executor: async (job, ctx) => {
          const result = `${name} ran job ${job.id}, attempt ${ctx.attempt}, as number ${executions.length}`
          executions.push({ job_id: job.id, attempt: ctx.attempt, result })
          for (let piece = 0; piece < pieces; piece += 1) {
            await ctx.output(`[${piece}]`)
            await sleep(job.id % 3 === 0 ? 80 : 5)
          }
          return result
        },
      })
      workers.push(worker)
      await worker.start()
    }
    const traffic = new AbortController()
    const over = (): boolean => traffic.signal.aborted
    const client = new Client({ url: server.url, token: server.ownerKey, clock })
    const dispatchers = [0, 1].map((index) => dispatcher(client, `dispatcher-${index}`, log, over))
    const watcher = (async () => {
      while (!over()) {
        const page = await client.jobs.list({ status: ['done', 'failed'], limit: 20 }, { retry: false }).catch(() => undefined)
        for (const job of page?.items ?? []) if (!ends.has(job.id)) ends.set(job.id, job)
        await sleep(150)
      }
    })()
    count = await killAgainAndAgain(server, seed)
    traffic.abort()
    await Promise.all([...dispatchers, watcher])
    console.log(`sigkill.test.ts: ${count} kills, ${log.length} dispatches, ${executions.length} executions`)
  }, 180_000)
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop({ graceMs: 0 })))
    await server.close()
  })

  const jobs = new Map<number, Job>()

  test('was killed often enough, with work on the way', () => {
    expect(count).toBeGreaterThanOrEqual(fewestKills)
    expect(log.length).toBeGreaterThan(count)
    expect(executions.length).toBeGreaterThan(count)
  })

  test('every acknowledged dispatch is there, once, and reaches its end (I1)', { timeout: 90_000 }, async () => {
    for (const one of log) expect([...one.answers], one.prompt).toHaveLength(1)
    let open: readonly number[] = []
    await until(
      async () => {
        for (const one of log) {
          for (const id of one.answers) if (!jobs.has(id)) await keepIfEnded(id)
        }
        open = log.flatMap((one) => [...one.answers]).filter((id) => !jobs.has(id))
        return open.length === 0 ? true : undefined
      },
      80_000,
      () => `these jobs have not ended: ${open.join()}`,
      500,
    )
    for (const one of log) {
      const [id = 0] = one.answers
      expect(jobs.get(id), one.prompt).toMatchObject({ prompt: one.prompt, status: 'done', error: null })
    }
    const listed: Job[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { items: Job[]; next_cursor: string | null } = (
        await owner<{ items: Job[]; next_cursor: string | null }>(
          'GET',
          `/api/v1/jobs?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`,
        )
      ).body
      listed.push(...page.items)
      cursor = page.next_cursor
    }
    expect(listed.map((job) => job.id).toSorted((left, right) => left - right)).toEqual(
      [...jobs.keys()].toSorted((left, right) => left - right),
    )
  })

  async function keepIfEnded(id: number): Promise<void> {
    const answer = await owner<Job>('GET', `/jobs/${id}`)
    expect(answer.status, `job ${id}`).toBe(200)
    if (answer.body.status === 'done' || answer.body.status === 'failed') jobs.set(id, answer.body)
  }

  test('no attempt ran twice, and the result is of the attempt that the job names (I2, I3)', () => {
    const attempts = executions.map((one) => `${one.job_id}/${one.attempt}`)
    expect(attempts.filter((one, index) => attempts.indexOf(one) !== index)).toEqual([])
    for (const job of jobs.values()) {
      const ran = executions.find((one) => one.job_id === job.id && one.attempt === job.attempt)
      expect(job.result, `job ${job.id}`).toBe(ran?.result)
      expect(job.attempt).toBeLessThanOrEqual(job.max_attempts)
    }
  })

  test('an end that was seen once stayed as it was (I4)', () => {
    expect(ends.size).toBeGreaterThan(0)
    for (const [id, seen] of ends) expect(jobs.get(id)).toMatchObject({ status: seen.status, result: seen.result, attempt: seen.attempt })
  })

  test('output that was streamed is there, in order, without a gap (I11)', async () => {
    const whole = Array.from({ length: pieces }, (_, piece) => `[${piece}]`).join('')
    const slow = [...jobs.values()].filter((job) => job.id % 3 === 0).slice(0, 25)
    expect(slow.length).toBeGreaterThan(0)
    for (const job of slow) {
      const response = await fetch(`${server.url}/jobs/${job.id}/stream`, { headers: { authorization: `Bearer ${server.ownerKey}` } })
      const chunks: { seq: number; attempt: number; text: string }[] = []
      for await (const event of eventsOf(response)) {
        expect(event.event, `job ${job.id}`).not.toBe('gap')
        if (event.event === 'output') chunks.push(JSON.parse(event.data))
      }
      expect(chunks.map((chunk) => chunk.seq)).toEqual(chunks.map((_, seq) => seq))
      const last = chunks.filter((chunk) => chunk.attempt === job.attempt).map((chunk) => chunk.text)
      // All of it was streamed, or the end of it travelled with the completion.
      expect(last.join('') || job.output, `job ${job.id}`).toBe(whole)
    }
  })

  test('the audit trail has one row per start and per end, and its chain verifies (I12)', { timeout: 60_000 }, async () => {
    let rows: readonly AuditRow[] = []
    await until(
      async () => {
        rows = await auditTrail(owner)
        return rows.filter((row) => row.action === 'job.complete').length >= jobs.size ? true : undefined
      },
      30_000,
      () => `${rows.filter((row) => row.action === 'job.complete').length} of ${jobs.size} completions are in D1`,
      500,
    )
    expect(verifyTrail(rows)).toMatchObject({ ok: true, rows: rows.length })
    for (const job of jobs.values()) {
      const actions = rows.filter((row) => row.job_id === job.id).map((row) => row.action)
      const times = (action: string): number => actions.filter((one) => one === action).length
      expect([times('job.dispatch'), times('job.start'), times('job.complete')], `job ${job.id}: ${actions.join()}`).toEqual([
        1,
        job.attempt,
        1,
      ])
    }
    let verdict: AuditVerification | undefined
    for (let cursor = ''; verdict?.complete !== true; cursor = `?cursor=${verdict.next_cursor ?? ''}`) {
      verdict = (await owner<AuditVerification>('GET', `/audit/verify${cursor}`)).body
      expect(verdict).toMatchObject({ ok: true, fault: null })
    }
  })

  test('the workers have lived through all of it, and go on', async () => {
    expect(workers.map((worker) => worker.state)).toEqual(workers.map(() => 'ready'))
    const answer = await owner<Job>('POST', '/dispatch', { body: { prompt: 'afterwards', target: 'worker-2', when_offline: 'queue' } })
    await until(async () => ((await owner<Job>('GET', `/jobs/${answer.body.id}`)).body.status === 'done' ? true : undefined), 15_000)
  })
})
