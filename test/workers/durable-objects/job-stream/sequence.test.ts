import * as fc from 'fast-check'
import type { StreamEvent } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { done, TestStream } from './streams.ts'
import { counted } from '../../../../tools/costs/counted.ts'

/**
 * A sender that loses replies and skips, over several attempts; the object evicted in between; a viewer that leaves and comes
 * back. The naive stream beside it is an array: position is sequence, a hole is a gap (I11).
 */
type Step =
  | { readonly do: 'say'; readonly count: number; readonly skip: number; readonly replyLost: boolean }
  | { readonly do: 'attempt'; readonly tail: boolean }
  | { readonly do: 'evict' }
  | { readonly do: 'watch'; readonly count: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      count: fc.integer({ min: 1, max: 5 }),
      skip: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
      replyLost: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('attempt' as const), tail: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ do: 'evict' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('watch' as const), count: fc.integer({ min: 1, max: 6 }) }) },
)

/** Every sequence from `from` on: its text, or undefined inside a gap. */
function heard(events: readonly StreamEvent[], from: number): (string | undefined)[] {
  const texts: (string | undefined)[] = []
  for (const event of events) {
    if (event.event === 'output') {
      expect(event.id).toBe(from + texts.length)
      texts.push(event.data.text)
    } else if (event.event === 'gap') {
      expect(event.data.from).toBe(from + texts.length)
      while (from + texts.length <= event.data.to) texts.push(undefined)
    }
  }
  return texts
}

describe('the sequence of a stream', () => {
  it('is gapless, or the gap is declared, whatever happens in between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const stream = await TestStream.open()
        const model: (string | undefined)[] = []
        let attempt = 1
        let next = 0
        let unacknowledged: string[] = []
        let seen = 0
        for (const now of steps) {
          switch (now.do) {
            case 'say': {
              // What was sent without a reply is sent again, together with the new.
              const sent = unacknowledged.length > 0 ? 0 : now.skip
              const fresh = Array.from({ length: now.count }, (_, index) => `${attempt}:${next + sent + index}`)
              const chunks = [...unacknowledged, ...fresh]
              const result = await stream.append(chunks, { attempt, nonce: `n${attempt}`, from: next + sent - unacknowledged.length })
              next += sent + now.count
              for (let hole = 0; hole < sent; hole += 1) model.push(undefined)
              model.push(...fresh)
              expect(result).toEqual({ ok: true, value: { next_seq: next, closed: false } })
              unacknowledged = now.replyLost ? chunks : []
              break
            }
            case 'attempt':
              if (now.tail) {
                await stream.close(null, { attempt, tail: `tail ${attempt}` })
                model.push(`tail ${attempt}`)
              }
              attempt += 1
              next = 0
              unacknowledged = []
              break
            case 'evict':
              await stream.evict()
              break
            case 'watch': {
              if (seen >= model.length) break
              const viewer = await stream.watch(seen - 1)
              const events: StreamEvent[] = []
              while (heard(events, seen).length < Math.min(now.count, model.length - seen)) events.push(...(await viewer.take(1)))
              const texts = heard(events, seen)
              expect(texts).toEqual(model.slice(seen, seen + texts.length))
              seen += texts.length
              await viewer.leave()
              break
            }
          }
        }
        await stream.close(done, { attempt, tail: '' })
        await stream.alarm()
        const events = await stream.replay()
        expect(heard(events, 0)).toEqual(model)
        expect(events.at(-1)).toEqual({ event: 'end', data: done })
      }),
      { numRuns: 40 },
    )
  })
})

describe('the rows of a stream', () => {
  /** Rows written since the last question, by the object's own count. */
  const written = async (stream: TestStream, act: () => Promise<unknown>): Promise<number> =>
    stream.inside(async (_, state) => {
      const { sql } = state.storage
      const exec = sql.exec.bind(sql)
      const cursors: { readonly rowsWritten: number }[] = []
      const counting = (query: string, ...bindings: unknown[]) => {
        const cursor = exec(query, ...bindings)
        cursors.push(cursor)
        return cursor
      }
      Object.assign(sql, { exec: counting })
      await act()
      Object.assign(sql, { exec })
      return cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0)
    })

  it('are one per append, however many chunks it carries, and two at its end', async () => {
    const stream = await TestStream.open()
    const say = (from: number, attempt: number) =>
      stream.inside((object) =>
        object.append({
          tenant: stream.tenant,
          job_id: stream.job_id,
          attempt,
          nonce: `n${attempt}`,
          chunks: Array.from({ length: 100 }, (_, index) => ({ seq: from + index, stream: 'stdout', text: 'line\n' })),
        }),
      )
    await say(0, 1)
    expect(await written(stream, () => say(100, 1))).toBe(counted.stream_rows_per_piece)
    expect(await written(stream, () => say(100, 1))).toBe(0)
    expect(await written(stream, () => say(0, 2))).toBe(2)
    expect(await written(stream, () => stream.close(done, { attempt: 2, tail: 'tail' }))).toBe(counted.stream_end_rows)
  })
})
