/** What an executor can do for its job: secrets, artifacts, context; and providers as executors, with real children. */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { answer, ControlPlane, refuse } from '../../support/control-plane.ts'
import { handler } from '../../support/handlers.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { WorkerBench } from '../../support/workers.ts'

let plane: ControlPlane
let folder: string
const bench = new WorkerBench()
beforeEach(async () => {
  plane = await new ControlPlane().listen()
  folder = mkdtempSync(join(tmpdir(), 'modelreins-job-'))
})
afterEach(async () => {
  await bench.stopAll()
  await plane.close()
  rmSync(folder, { recursive: true })
})
const env = { MODELREINS_CONFIG: '/nonexistent', PATH: process.env['PATH'] ?? '' }

async function begin(options: object = {}) {
  const { executor, running } = handler()
  const made = bench.make(plane, { executor, ...options })
  await made.worker.start()
  const id = plane.dispatch()
  return { ...made, id, job: await running() }
}

describe('secrets', () => {
  it('come from the environment, and are refused with a reason when they cannot', async () => {
    const { job } = await begin({ env: { ...env, SMTP_PASS: 'swordfish-11' }, allowSecret: 'SMTP_PASS, NOT_SET' })
    expect(await job.ctx.secret('vault://env/SMTP_PASS')).toBe('swordfish-11')
    await expect(job.ctx.secret('vault://env/NOT_SET')).rejects.toThrow('the environment variable NOT_SET is not set on this machine')
    await expect(job.ctx.secret('vault://keeper/mail#password')).rejects.toThrow('no connector called "keeper"')
    await expect(job.ctx.secret('swordfish')).rejects.toThrow('use vault://<connector>/<path>#<field>')
  })

  it('that a job requires are registered before it runs, and fail it when they are missing', async () => {
    const { worker, heard } = bench.make(plane, {
      env: { ...env, QUIET_NAME: 'swordfish-12' },
      allowSecret: ['QUIET_NAME', 'MISSING'],
      executor: () => 'swordfish-12',
    })
    await worker.start()
    const good = plane.dispatch({ requires_secrets: ['vault://env/QUIET_NAME'] })
    await plane.until(() => plane.endOf(good) !== undefined)
    expect(plane.endOf(good)?.body).toMatchObject({ result: '[redacted]' })
    const bad = plane.dispatch({ requires_secrets: ['vault://env/MISSING'] })
    await plane.until(() => plane.endOf(bad) !== undefined)
    expect(plane.endOf(bad)).toMatchObject({ kind: 'fail', body: { error: { message: expect.stringContaining('MISSING is not set') } } })
    expect(JSON.stringify(heard)).not.toContain('swordfish-12')
  })

  it('of other connectors are for the executor itself to resolve', async () => {
    const { worker } = bench.make(plane, { executor: (job) => `asked for ${job.requires_secrets.length}` })
    await worker.start()
    const id = plane.dispatch({ requires_secrets: ['vault://keeper/mail#password'] })
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)?.body).toMatchObject({ result: 'asked for 1' })
  })
})

describe('what a job says beside its output', () => {
  const secret = 'swordfish-13'

  it('has no secret in it: reviews, actions, names of files, the model it used', async () => {
    const seen: { path: string; body: string }[] = []
    plane.intercept = ({ path, body }, response) => {
      if (!/reviews|authorize|upload/.test(path)) return false
      seen.push({ path: decodeURIComponent(path), body: JSON.stringify(body) })
      const allowed = { outcome: 'allowed', action: { send: 'to [redacted]' }, review_id: null, grant_id: null, comment: null }
      const review = { id: 6, status: 'pending' }
      answer(
        response,
        200,
        path.includes('authorize') ? allowed : path.includes('reviews') ? review : { slug: 'abcdefgh', url: '/s/abcdefgh' },
      )
      return true
    }
    const action = { send: `to ${secret}` }
    let ran: unknown
    const { worker } = bench.make(plane, {
      redact: [secret],
      env,
      executor: async (_, ctx) => {
        ctx.usage({ model: `m ${secret}` })
        await ctx.submitReview({ title: `t ${secret}`, content: secret, preview: secret, payload: { [secret]: [secret] } })
        await ctx.uploadArtifact({ filename: `${secret}.txt`, body: 'x' })
        ran = (await ctx.authorize('mail.send', action, { title: secret })).action
      },
    })
    await worker.start()
    const id = plane.dispatch()
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)?.body).toMatchObject({ usage: { model: 'm [redacted]' } })
    expect(seen).toHaveLength(3)
    for (const { path, body } of seen) expect(path + body).not.toContain(secret)
    for (const { path, body } of seen) expect(path + body).toContain('[redacted]')
    // Nobody changed it: what runs is what the job asked for.
    expect(ran).toEqual(action)
  })

  it('has no secret in it when one half is said on each stream', async () => {
    const { worker, heard } = bench.make(plane, {
      redact: [secret],
      env,
      executor: async (_, ctx) => {
        await ctx.output(`a ${secret.slice(0, 6)}`, 'stdout')
        await ctx.output(`${secret.slice(6)} b`, 'stderr')
        await ctx.output(' c', 'stdout')
      },
    })
    await worker.start()
    const id = plane.dispatch()
    await plane.until(() => plane.endOf(id) !== undefined)
    const said = heard.flatMap(({ event, payload }) => (event === 'output' ? [payload] : []))
    expect(JSON.stringify(said)).not.toMatch(/swordf|ish-13/)
    expect(JSON.stringify(said).split('[redacted]')).toHaveLength(3)
  })
})

