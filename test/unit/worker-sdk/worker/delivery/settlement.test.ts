/** An attempt ends on the server, whatever a handler reported and however little of it the server takes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Usage } from '@modelreins/contract'
import { attemptCompletion, attemptFailure } from '@modelreins/contract'
import type { Executor } from '../../../../../worker-sdk/src/index.ts'
import type { Transport } from '../../../../../worker-sdk/src/worker/settings/options.ts'
import { ControlPlane, problemOf, refuse } from '../../support/control-plane.ts'
import { WorkerBench } from '../../support/workers.ts'

let plane: ControlPlane
const bench = new WorkerBench()
beforeEach(async () => {
  plane = await new ControlPlane().listen()
})
afterEach(async () => {
  await bench.stopAll()
  await plane.close()
})

/** Refuses every settlement that `isBad` says so of, on both ways. */
function refuseSettlements(isBad: (kind: string, body: Record<string, unknown>) => boolean, detail: string): void {
  plane.interceptFrame = (frame, socket) => {
    if (frame.type !== 'complete' && frame.type !== 'fail') return false
    const bad = isBad(frame.type, frame)
    if (bad) socket.send(JSON.stringify({ type: 'problem', ref: frame.ref, problem: problemOf('invalid-request', detail) }))
    return bad
  }
  plane.intercept = (request, response) => {
    const kind = /\/(complete|fail)$/.exec(request.path)?.[1]
    const bad = kind !== undefined && isBad(kind, request.body as Record<string, unknown>)
    if (bad) refuse(response, 'invalid-request', detail)
    return bad
  }
}

function circle(): object {
  const self: { self?: unknown } = {}
  self.self = self
  return self
}

const odd = (usage: unknown): Usage => usage as Usage

