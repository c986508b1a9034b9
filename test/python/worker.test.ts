/** The Python worker on good days: from the built wheel in fresh environments, against a real server. */
import type { Review } from '@modelreins/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { registerWorker } from '../support/calls.ts'
import { environments, Fleet, newest, without } from '../support/python/fleet.ts'
import { until } from '../support/until.ts'

let fleet: Fleet

/** As the seed writes it, word for word. */
const tenLines = `from modelreins_worker import Worker

def handle_job(job):
    prompt = job["prompt"]
    # ... do the work ...
    return "Triage complete: priority=high, category=billing"

Worker(name="my-triager").run(handler=handle_job)
`

const capabilities = [
  { name: 'email.triage', risk_tier: 'auto' },
  { name: 'mail.send', risk_tier: 'approve', policy: { self_approval: true } },
]

describe.skipIf(without !== undefined)('a Python worker', () => {
  beforeAll(async () => {
    fleet = await Fleet.open()
  })
  afterEach(() => fleet.programs.end())
  afterAll(() => fleet.close())

  test.each(environments)('runs the ten lines of the seed on Python $version', async (environment) => {
    const { owner } = await fleet.tenant()
    const { token } = await registerWorker(fleet.url, owner, 'my-triager', { capabilities })
    const program = fleet.programs.start(environment, undefined, {
      code: tenLines,
      env: { MODELREINS_TOKEN: token, MODELREINS_URL: fleet.server.url },
    })
    await program.said(/my-triager is ready/)
    const job = await fleet.run('Where is my invoice?', { capability: 'email.triage' }, owner)
    expect(job).toMatchObject({
      status: 'done',
      result: 'Triage complete: priority=high, category=billing',
      assigned_to: 'my-triager',
      attempt: 1,
      exit_code: 0,
      error: null,
    })
    program.kill('SIGTERM')
    expect(await program.exit).toBe(0)
    expect(program.text()).toContain('has stopped')
    const { items } = (await owner<{ items: { state: string }[] }>('GET', '/api/v1/workers')).body
    expect(items.map((one) => one.state)).toEqual(['offline'])
  })

  test.each(environments)('does the rest of its work on Python $version', async (environment) => {
    const { owner } = await fleet.tenant()
    const program = await fleet.worker('all', { environment, owner, env: { LEAKY_PASSWORD: 'correct-horse-battery' } })
    const run = (prompt: string, more = {}) => fleet.run(prompt, more, owner)
    expect(await run('show', { input: { rows: [1, null] } })).toMatchObject({
      result: JSON.stringify({ prompt: 'show', input: { rows: [1, null] }, worker: 'all' })
        .replaceAll(':', ': ')
        .replaceAll(',', ', '),
    })
    const failed = await run('fail out of luck')
    expect(failed).toMatchObject({ status: 'failed', error: { type: 'unknown', message: 'ValueError: out of luck', retryable: false } })
    expect(failed.output).toMatch(/^Traceback[^]*in fail\n[^]*ValueError: out of luck\n$/)
    expect(failed.output).not.toContain('modelreins_worker')
    expect(program.text()).toMatch(/on_error \d+ ValueError/)
    expect(await run('later 0.1')).toMatchObject({ status: 'done', result: 'later 0.1' })
    const shell = await run('shell read line; echo "out $line"; echo "job $MODELREINS_JOB_ID" >&2; env | grep -c MODELREINS_TOKEN; exit 3')
    expect(JSON.parse(shell.result ?? '')).toEqual({ exit_code: 3, stdout: 'out from stdin\n0\n', stderr: `job ${shell.id}\n` })
    expect(shell.output).toContain('out from stdin\n')
    expect(shell.output).toContain(`job ${shell.id}\n`)
    const talk = await run('talk 2000')
    expect(talk.output.match(/^line \d+$/gm)).toHaveLength(2_000)
    expect(talk.output).toContain('a warning\n')
    const leak = await run('leak')
    expect(leak.output).toBe('token [redacted] in pieces: [redacted]\n')
    expect(leak.result).toBe('it is [redacted]')
    expect(program.text()).not.toContain(program.token)
    const files = await run('files a résumé of the page')
    expect(files).toMatchObject({ status: 'done', usage: { tokens_in: 4, tokens_out: 4, cost_usd: 0.5, model: 'm' } })
    expect(JSON.parse(files.result ?? '')).toMatchObject({ names: ['note.txt', 'two.bin'] })
    expect(await run('context', { context: 'inline', context_text: 'what was before' })).toMatchObject({ result: 'what was before' })
    expect(await run('fence')).toMatchObject({ result: 'mrl_' })
    expect(await run('called echo boom >&2; exit 5')).toMatchObject({
      status: 'failed',
      error: { type: 'exit_error', message: 'Exited with code 5: boom' },
    })
  })

  test('asks a human before it acts, runs what was edited, and hears the words of a refusal', async () => {
    const { owner } = await fleet.tenant()
    const { token } = await registerWorker(fleet.url, owner, 'mailer', { capabilities })
    await fleet.programs.worker(newest, fleet.server.url, token)
    const asked = async (id: number): Promise<Review> =>
      until(async () => {
        const { items } = (await owner<{ items: Review[] }>('GET', `/api/v1/reviews?job_id=${id}&status=pending`)).body
        return items[0]
      }, 20_000)
    const decide = (review: Review, body: object) =>
      owner('POST', `/reviews/${review.id}/decide`, { body: { digest: review.digest, ...body } }).then(({ status, text }) =>
        expect(status, text).toBe(200),
      )
    const first = await fleet.dispatch('authorize Hello', { capability: 'email.triage' }, owner)
    const review = await asked(first.id)
    expect(review).toMatchObject({ title: 'Send a mail', payload: { text: 'Hello' }, capability: 'mail.send' })
    await decide(review, { verdict: 'edit', payload: { text: 'Hello, kindly' } })
    expect(await fleet.settled(first.id, 30_000, owner)).toMatchObject({ status: 'done', result: '{"text": "Hello, kindly"}' })
    const second = await fleet.dispatch('authorize Buy now', { capability: 'email.triage' }, owner)
    await decide(await asked(second.id), { verdict: 'deny', comment: 'too many exclamation marks' })
    expect(await fleet.settled(second.id, 30_000, owner)).toMatchObject({ result: 'refused: too many exclamation marks' })
  })

  test('runs as many jobs at a time as it has slots, and takes the operator at their word', async () => {
    const { owner } = await fleet.tenant()
    const program = await fleet.worker('wide', { owner, arguments: ['slots=3'] })
    const jobs = await Promise.all([1, 2, 3].map(() => fleet.dispatch('polite', {}, owner)))
    await until(async () => {
      const states = await Promise.all(jobs.map(({ id }) => fleet.job(id, owner)))
      return states.every((job) => job.status === 'running') ? true : undefined
    }, 30_000)
    await owner('POST', '/api/v1/jobs/abort', { body: { all: true } })
    await program.said(/(?:noticed[^]*){3}/)
    const [worker] = (await owner<{ items: { worker_id: string }[] }>('GET', '/api/v1/workers')).body.items
    await owner('PATCH', `/api/v1/workers/${worker?.worker_id ?? ''}`, { body: { config: { slots: 1 } } })
    await program.said(/set slots to 1/)
  })

  test('survives handlers that fork, and handlers with threads', async () => {
    const { owner } = await fleet.tenant()
    const program = await fleet.worker('forker', { owner })
    const forked = await fleet.run('fork', {}, owner)
    expect(forked, program.text()).toMatchObject({ status: 'done', result: '[0, 1, 7, 0]', attempt: 1, output: 'of the parent\n' })
    const threaded = await fleet.run('threads', {}, owner)
    expect(threaded).toMatchObject({ status: 'done', result: 'all' })
    for (let index = 0; index < 6; index += 1) {
      const own = [...threaded.output.matchAll(new RegExp(`<${index}:(\\d+)>`, 'g'))].map((match) => Number(match[1]))
      expect(own).toEqual(Array.from({ length: 20 }, (_, part) => part))
    }
    expect(await fleet.run('sleep 0.1', {}, owner)).toMatchObject({ status: 'done' })
    // Rows come to the registry after the job's answer.
    const ends = await until(async () => {
      const rows = (await owner<{ items: { action: string }[] }>('GET', `/audit?job_id=${forked.id}`)).body.items
      const found = rows.filter((row) => row.action === 'job.complete' || row.action === 'job.fail')
      return found.length === 0 ? undefined : found
    }, 30_000)
    expect(ends).toHaveLength(1)
  })

  test('is one process per name, and says what to do about it', async () => {
    const { owner } = await fleet.tenant()
    const first = await fleet.worker('only', { owner })
    const env = { MODELREINS_URL: fleet.server.url, MODELREINS_TOKEN: first.token }
    const second = fleet.programs.start(newest, undefined, { code: tenLines, env })
    await second.said(/It may have died: waiting up to 35 s/)
    const third = await fleet.programs.worker(newest, fleet.server.url, first.token, { arguments: ['takeover=true'] })
    await first.said(/Another process has taken over the name of this worker/)
    expect(await first.exit).toBe(1)
    third.kill('SIGINT')
    expect(await third.exit).toBe(0)
  })

  test('with a revoked token it ends, and says so', async () => {
    const { owner } = await fleet.tenant()
    const program = await fleet.worker('fired', { owner })
    const [worker] = (await owner<{ items: { worker_id: string }[] }>('GET', '/api/v1/workers')).body.items
    await owner('DELETE', `/api/v1/workers/${worker?.worker_id ?? ''}`)
    expect(await program.exit).toBe(1)
    expect(program.text()).toMatch(/ModelReinsError: /)
  })
})
