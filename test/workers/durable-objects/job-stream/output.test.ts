import { limits } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { streamTimings } from '../../../../durable-objects/job-stream/clock.ts'
import { done, failed, ids, said, TestStream } from './streams.ts'

const lost = { ok: false, failure: { code: 'lease-lost' } }
const accepted = (next_seq: number) => ({ ok: true, value: { next_seq, closed: false } })

describe('appending', () => {
  it('numbers the chunks of all attempts through, and says which attempt wrote', async () => {
    const stream = await TestStream.open()
    expect(await stream.append(['a', 'b'])).toEqual(accepted(2))
    expect(await stream.append(['c'], { from: 2 })).toEqual(accepted(3))
    expect(await stream.append(['d', 'e'], { attempt: 2, nonce: 'second' })).toEqual(accepted(2))
    await stream.close(done, { attempt: 2 })
    const events = await stream.replay()
    expect(said(events)).toEqual(['a', 'b', 'c', 'd', 'e', 'done'])
    expect(ids(events)).toEqual([0, 1, 2, 3, 4])
    expect(events.flatMap((event) => (event.event === 'output' ? event.data.attempt : []))).toEqual([1, 1, 1, 2, 2])
    expect(events.at(-1)).toEqual({ event: 'end', data: done })
  })

  it('keeps which stream a chunk came from, and every character', async () => {
    const stream = await TestStream.open()
    const text = 'NUL \0, RTL \u202e, emoji 😀, CRLF \r\n\n, data: x\n\nid: 9\n, \u2028'
    await stream.append([{ seq: 0, stream: 'stderr', text }])
    await stream.close(done)
    const [event] = await stream.replay()
    expect(event).toEqual({ event: 'output', id: 0, data: { seq: 0, attempt: 1, stream: 'stderr', text } })
  })

  it('recognises repeated chunks, also in part and out of order', async () => {
    const stream = await TestStream.open()
    await stream.append(['a', 'b', 'c'])
    expect(await stream.append(['a', 'b', 'c'])).toEqual(accepted(3))
    expect(await stream.append(['c', 'd'], { from: 2 })).toEqual(accepted(4))
    const [e, f] = [
      { seq: 4, stream: 'stdout', text: 'e' },
      { seq: 5, stream: 'stdout', text: 'f' },
    ] as const
    expect(await stream.append([f, e, f])).toEqual(accepted(6))
    await stream.close(done)
    expect(said(await stream.replay())).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'done'])
  })

  it('declares what the sender left out', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    expect(await stream.append(['d', 'e'], { from: 3 })).toEqual(accepted(5))
    await stream.append(['y'], { attempt: 2, nonce: 'second', from: 2 })
    await stream.close(done, { attempt: 2 })
    expect(said(await stream.replay())).toEqual(['a', [1, 2], 'd', 'e', [5, 6], 'y', 'done'])
  })

  it('refuses a sequence that would use the numbers up', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    expect(await stream.append(['b'], { from: Number.MAX_SAFE_INTEGER - 1 })).toMatchObject({
      ok: false,
      failure: { code: 'invalid-request' },
    })
    expect(await stream.append(['b'], { from: 1 })).toEqual(accepted(2))
  })

  it('stores one row for a batch', async () => {
    const stream = await TestStream.open()
    await stream.append(Array.from({ length: 200 }, (_, index) => `line ${index}\n`))
    expect(await stream.rows()).toBe(1)
  })

  it('survives eviction between any two steps', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.evict()
    expect(await stream.append(['a', 'b'])).toEqual(accepted(2))
    await stream.evict()
    expect(await stream.append(['c'], { attempt: 2, nonce: 'second' })).toEqual(accepted(1))
    await stream.evict()
    expect(await stream.append(['c', 'd'], { from: 1 })).toMatchObject(lost)
    expect(await stream.append(['d'], { attempt: 2, nonce: 'second', from: 1 })).toEqual(accepted(2))
    await stream.evict()
    await stream.close(done, { attempt: 2, tail: 'tail' })
    await stream.evict()
    await stream.close(done, { attempt: 2, tail: 'tail' })
    expect(said(await stream.replay())).toEqual(['a', 'b', 'c', 'd', 'tail', 'done'])
  })

  it('takes every chunk of the largest call in rows that fit', async () => {
    const stream = await TestStream.open()
    const chunk = '\u0001'.repeat(limits.output_chunk_bytes)
    expect(await stream.append(Array.from({ length: 20 }, () => chunk))).toEqual(accepted(20))
    await stream.close(done)
    const events = await stream.replay()
    expect(events).toHaveLength(21)
    expect(events.slice(0, -1).every((event) => event.event === 'output' && event.data.text === chunk)).toBe(true)
  })
})