describe.each<Transport>(['socket', 'poll'])('by %s', (transport) => {
  it.each<[string, unknown]>([
    ['negative tokens', { tokens_in: -1, tokens_out: 3 }],
    ['tokens that are a text', { tokens_in: 'x', tokens_out: 3 }],
    ['a negative cost', { cost_usd: -0.01, tokens_out: 3 }],
    ['a model with a long name', { model: 'm'.repeat(200), tokens_out: 3 }],
    ['no object at all', 'much'],
  ])('completes a job whose handler reports %s, and says what was wrong', async (_, reported) => {
    const { worker, next, heard } = bench.make(plane, {
      transport,
      executor: (__, ctx) => {
        ctx.usage(odd(reported))
        return 'precious'
      },
    })
    await worker.start()
    const done = next('job:done')
    const id = plane.dispatch()
    await done
    expect(plane.endOf(id)).toMatchObject({ kind: 'complete', body: { result: 'precious' } })
    expect(attemptCompletion.safeParse({ job_id: id, ...plane.endOf(id)?.body }).success).toBe(true)
    expect(heard).toContainEqual({ event: 'error', payload: { type: 'usage', error: expect.stringContaining(`job ${id}: usage`) } })
  })

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY])('fails a job whose handler returns %s, which is no exit code', async (returned) => {
    const { worker, next } = bench.make(plane, { transport, executor: () => returned })
    await worker.start()
    const told = next('job:error')
    const id = plane.dispatch()
    expect(await told).toMatchObject({ id, error: expect.stringContaining(`returned ${returned}`), retryable: false })
    expect(plane.endOf(id)?.kind).toBe('fail')
    expect(attemptFailure.safeParse({ job_id: id, ...plane.endOf(id)?.body }).success).toBe(true)
  })

  it.each<[string, unknown, string]>([
    ['an object', { total: 3, parts: ['a'] }, '{"total":3,"parts":["a"]}'],
    ['a list', [1, 'two', null], '[1,"two",null]'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
  ])('takes %s that a handler returns as a result in JSON', async (_, returned, result) => {
    const { worker, next } = bench.make(plane, { transport, executor: () => returned as object })
    await worker.start()
    const done = next('job:done')
    const id = plane.dispatch()
    await done
    expect(plane.endOf(id)).toMatchObject({ kind: 'complete', body: { result, exit_code: 0 } })
  })

  it.each<[string, unknown, string]>([
    ['true', true, 'returned true: it may return a text'],
    ['a function', () => 1, 'returned a function'],
    ['a big integer', 10n, 'returned 10'],
    ['an Error', new Error('x'), 'returned an object (Error)'],
    ['a Map', new Map(), 'returned an object (Map)'],
    ['an object that holds itself', circle(), 'is not JSON'],
  ])('fails a job whose handler returns %s, and says what it may return', async (_, returned, words) => {
    const { worker, next } = bench.make(plane, { transport, executor: () => returned as object })
    await worker.start()
    const told = next('job:error')
    const id = plane.dispatch()
    expect(await told).toMatchObject({ id, error: expect.stringContaining(words), errorType: 'unknown', retryable: false })
    expect(plane.endOf(id)?.kind).toBe('fail')
  })

  it('settles again with the result alone when the server refuses what is around it', async () => {
    refuseSettlements((_, body) => 'usage' in body || 'tail' in body, 'usage: no')
    const executor: Executor = async (_, ctx) => {
      ctx.usage({ tokens_in: 1 })
      await ctx.output('words\n')
      return 'precious'
    }
    const { worker, next, heard } = bench.make(plane, { transport, executor })
    await worker.start()
    const done = next('job:done')
    const id = plane.dispatch()
    await done
    expect(plane.ended).toHaveLength(1)
    expect(plane.endOf(id)).toMatchObject({ kind: 'complete', body: { result: 'precious' } })
    expect(heard).toContainEqual({ event: 'error', payload: { type: 'completion', error: 'usage: no' } })
  })

  it('fails the attempt with the reason when the server refuses the result itself, and does not call it done', async () => {
    refuseSettlements((kind) => kind === 'complete', 'result: no')
    const { worker, next, heard } = bench.make(plane, { transport, executor: () => 'precious' })
    await worker.start()
    const told = next('job:error')
    const id = plane.dispatch()
    expect(await told).toEqual({ id, error: 'The server refused the result: result: no', errorType: 'unknown', retryable: false })
    expect(plane.endOf(id)).toMatchObject({ kind: 'fail', body: { error: { message: 'The server refused the result: result: no' } } })
    expect(heard.filter(({ event }) => event === 'job:done')).toEqual([])
  })

  it('says a failure in plain words when the server refuses the rest of it', async () => {
    refuseSettlements((_, body) => 'tail' in body, 'tail: no')
    const executor: Executor = async (_, ctx) => {
      await ctx.output('words\n')
      return 3
    }
    const { worker, next } = bench.make(plane, { transport, executor })
    await worker.start()
    const told = next('job:error')
    const id = plane.dispatch()
    expect(await told).toMatchObject({ id, errorType: 'exit_error' })
    expect(plane.endOf(id)?.body).toEqual({ error: { type: 'exit_error', message: 'Exited with code 3', retryable: false } })
  })

  it('holds no lease and takes the next job when nothing is taken of how the last one ended', async () => {
    let refusing = true
    refuseSettlements(() => refusing, 'nothing will do')
    const { worker, next, heard } = bench.make(plane, { transport })
    await worker.start()
    const told = next('job:error')
    plane.dispatch()
    expect(await told).toMatchObject({ error: 'The server refused how the attempt ended: nothing will do', retryable: false })
    refusing = false
    const done = next('job:done')
    const second = plane.dispatch()
    expect(await done).toMatchObject({ id: second })
    await worker.stop()
    expect(plane.requests('PUT', '/api/v1/presence').at(-1)?.body).toMatchObject({ status: 'stopped', leases: [] })
    expect(heard.filter(({ event }) => event === 'job:done')).toHaveLength(1)
  })
})

it('goes over HTTP at once, and says its credit again, when the server could not read a message of the socket', async () => {
  let unread = 0
  plane.interceptFrame = (frame, socket) => {
    if (frame.type === 'complete' && unread === 0) {
      unread = plane.messages.length
      socket.send(JSON.stringify({ type: 'problem', ref: null, problem: problemOf('invalid-request', 'frame 0: result: no') }))
    }
    // The rest of the message is lost with it.
    return unread === plane.messages.length
  }
  const { worker, next } = bench.make(plane, { transport: 'socket', executor: (job) => job.prompt })
  await worker.start()
  await plane.until(() => plane.credit === 1)
  const done = next('job:done')
  const id = plane.dispatch({ prompt: 'first' })
  await done
  expect(plane.endOf(id)).toMatchObject({ via: 'http', body: { result: 'first' } })
  const second = plane.dispatch({ prompt: 'second' })
  await plane.until(() => plane.endOf(second) !== undefined)
  expect(plane.endOf(second)?.via).toBe('socket')
})
