import { env } from 'cloudflare:test'
import { describe, expect, it, vi } from 'vitest'
import { streamTimings } from '../../../../durable-objects/job-stream/clock.ts'
import { transcriptKey } from '../../../../durable-objects/job-stream/gate.ts'
import { alarmTaskOf } from '../../../../durable-objects/job-stream/retention.ts'
import { done, failed, said, TestStream } from './streams.ts'

/** A stream with three chunks and a gap, ended, archived, emptied. */
async function emptied(end = done): Promise<TestStream> {
  const stream = await TestStream.open()
  await stream.append(['a'])
  await stream.append(['c', 'ü😀'], { from: 2 })
  await stream.close(end, { tail: 'tail' })
  stream.clock.advance(streamTimings.archive_after_ms)
  await stream.alarm()
  stream.clock.advance(streamTimings.hot_ms)
  await stream.alarm()
  return stream
}

const whole = ['a', [1, 1], 'c', 'ü😀', 'tail', 'done']

describe('the transcript', () => {
  it('is in R2 after the end, one chunk per line and the end as the last', async () => {
    const stream = await TestStream.open()
    await stream.append([{ seq: 0, stream: 'stderr', text: 'a\n' }])
    await stream.close(done, { tail: 'tail' })
    expect(await stream.transcript()).toBeUndefined()
    expect(await stream.alarm()).toBe(true)
    expect(await stream.transcript()).toEqual([
      { seq: 0, attempt: 1, stream: 'stderr', text: 'a\n' },
      { seq: 1, attempt: 1, stream: 'stdout', text: 'tail' },
      { end: done, attempt: 1, next_seq: 2 },
    ])
    expect(said(await stream.replay())).toEqual(['a\n', 'tail', 'done'])
  })

  it('of many megabytes is written piece by piece', async () => {
    const stream = await TestStream.open()
    const chunk = '"\n'.repeat(32 * 1024)
    for (let call = 0; call < 10; call += 1)
      await stream.append(
        Array.from({ length: 16 }, () => chunk),
        { from: call * 16 },
      )
    await stream.close(done)
    await stream.alarm()
    expect(await stream.transcript()).toHaveLength(161)
  })

  it('is tried again later when R2 does not take it', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.close(done)
    const refusing = new Proxy(env.ARCHIVE, {
      get: (bucket, key) => (key === 'put' ? () => Promise.reject(new Error('R2 is away')) : bucket.get.bind(bucket)),
    })
    await stream.inside((object) => Object.assign(object, { env: { ...env, ARCHIVE: refusing } }))
    expect(await stream.alarm()).toBe(true)
    expect(await stream.transcript()).toBeUndefined()
    await stream.evict()
    expect(await stream.alarm()).toBe(true)
    expect(await stream.transcript()).toHaveLength(2)
  })
})

