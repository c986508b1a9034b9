/** Listeners, and what they cannot break. */
import { expect, it } from 'vitest'
import { Emitter } from '../../../../worker-sdk/src/worker/emitter.ts'
import { debugFor } from '../../../../worker-sdk/src/worker/debug.ts'

it('calls listeners in order, once where asked, and not after they left', () => {
  const emitter = new Emitter()
  const heard: string[] = []
  const leaving = (): void => void heard.push('leaving')
  emitter.on('ready', ({ name }) => heard.push(name))
  emitter.once('ready', () => heard.push('once'))
  emitter.on('ready', leaving).off('ready', leaving)
  emitter.emit('ready', { name: 'a' })
  emitter.emit('ready', { name: 'b' })
  expect(heard).toEqual(['a', 'once', 'b'])
})

it('tells a listener that throws or rejects as an error, and goes on', async () => {
  const emitter = new Emitter()
  const errors: string[] = []
  emitter.on('error', ({ error }) => errors.push(error))
  emitter.on('ready', () => {
    throw new Error('thrown')
  })
  emitter.on('ready', () => Promise.reject(new Error('rejected')))
  emitter.on('ready', () => errors.push('went on'))
  emitter.emit('ready', { name: 'a' })
  await Promise.resolve()
  expect(errors).toEqual(['a listener of "ready" failed: thrown', 'went on', 'a listener of "ready" failed: rejected'])
})

it('says an error that nobody listens to, and does not throw it', () => {
  const said: string[] = []
  const emitter = new Emitter((line) => said.push(line))
  emitter.emit('job:error', { id: 1, error: 'broken', errorType: 'unknown', retryable: false })
  expect(said).toEqual([])
  emitter.emit('error', { type: 'heartbeat', error: 'no network' })
  expect(said).toEqual(['modelreins-worker: heartbeat: no network\n'])
  emitter.on('error', () => undefined)
  emitter.emit('error', { type: 'heartbeat', error: 'no network' })
  expect(said).toHaveLength(1)
})

it.each([
  ['modelreins:*', true],
  ['*', true],
  ['other,modelreins:socket', true],
  ['modelreins:sock', false],
  ['modelreins:*,-modelreins:socket', false],
  ['', false],
  [undefined, false],
])('DEBUG=%s logs modelreins:socket: %s', (selection, logs) => {
  const lines: string[] = []
  debugFor('socket', selection, (line) => lines.push(line))('connected')
  expect(lines.length > 0).toBe(logs)
})