describe('fencing', () => {
  it('refuses an attempt that a newer one has replaced', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.append(['b'], { attempt: 2, nonce: 'second' })
    expect(await stream.append(['late'], { from: 1 })).toMatchObject(lost)
    await stream.close(done, { attempt: 2 })
    expect(said(await stream.replay())).toEqual(['a', 'b', 'done'])
  })

  it('lets only the latest offer of one attempt number write', async () => {
    const stream = await TestStream.open()
    await stream.append(['never started'], { nonce: 'lapsed', offered_at: 100 })
    expect(await stream.append(['x'], { nonce: 'unknown' })).toMatchObject(lost)
    expect(await stream.append(['x'], { nonce: 'older', offered_at: 50 })).toMatchObject(lost)
    expect(await stream.append(['mine'], { nonce: 'started', offered_at: 200 })).toEqual(accepted(1))
    expect(await stream.append(['x'], { nonce: 'lapsed', offered_at: 100, from: 1 })).toMatchObject(lost)
  })

  it('refuses an attempt that has ended, while the job goes on', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.close(null, { tail: 'tail of 1' })
    await stream.close(null, { tail: 'tail of 1' })
    expect(await stream.append(['late'], { from: 1 })).toMatchObject(lost)
    await stream.evict()
    expect(await stream.append(['late'], { from: 1 })).toMatchObject(lost)
    expect(await stream.append(['b'], { attempt: 2, nonce: 'second' })).toEqual(accepted(1))
    await stream.close(done, { attempt: 2 })
    expect(said(await stream.replay())).toEqual(['a', 'tail of 1', 'b', 'done'])
  })

  it('counts on rightly when the tail of an older attempt comes late', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.append(['b'], { attempt: 2, nonce: 'second' })
    await stream.close(null, { attempt: 1, tail: 'tail of 1' })
    expect(await stream.append(['b', 'c'], { attempt: 2, nonce: 'second' })).toEqual(accepted(2))
    await stream.close(done, { attempt: 2 })
    expect(said(await stream.replay())).toEqual(['a', 'b', 'tail of 1', 'c', 'done'])
  })

  it('refuses everything once the job has ended', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.close(done)
    stream.answer = () => done
    expect(await stream.append(['late'], { from: 1 })).toMatchObject(lost)
    expect(await stream.append(['late'], { attempt: 2, nonce: 'of an offer that was never started' })).toMatchObject(lost)
    expect(said(await stream.replay())).toEqual(['a', 'done'])
  })

  it('goes on when a human has had a failed job tried again', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.close(failed)
    stream.answer = () => null
    expect(await stream.append(['b'], { attempt: 2, nonce: 'second' })).toEqual(accepted(1))
    await stream.close(failed, { attempt: 1 })
    await stream.close(done, { attempt: 2, tail: 'tail' })
    expect(said(await stream.replay())).toEqual(['a', 'b', 'tail', 'done'])
  })

  it('asks the sender to come again when nobody can say whether the job runs again', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.close(failed)
    stream.answer = () => {
      throw new Error('unreachable')
    }
    expect(await stream.append(['b'], { attempt: 2, nonce: 'second' })).toMatchObject({ ok: false, failure: { code: 'unavailable' } })
  })
})

describe('closing', () => {
  it('adds the tail and the end once, however often it comes', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.close(done, { tail: 'tail' })
    await stream.close(done, { tail: 'tail' })
    expect(said(await stream.replay())).toEqual(['a', 'tail', 'done'])
  })

  it('makes a stream of a job that never streamed, for the viewers who wait', async () => {
    const stream = await TestStream.open()
    const viewer = await stream.watch()
    await stream.close(done, { tail: 'all of it' })
    expect(said(await viewer.rest())).toEqual(['all of it', 'done'])
    expect(said(await stream.replay())).toEqual(['all of it', 'done'])
  })

  it('replaces the end of the last attempt when the job ends otherwise after all', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.close(null, { tail: 'tail' })
    await stream.close(failed, { tail: 'tail' })
    const aborted = { status: 'failed', result: null, error: { type: 'aborted', message: 'by Ada', retryable: false } }
    await stream.close(aborted, { tail: 'tail' })
    const events = await stream.replay()
    expect(said(events)).toEqual(['a', 'tail', 'failed'])
    expect(events.at(-1)?.data).toEqual(aborted)
  })

  it('says once what the writer says again because it never heard that it arrived', async () => {
    const stream = await TestStream.open()
    await stream.append(['a', 'b'])
    await stream.append(['c', 'd'], { from: 2 })
    await stream.close(done, { tail: 'cde', chunks: 2 })
    expect(said(await stream.replay())).toEqual(['a', 'b', 'c', 'd', 'e', 'done'])
  })

  it('keeps a tail that repeats what arrived for certain', async () => {
    const stream = await TestStream.open()
    await stream.append(['a', 'a'])
    await stream.close(done, { tail: 'aa', chunks: 2 })
    expect(said(await stream.replay())).toEqual(['a', 'a', 'aa', 'done'])
  })

  it('tells the chunks of this attempt from those of the one before', async () => {
    const stream = await TestStream.open()
    await stream.append(['x', 'y'])
    await stream.append(['c'], { attempt: 2, nonce: 'second' })
    await stream.close(done, { attempt: 2, tail: 'cd', chunks: 0 })
    expect(said(await stream.replay())).toEqual(['x', 'y', 'c', 'd', 'done'])
  })

  it('cuts a long tail between characters', async () => {
    const stream = await TestStream.open()
    const tail = `x${'😀'.repeat(40_000)}`
    await stream.close(done, { tail })
    const texts = said(await stream.replay()).slice(0, -1)
    expect(texts.length).toBeGreaterThan(1)
    expect(texts.join('')).toBe(tail)
    expect(texts.some((text) => /\p{Surrogate}/u.test(String(text)))).toBe(false)
  })
})

