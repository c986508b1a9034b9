/** A worker with an executor, over the socket and by long poll: what it takes, says and returns. */
import { hostname } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Job } from '@modelreins/contract'
import type { Transport } from '../../../../worker-sdk/src/worker/settings/options.ts'
import { ControlPlane, workerToken } from '../support/control-plane.ts'
import { WorkerBench } from '../support/workers.ts'

let plane: ControlPlane
const bench = new WorkerBench()
beforeEach(async () => {
  plane = await new ControlPlane().listen()
})
afterEach(async () => {
  await bench.stopAll()
  await plane.close()
})

describe.each<Transport>(['socket', 'poll'])('a worker by %s', (transport) => {
  const via = transport === 'socket' ? 'socket' : 'http'

  it('is ready, runs a job and completes it with the result', async () => {
    const { worker, heard } = bench.make(plane, { transport, executor: (job) => `echo: ${job.prompt}` })
    await worker.start()
    const id = plane.dispatch({ prompt: 'hello' })
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)).toMatchObject({ kind: 'complete', via, body: { result: 'echo: hello', exit_code: 0 } })
    await worker.stop()
    expect(heard).toEqual([
      { event: 'starting', payload: { name: 'tester', url: plane.url } },
      { event: 'connected', payload: { name: 'tester' } },
      { event: 'ready', payload: { name: 'tester' } },
      { event: 'job:start', payload: { id, prompt: 'hello' } },
      { event: 'job:done', payload: { id, exitCode: 0 } },
      { event: 'stopped', payload: { name: 'tester' } },
    ])
  })

  it.each([
    ['as it was told to', 'tester', ['tester', 'tester', 'tester']],
    ['as its host until the server says what it is registered as', '', [hostname(), 'registered', 'registered']],
  ])('calls itself %s', async (_, name, names) => {
    const { worker, heard } = bench.make(plane, { transport, name })
    await worker.start()
    const said = heard.filter(({ event }) => ['starting', 'connected', 'ready'].includes(event)).map(({ payload }) => payload)
    expect(said).toEqual([{ name: names[0], url: plane.url }, { name: names[1] }, { name: names[2] }])
  })

  it('sends the output of a short job with its completion and creates no stream', async () => {
    const { worker } = bench.make(plane, {
      transport,
      executor: async (_, ctx) => {
        await ctx.output('one\n')
        await ctx.output('two\n')
        return 0
      },
    })
    await worker.start()
    const id = plane.dispatch()
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)?.body).toMatchObject({ tail: { text: 'one\ntwo\n', truncated: false }, exit_code: 0 })
    expect(plane.endOf(id)?.body).not.toHaveProperty('chunks')
    expect(plane.output).toEqual([])
  })

  it('streams also the output of a short job when it has two streams, which a completion would make one', async () => {
    const { worker } = bench.make(plane, {
      transport,
      executor: async (_, ctx) => {
        await ctx.output('one\n')
        await ctx.output('two\n', 'stderr')
      },
    })
    await worker.start()
    const id = plane.dispatch()
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)?.body).toMatchObject({ chunks: 2 })
    expect(plane.output.map(({ stream, text }) => [stream, text])).toEqual([
      ['stdout', 'one\n'],
      ['stderr', 'two\n'],
    ])
  })

  it('streams the output of a job that goes on, and says how many chunks there were', async () => {
    let finish: () => void = () => undefined
    const { worker } = bench.make(plane, {
      transport,
      executor: async (_, ctx) => {
        await ctx.output('first\n')
        await new Promise<void>((resolve) => {
          finish = resolve
        })
        await ctx.output('last\n')
      },
    })
    await worker.start()
    const id = plane.dispatch()
    await plane.until(() => plane.outputOf(id) === 'first\n')
    finish()
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)?.body).toMatchObject({ chunks: 1, tail: { text: 'last\n', truncated: true } })
  })

  it('runs as many jobs at a time as it has slots', async () => {
    let running = 0
    let most = 0
    let open: () => void = () => undefined
    const full = new Promise<void>((resolve) => {
      open = resolve
    })
    const { worker } = bench.make(plane, {
      transport,
      slots: 3,
      executor: async () => {
        running += 1
        most = Math.max(most, running)
        // Nobody goes on before there are as many as there may be; one more would be seen in the meantime.
        if (running >= 3) open()
        await full
        running -= 1
      },
    })
    await worker.start()
    const ids = Array.from({ length: 12 }, () => plane.dispatch())
    await plane.until(() => ids.every((id) => plane.endOf(id) !== undefined))
    expect(most).toBe(3)
    expect(plane.ended).toHaveLength(12)
  })

  it('runs short jobs one at a time with one slot; on a socket, a start then travels with the completion before it', async () => {
    let [running, most] = [0, 0]
    const { worker } = bench.make(plane, {
      transport,
      executor: async () => {
        running += 1
        most = Math.max(most, running)
        await Promise.resolve()
        running -= 1
      },
    })
    await worker.start()
    const ids = Array.from({ length: 60 }, () => plane.dispatch())
    await plane.until(() => ids.every((id) => plane.endOf(id) !== undefined))
    expect(most).toBe(1)
    const together = plane.messages.filter((text) => text.includes('"complete"') && text.includes('"start"'))
    expect(together.length > 0).toBe(transport === 'socket')
  })

  it('fails a job whose handler throws, classified and retryable', async () => {
    const { worker, next } = bench.make(plane, {
      transport,
      executor: () => {
        throw new Error('HTTP 429 Too Many Requests')
      },
    })
    await worker.start()
    const told = next('job:error')
    const id = plane.dispatch()
    expect(await told).toMatchObject({ id, errorType: 'rate_limited', retryable: true })
    expect(plane.endOf(id)).toMatchObject({ kind: 'fail', body: { error: { type: 'rate_limited', retryable: true } } })
  })

  it('fails a job whose handler returns a code other than 0', async () => {
    const { worker, next } = bench.make(plane, { transport, executor: () => 3 })
    await worker.start()
    const told = next('job:error')
    const id = plane.dispatch()
    expect(await told).toMatchObject({ id, errorType: 'exit_error', retryable: false })
    expect(plane.endOf(id)).toMatchObject({ kind: 'fail', body: { exit_code: 3 } })
  })

  it('loads the context of a job that has a policy', async () => {
    plane.contextText = 'what was said before'
    const { worker, next } = bench.make(plane, { transport, executor: (_, ctx) => ctx.context })
    await worker.start()
    const told = next('context')
    const id = plane.dispatch({ context: 'inline' })
    expect(await told).toEqual({ policy: 'inline', size: 20, context: 'what was said before' })
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)?.body).toMatchObject({ result: 'what was said before' })
  })

  it('keeps its token and registered secrets out of output, result and errors', async () => {
    const { worker, heard } = bench.make(plane, {
      transport,
      redact: ['hunter2-hunter2'],
      allowSecret: ['MAIL_PASSWORD'],
      env: { MODELREINS_CONFIG: '/nonexistent', MAIL_PASSWORD: 'correct-horse-battery' },
      executor: async (_, ctx) => {
        const secret = await ctx.secret('vault://env/MAIL_PASSWORD')
        await ctx.output(`hunter2-`)
        await ctx.output(`hunter2 and ${worker.options.token}\n`)
        return `sent with ${secret}`
      },
    })
    await worker.start()
    const id = plane.dispatch()
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)?.body).toMatchObject({ tail: { text: '[redacted] and [redacted]\n' }, result: 'sent with [redacted]' })
    expect(heard.filter(({ event }) => event === 'output').map(({ payload }) => payload)).toEqual([
      { jobId: id, content: '[redacted] and [redacted]\n', stream: 'stdout' },
    ])
  })

  it('sends a large result over HTTP', async () => {
    const result = 'x'.repeat(100_000)
    const { worker } = bench.make(plane, { transport, executor: () => result })
    await worker.start()
    const id = plane.dispatch()
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)).toMatchObject({ via: 'http', body: { result } })
  })

  it('reports usage summed over calls', async () => {
    const { worker } = bench.make(plane, {
      transport,
      executor: (_, ctx) => {
        ctx.usage({ tokens_in: 10, tokens_out: 1, model: 'small' })
        ctx.usage({ tokens_in: 5, cost_usd: 0.25, model: 'large' })
      },
    })
    await worker.start()
    const id = plane.dispatch()
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)?.body).toMatchObject({ usage: { tokens_in: 15, tokens_out: 1, cost_usd: 0.25, model: 'large' } })
  })
})

