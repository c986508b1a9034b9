/** A Python worker of the seeds' time, as docs/explanation/compatibility.md lists its calls: it must run against this server unchanged. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Job, Presence, Review } from '@modelreins/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { untilAudited } from '../support/audit-trail.ts'
import { type Call, type RegisteredWorker, caller, createTenant, registerWorker } from '../support/calls.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { type SeedWorker, startSeedWorker, withoutPython } from '../support/seed-worker.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

if (withoutPython !== undefined) console.warn(`seed-worker.test.ts is skipped: ${withoutPython}`)

/** Longer than the lease that other workers renew (30 s). */
const silentSeconds = 32

let server: TestServer
let owner: Call
let triager: RegisteredWorker
const running: SeedWorker[] = []
const url = (): string => server.url

const start = (token: string, name?: string, through = server.url): SeedWorker => {
  const worker = startSeedWorker(through, token, name)
  running.push(worker)
  return worker
}
const killAll = async (): Promise<void> => {
  await Promise.all(running.splice(0).map((worker) => worker.kill()))
}

/** Waits until a worker is there, so that a dispatch finds it. */
const untilSeen = (by: Call, name: string): Promise<Presence> =>
  until(async () => {
    const { body } = await by<{ items: Presence[] }>('GET', '/presence')
    return body.items.find((one) => one.name === name && one.state !== 'offline')
  }, 10_000)

async function dispatch(by: Call, body: Readonly<Record<string, unknown>>): Promise<Job> {
  const answer = await by<Job>('POST', '/dispatch', { body })
  expect(answer.status, answer.text).toBe(201)
  return answer.body
}

function settled(by: Call, id: number, limitMs = 10_000): Promise<Job> {
  let last: Job | undefined
  return until(
    async () => {
      last = (await by<Job>('GET', `/jobs/${id}`)).body
      return last.status === 'done' || last.status === 'failed' ? last : undefined
    },
    limitMs,
    () => `job ${id} is ${JSON.stringify(last)}; the workers say ${running.map((worker) => worker.text()).join('\n')}`,
  )
}

const run = async (prompt: string, more: Readonly<Record<string, unknown>> = {}): Promise<Job> =>
  settled(owner, (await dispatch(owner, { prompt, ...more })).id)