describe('an emptied stream', () => {
  it('holds no storage and rings no more', async () => {
    const stream = await emptied()
    expect(await stream.rows()).toBe(0)
    expect(await stream.inside((_, state) => state.storage.sql.databaseSize)).toBeLessThanOrEqual(4_096)
    expect(await stream.alarm()).toBe(false)
  })

  it('is served from the transcript, resumable and with its gaps', async () => {
    const stream = await emptied()
    expect(said(await stream.replay())).toEqual(whole)
    expect(said(await stream.replay(2))).toEqual(['ü😀', 'tail', 'done'])
    expect(said(await stream.replay(0, { headers: { 'last-event-id': '3' } }))).toEqual(['tail', 'done'])
    expect(said(await stream.replay(99))).toEqual(['done'])
    await stream.evict()
    expect(said(await stream.replay())).toEqual(whole)
  })

  it.each(Array.from({ length: whole.length + 1 }, (_, heard) => heard))(
    'is left by a viewer after %i events: nothing stays of it, and the others hear everything',
    async (heard) => {
      const stream = await emptied()
      const viewer = await stream.watch()
      const other = await stream.watch()
      expect(said(await viewer.take(heard))).toEqual(whole.slice(0, heard))
      await viewer.leave()
      expect(said(await other.rest())).toEqual(whole)
      // The last one to go stops the clock that keeps connections open: the object may sleep.
      await vi.waitFor(() => expect(stream.clock.tickers).toBe(0), 20_000)
      expect(await stream.rows()).toBe(0)
    },
  )

  it('stays as it is when a close comes once more', async () => {
    const stream = await emptied()
    await stream.close(done, { tail: 'tail' })
    await stream.close(failed)
    expect(await stream.rows()).toBe(0)
    expect(said(await stream.replay())).toEqual(whole)
  })

  it('comes back when the job is tried again, and its transcript grows', async () => {
    const stream = await emptied(failed)
    expect(await stream.append(['b'], { attempt: 2, nonce: 'second' })).toEqual({ ok: true, value: { next_seq: 1, closed: false } })
    await stream.evict()
    await stream.close(done, { attempt: 2 })
    expect(said(await stream.replay())).toEqual(['a', [1, 1], 'c', 'ü😀', 'tail', 'b', 'done'])
    await stream.alarm()
    expect(await stream.transcript()).toHaveLength(6)
    stream.clock.advance(streamTimings.hot_ms)
    await stream.alarm()
    expect(await stream.rows()).toBe(0)
    expect(said(await stream.replay())).toEqual(['a', [1, 1], 'c', 'ü😀', 'tail', 'b', 'done'])
  })

  it('shows its output to a viewer who waits for the next attempt', async () => {
    const stream = await emptied(failed)
    const viewer = await stream.watch(-1, { ended: '0' })
    expect(said(await viewer.take(5))).toEqual(['a', [1, 1], 'c', 'ü😀', 'tail'])
    await stream.append(['b'], { attempt: 2, nonce: 'second' })
    await stream.close(done, { attempt: 2 })
    expect(said(await viewer.rest())).toEqual(['b', 'done'])
  })

  it('refuses an attempt of a job that does not run again', async () => {
    const stream = await emptied()
    stream.answer = () => done
    expect(await stream.append(['x'], { attempt: 2, nonce: 'second' })).toMatchObject({ ok: false, failure: { code: 'lease-lost' } })
    expect(said(await stream.replay())).toEqual(whole)
  })

  it('is brought back from the transcript alone after a restore that broke off', async () => {
    const stream = await emptied(failed)
    const key = transcriptKey(stream.tenant, stream.job_id)
    const good = await (await env.ARCHIVE.get(key))?.text()
    await env.ARCHIVE.put(key, (good ?? '').split('\n').slice(0, 2).join('\n').concat('\n'), { customMetadata: { attempt: '1' } })
    const append = { tenant: stream.tenant, job_id: stream.job_id, attempt: 2, nonce: 'second', chunks: [] }
    await stream.inside((object) => expect(object.append(append)).rejects.toThrow('no end'))
    await env.ARCHIVE.put(key, good ?? '', { customMetadata: { attempt: '1' } })
    await stream.evict()
    expect(await stream.append(['b'], { attempt: 2, nonce: 'second' })).toMatchObject({ ok: true })
    await stream.close(done, { attempt: 2 })
    expect(said(await stream.replay())).toEqual(['a', [1, 1], 'c', 'ü😀', 'tail', 'b', 'done'])
  })
})

describe('an alarm', () => {
  const state = {
    tenant: 'acme',
    job_id: 1,
    attempt: 1,
    nonce: 'n',
    offered_at: 0,
    base: 0,
    ended_attempt: 1,
    end: done,
    archived_at: null,
  }
  it.each([
    [
      'late or early, it looks at the state alone',
      { ...state, end: null },
      1_000,
      1_001,
      { kind: 'wait', until: 1_000 + streamTimings.unwatched_silence_ms },
    ],
    ['asks after hours of silence', { ...state, end: null }, 0, streamTimings.unwatched_silence_ms, { kind: 'ask' }],
    ['archives what has ended', state, 0, 0, { kind: 'archive' }],
    ['keeps what was archived for a while', { ...state, archived_at: 5 }, 0, 6, { kind: 'wait', until: 5 + streamTimings.hot_ms }],
    ['empties it then', { ...state, archived_at: 5 }, 0, 5 + streamTimings.hot_ms, { kind: 'empty' }],
  ])('%s', (_name, given, heardAt, now, expected) => {
    expect(alarmTaskOf(given, heardAt, now)).toEqual(expected)
  })

  it('that comes twice does no harm', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.close(done)
    await stream.alarm()
    await stream.alarm()
    await stream.alarm()
    expect(await stream.rows()).toBe(1)
    expect(said(await stream.replay())).toEqual(['a', 'done'])
  })
})