it('shows the handler the same job over the socket as by long poll: running, with the number of its attempt', async () => {
  const shown: Job[] = []
  for (const transport of ['socket', 'poll'] as const) {
    const { worker, next } = bench.make(plane, { transport, executor: (job) => void shown.push(job) })
    await worker.start()
    const done = next('job:done')
    plane.dispatch({ prompt: 'same', error: { type: 'network', message: 'of the attempt before', retryable: true } })
    await done
    await worker.stop()
  }
  const [bySocket, byPoll] = shown
  const own = { id: expect.any(Number), started_at: expect.stringMatching(/^\d{4}-.*Z$/) }
  expect(bySocket).toMatchObject({ status: 'running', attempt: 1, assigned_to: 'registered', error: null, ...own })
  expect(byPoll).toEqual({ ...bySocket, ...own })
})

it.each<Transport>(['socket', 'poll'])('tells a child by %s which attempt it is', async (transport) => {
  const { worker } = bench.make(plane, {
    transport,
    command: 'echo "$MODELREINS_JOB_ID/$MODELREINS_ATTEMPT"',
    env: { PATH: '/usr/bin:/bin', MODELREINS_CONFIG: '/nonexistent' },
  })
  await worker.start()
  const id = plane.dispatch()
  await plane.until(() => plane.endOf(id) !== undefined)
  expect(plane.endOf(id)?.body['result']).toBe(`${id}/1`)
})

it('gives its token to no child, under whatever name the environment holds it', async () => {
  const { worker } = bench.make(plane, {
    command: 'env',
    env: { PATH: '/usr/bin:/bin', MODELREINS_CONFIG: '/nonexistent', MY_TOKEN: `x${workerToken}`, OTHER: 'kept' },
  })
  await worker.start()
  const id = plane.dispatch()
  await plane.until(() => plane.endOf(id) !== undefined)
  expect(plane.endOf(id)?.body['result']).toContain('OTHER=kept')
  expect(plane.endOf(id)?.body['result']).not.toContain('MY_TOKEN')
})

it('sends one message per step of a job over the socket, and nothing while idle', async () => {
  const { worker } = bench.make(plane, { transport: 'socket' })
  await worker.start()
  await plane.until(() => plane.credit === 1)
  const before = plane.messages.length
  const id = plane.dispatch()
  await plane.until(() => plane.endOf(id) !== undefined && plane.credit === 1)
  // started (with the credit left), completed (with the credit regained)
  expect(plane.messages.slice(before)).toHaveLength(2)
  expect(plane.seen.map((request) => request.path)).toEqual(['/api/v1/connect'])
})