describe.skipIf(withoutPython !== undefined)("a worker of the seeds' time", () => {
  let silent: { readonly by: Call; readonly job: Job; readonly worker: SeedWorker }

  beforeAll(async () => {
    server = await startServer()
    owner = caller(url, server.ownerKey)
    triager = await registerWorker(url, owner, 'my-triager', {
      capabilities: [
        { name: 'email.triage', risk_tier: 'auto' },
        { name: 'email.reply', risk_tier: 'audit' },
      ],
    })
    // Silent while the other tests run.
    const { owner: by } = await createTenant(url, server.masterToken, 'silence')
    const quiet = await registerWorker(url, by, 'quiet')
    const worker = startSeedWorker(server.url, quiet.token)
    await untilSeen(by, 'quiet')
    silent = { by, worker, job: await dispatch(by, { prompt: `sleep ${silentSeconds}` }) }
  })
  afterEach(killAll)
  afterAll(async () => {
    await silent.worker.kill()
    await server.close()
  })

  test('heartbeats, lists, claims, works and closes', async () => {
    start(triager.token, 'my-triager')
    const seen = await untilSeen(owner, 'my-triager')
    expect(seen).toMatchObject({ kind: 'silicon', instance: 'my-triager', transport: 'poll' })
    const job = await run('Where is my invoice?', { capability: 'email.triage' })
    expect(job).toMatchObject({ status: 'done', result: 'echo: Where is my invoice?', assigned_to: 'my-triager', attempt: 1, error: null })
    const rows = await untilAudited(owner, `job_id=${job.id}`, (found) => found.length === 3)
    expect(rows.map((row) => [row.action, row.actor.name, row.worker_id])).toEqual([
      ['job.dispatch', 'owner', triager.worker_id],
      ['job.start', 'my-triager', triager.worker_id],
      ['job.complete', 'my-triager', triager.worker_id],
    ])
  })

  test('fails its job with the exception as text', async () => {
    start(triager.token, 'my-triager')
    await untilSeen(owner, 'my-triager')
    const job = await run('raise out of luck')
    expect(job).toMatchObject({ status: 'failed', error: { message: 'ValueError: out of luck', retryable: false } })
    expect(job.output).toContain('ValueError: out of luck')
  })

  test.each([['by default its host and process'], ['../../not/its:name']])(
    'calls itself what it likes (%s): the token says who it is',
    async (name) => {
      const worker = start(triager.token, name.startsWith('by default') ? undefined : name)
      await untilSeen(owner, 'my-triager')
      expect(await run('hello')).toMatchObject({ status: 'done', assigned_to: 'my-triager' })
      expect(worker.text()).toContain('claimed')
    },
  )

  test('its handler sees the job as it was dispatched', async () => {
    start(triager.token, 'my-triager')
    await untilSeen(owner, 'my-triager')
    const asked = {
      input: { rows: [1, 2, { three: null }] },
      capability: 'email.reply',
      thread_id: 'a thread',
      metadata: { from: 'tests' },
      context: 'last:3',
      tags: [],
      effort: 'deep',
    }
    const job = await run('show', asked)
    expect(JSON.parse(job.result ?? '')).toMatchObject({
      ...asked,
      id: job.id,
      prompt: 'show',
      status: 'pending',
      assigned_to: 'my-triager',
    })
  })

  test('two processes with one token race, and each job runs once', async () => {
    const both = [start(triager.token, 'one'), start(triager.token, 'two')]
    await untilSeen(owner, 'my-triager')
    const jobs = await Promise.all(Array.from({ length: 20 }, (_, index) => dispatch(owner, { prompt: `sleep 0.0${index % 5}` })))
    for (const job of jobs) expect(await settled(owner, job.id)).toMatchObject({ status: 'done', attempt: 1 })
    const claimed = both.flatMap((worker) => [...worker.text().matchAll(/^claimed (\d+)$/gm)].map((match) => Number(match[1])))
    const starts = (
      await untilAudited(owner, 'action=job.start', (rows) => jobs.every((job) => rows.some((row) => row.job_id === job.id)))
    ).map((row) => row.job_id)
    for (const job of jobs) {
      expect(starts.filter((id) => id === job.id)).toHaveLength(1)
      expect(claimed).toContain(job.id)
    }
  })

  test('says "failed" after the reply to its "done" was lost: the job stays done, and it works on', async () => {
    const proxy = await FaultProxy.open(server.url)
    try {
      const worker = start(triager.token, 'my-triager', proxy.url)
      await untilSeen(owner, 'my-triager')
      const lost = proxy.loseReply({ request: /^POST \/jobs\/\d+\/close / })
      const job = await run('is it done?')
      await lost
      await until(() => (worker.text().includes('trouble POST') ? true : undefined), 5_000, worker.text)
      expect(worker.text()).toMatch(new RegExp(`failed ${job.id} .*\\n(?:.*\\n)*?trouble POST /jobs/${job.id}/close 409 wrong-state`))
      expect(await run('and now?')).toMatchObject({ status: 'done' })
      expect((await owner<Job>('GET', `/jobs/${job.id}`)).body).toMatchObject({ status: 'done', result: 'echo: is it done?', error: null })
      const rows = await untilAudited(owner, `job_id=${job.id}`, (found) => found.some((row) => row.action === 'job.complete'))
      expect(rows.map((row) => row.action)).toEqual(['job.dispatch', 'job.start', 'job.complete'])
    } finally {
      await proxy.close()
    }
  })

  test('gives a job to a human with "escalated": a review settles it', async () => {
    start(triager.token, 'my-triager')
    await untilSeen(owner, 'my-triager')
    const { id } = await dispatch(owner, { prompt: 'escalate the customer wants a lawyer' })
    const held = await until(async () => {
      const { body } = await owner<Job>('GET', `/jobs/${id}`)
      return body.hold === 'review' ? body : undefined
    }, 10_000)
    expect(held).toMatchObject({ status: 'pending', result: 'the customer wants a lawyer' })
    const review = await owner<Review>('GET', `/reviews/${held.review_id ?? 0}`)
    expect(review.body).toMatchObject({ type: 'escalation', status: 'pending', job_id: id, worker_id: triager.worker_id })
    const decided = await owner<Review>('POST', `/reviews/${review.body.id}/decide`, {
      body: { verdict: 'approve', digest: review.body.digest },
    })
    expect(decided.status, decided.text).toBe(200)
    expect(await settled(owner, id)).toMatchObject({ status: 'done', result: 'the customer wants a lawyer', attempt: 1 })
  })

  test('uploads an artifact as multipart, bound to its job', async () => {
    start(triager.token, 'my-triager')
    await untilSeen(owner, 'my-triager')
    const job = await run('upload ../../résumé.txt what the page said')
    expect(job.status, JSON.stringify(job.error)).toBe('done')
    const artifact: Record<string, unknown> = JSON.parse(job.result ?? '')
    expect(artifact).toMatchObject({ slug: expect.any(String), url: `/s/${String(artifact['slug'])}`, size_bytes: 18 })
    expect(artifact['content_type']).toContain('text/plain')
    const file = await owner('GET', String(artifact['url']))
    expect([file.status, file.text]).toEqual([200, 'what the page said'])
    expect(file.headers.get('content-disposition')).toMatch(/^attachment/)
    const listed = await owner<{ items: { slug: string }[] }>('GET', `/api/v1/artifacts?job_id=${job.id}`)
    expect(listed.body.items.map((one) => one.slug)).toEqual([artifact['slug']])
  })

  test('submits content for review, and gets the number of the review', async () => {
    start(triager.token, 'my-triager')
    await untilSeen(owner, 'my-triager')
    const job = await run('review Post of the week')
    expect(job.status, JSON.stringify(job.error)).toBe('done')
    const review = await owner<Review>('GET', `/reviews/${job.result ?? ''}`)
    expect(review.body).toMatchObject({ title: 'Post of the week', type: 'post', status: 'pending', job_id: job.id, preview: null })
    expect(review.body.worker_id).toBe(triager.worker_id)
  })

  test('with an API key its name says which worker it is (the companion path)', async () => {
    start(server.ownerKey, 'desk-7')
    expect(await untilSeen(owner, 'desk-7')).toMatchObject({ kind: 'companion' })
    expect(await run('hello desk', { target: 'desk-7' })).toMatchObject({
      status: 'done',
      result: 'echo: hello desk',
      assigned_to: 'desk-7',
    })
  })

  test('with a revoked token it gets nothing more', async () => {
    const fired = await registerWorker(url, owner, 'fired')
    const worker = start(fired.token, 'fired')
    await untilSeen(owner, 'fired')
    await owner('DELETE', `/api/v1/workers/${fired.worker_id}`)
    await until(() => (/trouble PUT \/presence 401 unauthorized/.test(worker.text()) ? true : undefined), 5_000, worker.text)
  })

  test(`keeps its job through ${silentSeconds} s without a word`, { timeout: 60_000 }, async () => {
    const job = await settled(silent.by, silent.job.id, 45_000)
    expect(job).toMatchObject({ status: 'done', attempt: 1, result: `slept ${silentSeconds}` })
    expect(Date.parse(job.ended_at ?? '') - Date.parse(job.started_at ?? '')).toBeGreaterThan(silentSeconds * 1_000)
  })

  test('keeps its job when the server is killed and started again in the middle of its silence', async () => {
    const worker = start(triager.token, 'my-triager')
    await untilSeen(owner, 'my-triager')
    const file = join(server.stateFolder, 'the-handler-may-end')
    const { id } = await dispatch(owner, { prompt: `await ${file}`, target: 'my-triager' })
    await until(() => (worker.text().includes(`claimed ${id}`) ? true : undefined), 5_000, worker.text)
    await server.kill()
    await server.start()
    expect((await owner<Job>('GET', `/jobs/${id}`)).body).toMatchObject({ status: 'running', attempt: 1 })
    writeFileSync(file, '')
    expect(await settled(owner, id)).toMatchObject({ status: 'done', attempt: 1, result: 'it is there' })
    expect(await run('still there?', { target: 'my-triager' })).toMatchObject({ status: 'done', attempt: 1 })
  })
})