describe('artifacts', () => {
  const artifact = { slug: 'abcdefgh', url: '/s/abcdefgh' }
  beforeEach(() => {
    plane.intercept = (request, response) => {
      if (!request.path.startsWith('/api/v1/artifacts/upload')) return false
      answer(response, 201, artifact)
      return true
    }
  })
  const uploaded = () => plane.requests('POST', '/api/v1/artifacts/upload')[0]

  it('are sent as bytes with name, type and digest', async () => {
    const { job, id } = await begin()
    expect(await job.ctx.uploadArtifact({ filename: 'reports/summary.md', body: '# hello' })).toEqual(artifact)
    const query = new URLSearchParams(uploaded()?.path.split('?')[1])
    expect(Object.fromEntries(query)).toEqual({
      filename: 'summary.md',
      job_id: String(id),
      sha256: createHash('sha256').update('# hello').digest('hex'),
    })
    expect(uploaded()?.headers['content-type']).toBe('text/markdown; charset=utf-8')
    expect(String(uploaded()?.body)).toBe('# hello')
  })

  it('may be a file, which is sent with its length', async () => {
    const path = join(folder, 'page.png')
    const bytes = Buffer.alloc(300_000, 7)
    writeFileSync(path, bytes)
    const { job } = await begin()
    await job.ctx.uploadArtifact({ filename: 'page.png', body: { path }, share: true })
    expect(uploaded()?.headers).toMatchObject({ 'content-type': 'image/png', 'content-length': '300000' })
    expect(uploaded()?.path).toContain('share=true')
    expect(bytes.equals(uploaded()?.body as Buffer)).toBe(true)
  })

  it('may be named by a path alone, be bytes, or a stream whose digest is compared with what the server has', async () => {
    const path = join(folder, 'log.txt')
    writeFileSync(path, 'hello')
    const { job, id } = await begin()
    const digest = createHash('sha256').update('hello').digest('hex')
    await job.ctx.uploadArtifact(path)
    expect(uploaded()?.path).toBe(`/api/v1/artifacts/upload?filename=log.txt&job_id=${id}&sha256=${digest}`)
    await job.ctx.uploadArtifact(Buffer.from('hello'), { filename: 'a.bin', reviewId: 9 })
    const stream = (): ReadableStream<Uint8Array> => new Blob(['hello']).stream()
    await expect(job.ctx.uploadArtifact(stream(), { filename: 'a.bin' })).rejects.toMatchObject({ code: 'conflict' })
    plane.intercept = (request, response) => {
      if (!request.path.startsWith('/api/v1/artifacts/upload')) return false
      answer(response, 201, { ...artifact, sha256: digest })
      return true
    }
    expect(await job.ctx.uploadArtifact(stream(), { filename: 'a.bin' })).toMatchObject({ sha256: digest })
  })

  it('carry the lease, so that an attempt that has lost it attaches nothing more', async () => {
    const { job } = await begin()
    await job.ctx.uploadArtifact({ filename: 'a.txt', body: 'x' })
    expect(uploaded()?.headers['authorization']).toBe(`Bearer ${job.ctx.fence}`)
  })

  it('are refused here when they are larger than the server takes', async () => {
    const { job } = await begin()
    await expect(job.ctx.uploadArtifact({ filename: 'x', body: new Uint8Array(96 * 1024 * 1024) })).rejects.toMatchObject({
      code: 'too-large',
    })
  })
})

