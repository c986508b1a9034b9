/** Output on its way out: in order, in few requests, and never lost on the way to the completion. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { OutputChunk } from '@modelreins/contract'
import { limits } from '@modelreins/contract'
import { lastBytes, OutputBuffer } from '../../../../../worker-sdk/src/worker/delivery/output-buffer.ts'
import { Redactor } from '../../../../../worker-sdk/src/worker/delivery/redactor.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'

let clock: ManualClock
let sent: OutputChunk[][]
let answer: (chunks: readonly OutputChunk[]) => Promise<{ closed: boolean }>
let troubles: number
let closed: number
let buffer: OutputBuffer
beforeEach(() => {
  clock = new ManualClock()
  sent = []
  troubles = 0
  closed = 0
  answer = () => Promise.resolve({ closed: false })
  const redactor = new Redactor()
  redactor.add('top-secret')
  buffer = new OutputBuffer({
    clock,
    redactor,
    send: async (chunks) => {
      const reply = await answer(chunks)
      sent.push([...chunks])
      return reply
    },
    onText: () => undefined,
    onClosed: () => {
      closed += 1
    },
    onTrouble: () => {
      troubles += 1
    },
  })
})
const texts = (): string =>
  sent
    .flat()
    .map((chunk) => chunk.text)
    .join('')
const never = new AbortController().signal

it('sends nothing for a second, then what is there, then every quarter of a second', async () => {
  await buffer.write('a')
  await clock.advance(999)
  expect(sent).toEqual([])
  await buffer.write('b')
  await clock.advance(1)
  expect(sent).toEqual([[{ seq: 0, stream: 'stdout', text: 'ab' }]])
  await buffer.write('c')
  await clock.advance(249)
  expect(sent).toHaveLength(1)
  await clock.advance(1)
  expect(sent[1]).toEqual([{ seq: 1, stream: 'stdout', text: 'c' }])
})

it('sends at once when the tail would overflow, and from then on at 16 KiB', async () => {
  await buffer.write('x'.repeat(limits.tail_bytes))
  await turn()
  expect(texts()).toHaveLength(limits.tail_bytes)
  await buffer.write('y'.repeat(limits.output_flush_bytes))
  await turn()
  expect(texts()).toHaveLength(limits.tail_bytes + limits.output_flush_bytes)
})

it('keeps the streams apart and in order', async () => {
  await buffer.write('out1 ')
  await buffer.write('err ', 'stderr')
  await buffer.write('out2', 'stdout')
  await clock.advance(1_000)
  expect(sent[0]?.map(({ stream, text }) => [stream, text])).toEqual([
    ['stdout', 'out1 '],
    ['stderr', 'err '],
    ['stdout', 'out2'],
  ])
})

it('cuts what is larger than a chunk, never through a character', async () => {
  const text = `x${'😀'.repeat(60_000)}`
  await buffer.write(text)
  await turn()
  expect(texts()).toBe(text)
  for (const chunk of sent.flat()) {
    expect(Buffer.byteLength(chunk.text)).toBeLessThanOrEqual(limits.output_chunk_bytes)
    expect(chunk.text.isWellFormed()).toBe(true)
  }
  expect(sent.flat().map((chunk) => chunk.seq)).toEqual(sent.flat().map((_, index) => index))
})

it('tries a batch again until it is through, and lets none overtake it', async () => {
  let failures = 3
  answer = async () => {
    if (failures-- > 0) throw new Error('network')
    return { closed: false }
  }
  await buffer.write('first ')
  await clock.advance(1_000)
  await buffer.write('second.')
  await clock.advance(20_000)
  expect(troubles).toBe(3)
  expect(texts()).toBe('first second.')
})

it('holds a fast writer back until the network has caught up', async () => {
  let letThrough: () => void = () => undefined
  answer = () =>
    new Promise((resolve) => {
      letThrough = () => resolve({ closed: false })
    })
  const order: string[] = []
  const write = buffer.write('x'.repeat(2_000_000)).then(() => order.push('written'))
  for (let count = 0; count < 20; count += 1) {
    await turn()
    order.push('batch')
    letThrough()
  }
  await write
  expect(order.indexOf('written')).toBeGreaterThan(2)
  await buffer.write('small and at once')
})

describe('the end', () => {
  it('answers all that was never sent', async () => {
    await buffer.write('all of it')
    expect(await buffer.end(never)).toEqual({ tail: { text: 'all of it', truncated: false }, chunks: undefined })
    expect(sent).toEqual([])
  })

  it.each(['stderr', 'system'] as const)('sends what a tail cannot tell from standard output: what was said on %s', async (stream) => {
    await buffer.write('hi')
    await buffer.write('aside ', stream)
    await buffer.write('there')
    expect(await buffer.end(never)).toEqual({ tail: { text: '', truncated: true }, chunks: 3 })
    expect(sent.flat().map(({ stream: from, text }) => [from, text])).toEqual([
      ['stdout', 'hi'],
      [stream, 'aside '],
      ['stdout', 'there'],
    ])
  })

  it('answers what the redactor had kept back', async () => {
    await buffer.write('a top-sec')
    expect(await buffer.end(never)).toMatchObject({ tail: { text: 'a top-sec' } })
  })

  it('sends what does not fit the tail first', async () => {
    await buffer.write('x')
    await clock.advance(1_000)
    const before = 'y'.repeat(10_000)
    for (let count = 0; count < 12; count += 1) void buffer.write(before)
    const end = await buffer.end(never)
    expect(texts() + end.tail.text).toBe(`x${before.repeat(12)}`)
    expect(end.tail.truncated).toBe(true)
    expect(end.chunks).toBe(sent.flat().length)
  })

  it('carries what could not be sent, and counts it as not sent', async () => {
    answer = () => Promise.reject(new Error('network'))
    await buffer.write('unsent')
    await clock.advance(1_000)
    expect(troubles).toBe(1)
    const giveUp = new AbortController()
    const ending = buffer.end(giveUp.signal)
    giveUp.abort()
    expect(await ending).toEqual({ tail: { text: 'unsent', truncated: false }, chunks: 0 })
  })

  it('takes no more output', async () => {
    await buffer.end(never)
    await buffer.write('too late')
    await clock.advance(5_000)
    expect(sent).toEqual([])
  })
})

it('says once that the stream takes no more, and drops the rest', async () => {
  answer = () => Promise.resolve({ closed: true })
  await buffer.write('a')
  await clock.advance(1_000)
  await buffer.write('b')
  await clock.advance(1_000)
  expect(closed).toBe(1)
  expect(texts()).toBe('a')
})

it.each([
  ['short', 10, 'short'],
  ['0123456789', 4, '6789'],
  ['aé😀', 4, '😀'],
  ['aé😀', 5, '😀'],
  ['aé😀', 6, 'é😀'],
])('the last part of %j in %i bytes', (text, bytes, expected) => {
  expect(lastBytes(text, bytes)).toBe(expected)
})
