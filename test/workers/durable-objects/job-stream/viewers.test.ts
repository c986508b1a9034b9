import { describe, expect, it } from 'vitest'
import { streamTimings } from '../../../../durable-objects/job-stream/clock.ts'
import { viewersMax } from '../../../../durable-objects/job-stream/viewers.ts'
import { done, failed, ids, said, TestStream } from './streams.ts'

describe('a viewer', () => {
  it('gets what was said, then what is being said, then the end', async () => {
    const stream = await TestStream.open()
    await stream.append(['a', 'b'])
    const viewer = await stream.watch()
    expect(viewer.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(said(await viewer.take(2))).toEqual(['a', 'b'])
    await stream.append(['c'], { from: 2 })
    expect(said(await viewer.take(1))).toEqual(['c'])
    await stream.close(done, { tail: 'd' })
    expect(said(await viewer.rest())).toEqual(['d', 'done'])
  })

  it('resumes after the sequence it names, with Last-Event-ID before the address', async () => {
    const stream = await TestStream.open()
    await stream.append(['a', 'b', 'c'])
    await stream.append(['d', 'e'], { from: 3 })
    await stream.close(done)
    expect(ids(await stream.replay(-1))).toEqual([0, 1, 2, 3, 4])
    expect(ids(await stream.replay(1))).toEqual([2, 3, 4])
    expect(ids(await stream.replay(2))).toEqual([3, 4])
    expect(ids(await stream.replay(0, { headers: { 'last-event-id': '3' } }))).toEqual([4])
    expect(said(await stream.replay(4))).toEqual(['done'])
    expect(said(await stream.replay(1_000))).toEqual(['done'])
  })

  it('misses nothing when it comes back after every event', async () => {
    const stream = await TestStream.open()
    const heard: unknown[] = []
    let after = -1
    for (let seq = 0; seq < 8; seq += 1) {
      await stream.append([`${seq}`], { from: seq })
      if (seq % 3 === 2) await stream.evict()
      const viewer = await stream.watch(after)
      const [event] = await viewer.take(1)
      if (event?.event !== 'output') throw new Error('no output')
      heard.push(event.data.text)
      after = Number(event.id)
      await viewer.leave()
    }
    expect(heard).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
  })

  it('is told from the beginning when it knows more than there is', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    const viewer = await stream.watch(500)
    await stream.append(['b'], { from: 1 })
    expect(ids(await viewer.take(1))).toEqual([1])
    await viewer.leave()
  })

  it('may be one of many', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    const viewers = await Promise.all(Array.from({ length: viewersMax }, () => stream.watch()))
    const refused = await stream.gate.fetch(new Request(`https://job-stream/?tenant=acme&job_id=${stream.job_id}`))
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ code: 'rate-limited' })
    await stream.append(['b'], { from: 1 })
    await stream.close(done)
    for (const viewer of viewers) expect(said(await viewer.rest())).toEqual(['a', 'b', 'done'])
  })

  it('that asks for nonsense is told so', async () => {
    const stream = await TestStream.open()
    for (const query of [
      '',
      '?tenant=acme',
      '?tenant=acme&job_id=x',
      '?tenant=acme&job_id=1&after=-2',
      '?tenant=acme&job_id=1&after=1.5',
    ]) {
      const response = await stream.gate.fetch(new Request(`https://job-stream/${query}`))
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ code: 'invalid-request' })
    }
  })

  it('is kept waiting with comments, and the ticking stops with the last viewer', async () => {
    const stream = await TestStream.open()
    const viewer = await stream.watch()
    expect(stream.clock.tickers).toBe(1)
    const heard = viewer.take(1)
    for (const comments of [1, 2]) {
      await stream.inside(() => stream.clock.advance(streamTimings.keep_alive_ms))
      await expect.poll(() => viewer.comments).toBe(comments)
    }
    await stream.append(['a'])
    expect(said(await heard)).toEqual(['a'])
    await stream.close(done)
    await viewer.rest()
    await expect.poll(() => stream.clock.tickers).toBe(0)
  })

  it('that leaves is let go', async () => {
    const stream = await TestStream.open()
    const viewer = await stream.watch()
    await stream.append(['a'])
    await viewer.take(1)
    await viewer.leave()
    // Nothing tells the object; the next write does, at the latest the keep-alive.
    await stream.inside(() => stream.clock.advance(streamTimings.keep_alive_ms))
    await expect.poll(() => stream.clock.tickers).toBe(0)
  })
})