describe('asking a human', () => {
  const reply = { outcome: 'waiting', review_id: 5, grant_id: null, action: { post: 'hello' }, comment: null }
  const asked = () => plane.requests('POST', '/api/v1/claims/1/authorize').map((request) => Object(request.body))
  const answerWith = (...replies: (object | 'cut' | 'unavailable')[]): void => {
    let count = 0
    plane.intercept = (request, response) => {
      if (!request.path.endsWith('/authorize')) return false
      const next = replies[Math.min(count++, replies.length - 1)]
      if (next === 'cut') response.destroy()
      else if (next === 'unavailable') refuse(response, 'unavailable')
      else answer(response, 200, { ...reply, ...next })
      return true
    }
  }

  it('waits through every long poll and broken connection, and answers what was approved', async () => {
    const clock = new ManualClock()
    clock.chance = 0
    answerWith({}, 'cut', {}, 'unavailable', { outcome: 'allowed', action: { post: 'edited' }, comment: 'shorter' })
    const { job } = await begin({ clock })
    let over = false
    const authorized = job.ctx.authorize('social.post', { post: 'hello' }, { title: 'Post it', irreversible: true }).finally(() => {
      over = true
    })
    // Pauses after failures are of no length here, and still have to pass.
    while (asked().length < 5) await clock.advance(0)
    expect(await authorized).toEqual({ action: { post: 'edited' }, reviewId: 5, comment: 'shorter' })
    expect(over).toBe(true)
    expect(asked()[0]).toMatchObject({
      capability: 'social.post',
      action: { post: 'hello' },
      title: 'Post it',
      irreversible: true,
      wait: 25,
    })
    expect(new Set(asked().map((body) => body.idempotency_key)).size).toBe(1)
  })

  it('carries the lease token, and a key of its own for every action', async () => {
    answerWith({ outcome: 'allowed' })
    const { job } = await begin()
    await job.ctx.authorize('social.post', 'a')
    await job.ctx.authorize('social.post', 'a')
    expect(new Set(asked().map((body) => body.idempotency_key)).size).toBe(2)
    expect(plane.requests('POST', '/api/v1/claims/1/authorize')[0]?.headers.authorization).toBe(`Bearer ${job.ctx.fence}`)
  })

  it("throws a refusal with the reviewer's words", async () => {
    answerWith({ outcome: 'refused', comment: 'not on a Friday' })
    const { job } = await begin()
    await expect(job.ctx.authorize('social.post', {})).rejects.toMatchObject({
      name: 'ActionRefused',
      capability: 'social.post',
      reviewId: 5,
      comment: 'not on a Friday',
      message: 'social.post was refused: not on a Friday',
    })
  })

  it('ends the job as denied when its handler lets a refusal pass', async () => {
    answerWith({ outcome: 'refused', comment: 'rate limit: one a day' })
    const { worker, next } = bench.make(plane, { executor: async (_, ctx) => void (await ctx.authorize('social.post', {})) })
    await worker.start()
    const told = next('job:error')
    const id = plane.dispatch()
    expect(await told).toMatchObject({ id, errorType: 'denied', retryable: false })
    expect(plane.endOf(id)).toMatchObject({
      kind: 'fail',
      body: { error: { type: 'denied', message: 'social.post was refused: rate limit: one a day', retryable: false } },
    })
  })

  it('stops waiting when the attempt is stopped', async () => {
    plane.intercept = (request) => request.path.endsWith('/authorize')
    const { job, id } = await begin({ transport: 'socket' })
    const waiting = job.ctx.authorize('social.post', {})
    plane.push({ type: 'abort', job_id: id, attempt: 1, reason: 'enough' })
    await expect(waiting).rejects.toMatchObject({ name: 'AttemptStopped', kind: 'abort' })
  })

  it('submits something for review under its job', async () => {
    plane.intercept = (request, response) => {
      if (request.path !== '/api/v1/reviews') return false
      answer(response, 201, { id: 6, status: 'pending' })
      return true
    }
    const { job, id } = await begin()
    expect(await job.ctx.submitReview({ title: 'A draft', content: 'Dear all' })).toMatchObject({ id: 6 })
    expect(plane.requests('POST', '/api/v1/reviews')[0]?.body).toEqual({ title: 'A draft', content: 'Dear all', job_id: id })
  })
})