describe('the size cap', () => {
  it('drops the oldest output, declares the gap, and counts on', async () => {
    const stream = await TestStream.open()
    const chunk = 'x'.repeat(limits.output_chunk_bytes)
    const calls = Math.ceil(limits.output_job_bytes / (16 * limits.output_chunk_bytes)) + 2
    for (let call = 0; call < calls; call += 1)
      await stream.append(
        Array.from({ length: 16 }, () => chunk),
        { from: call * 16 },
      )
    await stream.evict()
    expect(await stream.append(['the newest'], { from: calls * 16 })).toEqual(accepted(calls * 16 + 1))
    await stream.close(done)
    const events = await stream.replay()
    const [gap] = events
    if (gap?.event !== 'gap') throw new Error('no gap')
    expect(gap.data.from).toBe(0)
    expect(gap.data.to).toBeGreaterThanOrEqual(31)
    expect(ids(events)).toEqual(Array.from({ length: calls * 16 - gap.data.to }, (_, index) => gap.data.to + 1 + index))
    const kept = events.reduce((sum, event) => sum + (event.event === 'output' ? event.data.text.length : 0), 0)
    expect(kept).toBeLessThanOrEqual(limits.output_job_bytes)
    expect(kept).toBeGreaterThan(0.98 * limits.output_job_bytes)
    // Resumed inside the gap: only what is missing is declared.
    expect(said((await stream.replay(gap.data.to - 2)).slice(0, 1))).toEqual([[gap.data.to - 1, gap.data.to]])
  })
})

describe('the recent output', () => {
  it('is the end of what one attempt has said, cut between characters', async () => {
    const stream = await TestStream.open()
    await stream.append(['first '])
    await stream.append(['one 😀', '😀', ' two'], { attempt: 2, nonce: 'second' })
    expect(await stream.recent(1_000, 2)).toEqual({ text: 'one 😀😀 two', truncated: false, closed: false })
    expect(await stream.recent(9, 2)).toEqual({ text: '😀 two', truncated: true, closed: false })
    expect(await stream.recent(7, 2)).toEqual({ text: ' two', truncated: true, closed: false })
    expect(await stream.recent(1_000, 1)).toEqual({ text: 'first ', truncated: false, closed: false })
  })

  it('holds the tail once the end has come, and reads the same from the transcript', async () => {
    const stream = await TestStream.open()
    await stream.append(['one '])
    await stream.append(['two '], { from: 1 })
    await stream.close(done, { tail: 'three' })
    const whole = { text: 'one two three', truncated: false, closed: true }
    expect(await stream.recent(1_000)).toEqual(whole)
    await stream.alarm()
    await stream.inside(() => stream.clock.advance(streamTimings.hot_ms))
    await stream.alarm()
    expect(await stream.rows()).toBe(0)
    expect(await stream.recent(1_000)).toEqual(whole)
    expect(await stream.recent(5)).toEqual({ text: 'three', truncated: true, closed: true })
  })

  it('of a job that never streamed is empty, and nothing is stored for the question', async () => {
    const stream = await TestStream.open()
    expect(await stream.recent(1_000)).toEqual({ text: '', truncated: false, closed: false })
    expect(await stream.rows()).toBe(0)
  })
})

it('gets the tail of a completion whose close was lost, when it asks how the job ended', async () => {
  const stream = await TestStream.open()
  await stream.append(['one '])
  const viewer = await stream.watch()
  stream.answer = () => done
  stream.tail = 'two'
  await stream.inside(() => stream.clock.advance(streamTimings.silence_ms))
  expect(said(await viewer.rest())).toEqual(['one ', 'two', 'done'])
})