describe('a viewer that does not read', () => {
  it('costs a bounded buffer, and is let go after a while', async () => {
    const stream = await TestStream.open()
    const chunk = 'x'.repeat(60_000)
    const viewer = await stream.watch()
    for (let call = 0; call < 40; call += 1) await stream.append([chunk, chunk, chunk, chunk], { from: call * 4 })
    await stream.inside(() => stream.clock.advance(streamTimings.stalled_ms + 2 * streamTimings.keep_alive_ms))
    expect(stream.clock.tickers).toBe(0)
    let received = 0
    const reading = (async () => {
      for (;;) {
        const event = await viewer.next()
        if (event === undefined) return
        received += 1
      }
    })()
    await expect(reading).rejects.toThrow()
    expect(received).toBeLessThan(160)
  })
})

describe('a lost close', () => {
  it('is found by asking, when viewers wait in silence', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    const viewer = await stream.watch()
    expect(said(await viewer.take(1))).toEqual(['a'])
    stream.answer = () => done
    await stream.inside(() => stream.clock.advance(streamTimings.silence_ms - 1))
    expect(stream.asked).toBe(0)
    await stream.inside(() => stream.clock.advance(1))
    expect(said(await viewer.rest())).toEqual(['done'])
    // The end is kept: whoever comes later has it too.
    await stream.evict()
    expect(said(await stream.replay())).toEqual(['a', 'done'])
  })

  it('is not taken for granted: while the job runs, viewers wait on', async () => {
    const stream = await TestStream.open()
    const viewer = await stream.watch()
    const heard = viewer.take(1)
    await stream.inside(() => stream.clock.advance(streamTimings.silence_ms))
    await expect.poll(() => stream.asked).toBe(1)
    await stream.inside(() => stream.clock.advance(streamTimings.silence_ms))
    await expect.poll(() => stream.asked).toBe(2)
    stream.answer = () => {
      throw new Error('unreachable')
    }
    await stream.inside(() => stream.clock.advance(streamTimings.silence_ms))
    await expect.poll(() => stream.asked).toBe(3)
    await stream.append(['a'])
    expect(said(await heard)).toEqual(['a'])
    await viewer.leave()
  })

  it('of a job that never streamed leaves nothing behind', async () => {
    const stream = await TestStream.open()
    const viewer = await stream.watch()
    stream.answer = () => failed
    await stream.inside(() => stream.clock.advance(streamTimings.silence_ms))
    expect(said(await viewer.rest())).toEqual(['failed'])
    expect(await stream.inside((_, state) => state.storage.sql.databaseSize)).toBeLessThanOrEqual(4_096)
    expect(await stream.alarm()).toBe(false)
  })

  it('of a job that nobody watches is found by alarm', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    expect(await stream.alarm()).toBe(true)
    expect(stream.asked).toBe(0)
    stream.clock.advance(streamTimings.unwatched_silence_ms)
    expect(await stream.alarm()).toBe(true)
    expect(stream.asked).toBe(1)
    stream.answer = () => done
    stream.clock.advance(streamTimings.unwatched_silence_ms)
    expect(await stream.alarm()).toBe(true)
    expect(said(await stream.replay())).toEqual(['a', 'done'])
  })
})

describe('a job that is tried again', () => {
  it('has its viewers wait for the next attempt when the tenant object says that it runs', async () => {
    const stream = await TestStream.open()
    await stream.append(['a'])
    await stream.close(failed)
    expect(said(await stream.replay(-1, { ended: '1' }))).toEqual(['a', 'failed'])
    const viewer = await stream.watch(-1, { ended: '0' })
    expect(said(await viewer.take(1))).toEqual(['a'])
    await stream.append(['b'], { attempt: 2, nonce: 'second' })
    await stream.close(done, { attempt: 2 })
    expect(said(await viewer.rest())).toEqual(['b', 'done'])
  })

  it('is believed to run only when the tenant object still says so', async () => {
    const stream = await TestStream.open()
    await stream.close(done, { tail: 'a' })
    stream.answer = () => done
    expect(said(await stream.replay(-1, { ended: '0' }))).toEqual(['a', 'done'])
  })
})