describe('a provider as the executor', () => {
  it('runs a real program: prompt on stdin, output streamed, its stdout the result', async () => {
    const { worker } = bench.make(plane, { type: 'spawn', command: 'tr a-z A-Z; echo done >&2', env })
    await worker.start()
    const id = plane.dispatch({ prompt: 'shout' })
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)).toMatchObject({ kind: 'complete', body: { result: 'SHOUT', exit_code: 0 } })
    expect(plane.frames.find((frame) => frame.type === 'hello')).toMatchObject({ provider: 'spawn' })
  })

  it('does not run at all without a secret that the job requires and this machine cannot resolve', async () => {
    const { worker, next } = bench.make(plane, { command: `touch ${folder}/ran; echo ran`, env })
    await worker.start()
    const told = next('job:error')
    const id = plane.dispatch({ requires_secrets: ['vault://keeper/mail#password'] })
    const error = 'The secret vault://keeper/mail#password cannot be resolved: this worker has no connector called "keeper" (it has: env)'
    expect(await told).toMatchObject({ id, error, retryable: false })
    expect(plane.endOf(id)).toMatchObject({ kind: 'fail', body: { error: { message: error, retryable: false } } })
    expect(existsSync(join(folder, 'ran'))).toBe(false)
  })

  it('fails the job with exit code and class', async () => {
    const { worker } = bench.make(plane, { command: 'echo "HTTP 429 too many requests" >&2; exit 2', env })
    await worker.start()
    const id = plane.dispatch()
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)).toMatchObject({ kind: 'fail', body: { exit_code: 2, error: { type: 'rate_limited', retryable: true } } })
  })

  it('gives no child the worker token, under whatever name', async () => {
    const { worker } = bench.make(plane, {
      command: `env > ${folder}/env`,
      env: { ...env, MODELREINS_TOKEN: 'mrw_a', MODELREINS_API_KEY: 'mrk_b', COPY: 'mrw_acme_copy', KEPT: 'yes' },
    })
    await worker.start()
    const id = plane.dispatch()
    await plane.until(() => plane.endOf(id) !== undefined)
    const seen = readFileSync(join(folder, 'env'), 'utf8')
    expect(seen).toContain('KEPT=yes')
    expect(seen).not.toMatch(/mrw_|mrk_/)
  })

  it('kills a child that ignores TERM, and its children, when the job is aborted', async () => {
    const { worker, next } = bench.make(plane, {
      command: `trap '' TERM; (trap '' TERM; echo $$ > ${folder}/pid; while :; do sleep 0.1; done) & while :; do sleep 0.1; done`,
      env,
      transport: 'socket',
    })
    await worker.start()
    const id = plane.dispatch()
    await next('job:start')
    const pidFile = join(folder, 'pid')
    await plane.until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'))
    plane.push({ type: 'abort', job_id: id, attempt: 1, reason: 'enough' })
    await plane.until(() => plane.acks.length === 1)
    const pid = Number(readFileSync(pidFile, 'utf8'))
    expect(() => process.kill(pid, 0)).toThrow()
  })

  it('does not start without what the provider needs, and says what is missing', async () => {
    const { worker } = bench.make(plane, { type: 'claude', env: { ...env, PATH: folder } })
    await expect(worker.start()).rejects.toThrow(/provider claude cannot be used here/)
    const other = bench.make(plane, { type: 'oracle', env })
    await expect(other.worker.start()).rejects.toThrow(/no provider named "oracle"/)
  })

  it('is not changed by configuration to one that there is not', async () => {
    const { worker, heard, next } = bench.make(plane, {
      command: 'cat',
      env: { ...env, PATH: `${env.PATH}` },
      transport: 'socket',
    })
    await worker.start()
    const trouble = next('error')
    plane.push({ type: 'config', config: { provider: 'oracle' }, config_version: 1, paused: false })
    expect(await trouble).toEqual({ type: 'config', error: expect.stringContaining('no provider named "oracle"') })
    expect(heard.filter(({ event }) => event === 'config:applied')).toEqual([])
    const id = plane.dispatch({ prompt: 'still works' })
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)?.body).toMatchObject({ result: 'still works' })
  })
})
