/** Says what a worker makes of a provider that is silent or at its limit: it stops the one, and tells the server until when the other lasts. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { answer, delta, sse } from '../../../../support/recordings/recordings.ts'
import { startPlayer } from '../../../../../worker-sdk/src/providers/recording/player.ts'
import { ControlPlane } from '../../support/control-plane.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { WorkerBench } from '../../support/workers.ts'

const bench = new WorkerBench()
let plane: ControlPlane
beforeEach(async () => {
  plane = await new ControlPlane().listen()
})
afterEach(async () => {
  await bench.stopAll()
  await plane.close()
})

const model = { type: 'http', model: 'm' }

it('stops a stream that stalls after two minutes, far below the time of the job', async () => {
  const player = await startPlayer(answer('http', { body: sse(delta('Half')), ends: 'open' }))
  const clock = new ManualClock()
  // Two minutes pass here in no time, in which no answer of the server can come.
  const { worker, next } = bench.make(plane, { ...model, endpoint: player.settings.endpoint ?? '', clock, onLost: 'finish' })
  await worker.start()
  const heard = next('output')
  const told = next('job:error')
  const id = plane.dispatch({ timeout: 3_600 })
  await heard
  await clock.advance(119_000)
  expect(plane.endOf(id)).toBeUndefined()
  await clock.advance(2_000)
  expect(await told).toMatchObject({ id, errorType: 'timeout', retryable: true, error: expect.stringContaining('said nothing for 120 s') })
  await player.stop()
})

it('takes the silence that the worker is set to before that of its provider', async () => {
  const player = await startPlayer(answer('http', { body: ': alive\n\n', ends: 'open' }))
  const clock = new ManualClock()
  const { worker, next } = bench.make(plane, { ...model, endpoint: player.settings.endpoint ?? '', clock, silenceTimeout: 30 })
  await worker.start()
  const started = next('job:start')
  const told = next('job:error')
  plane.dispatch({ timeout: 3_600 })
  await started
  await clock.advance(30_000)
  expect(await told).toMatchObject({ errorType: 'timeout', error: expect.stringContaining('said nothing for 30 s') })
  await player.stop()
})

it('tells until when the account of its provider is at a limit, with the failure and in its presence', async () => {
  const player = await startPlayer(
    answer('http', {
      status: 429,
      headers: { 'content-type': 'application/json', 'retry-after': '3600' },
      body: '{"error":{"message":"weekly limit"}}',
    }),
  )
  const { worker, next } = bench.make(plane, { ...model, endpoint: player.settings.endpoint ?? '', transport: 'poll', pollMs: 250 })
  await worker.start()
  const told = next('job:error')
  const id = plane.dispatch()
  await told
  const body = plane.endOf(id)?.body
  expect(body).toMatchObject({ error: { type: 'rate_limited', retryable: true, message: expect.stringContaining('weekly limit') } })
  const until = String(body?.['parked_until'])
  expect(Date.parse(until) - Date.now()).toBeGreaterThan(3_500_000)
  await plane.until(() => plane.seen.some(({ path, body: report }) => path.endsWith('/presence') && JSON.stringify(report).includes(until)))
  await player.stop()
})

it.each([3 * 3_600_000, -3 * 3_600_000])('counts "in 60 seconds" from the clock of the server, which is %i ms ahead', async (aheadMs) => {
  plane.aheadMs = aheadMs
  const executor = () => {
    throw new Error('429 rate limit exceeded, retry after 60 seconds')
  }
  const { worker, next } = bench.make(plane, { executor })
  await worker.start()
  const told = next('job:error')
  const id = plane.dispatch()
  await told
  const error = plane.endOf(id)?.body['error']
  const retryAt = typeof error === 'object' && error !== null && 'retry_at' in error ? String(error.retry_at) : ''
  expect(Math.round((Date.parse(retryAt) - Date.now() - aheadMs) / 60_000)).toBe(1)
})
