/** Says how one page of a thread is made of two sources. */
import { describe, expect, test } from 'vitest'
import { mergeTurns } from '../../../../src/edge/threads/routes.ts'

describe('a page of turns', () => {
  test('merges pages of both sources in order, whoever reads slower', () => {
    const page = (ids: readonly number[], next: number | null, who: string) => ({
      turns: ids.map((job_id) => ({ job_id, prompt: who }) as never),
      next_cursor: next === null ? null : String(next),
    })
    const merged = (...pages: Parameters<typeof mergeTurns>) => {
      const { turns, next_cursor } = mergeTurns(...pages)
      return [turns.map((one) => `${one.prompt}${one.job_id}`).join(' '), next_cursor]
    }
    expect(merged(page([5, 6], null, 'k'), page([1, 2, 5], null, 'a'), 9)).toEqual(['a1 a2 k5 k6', null])
    expect(merged(page([5, 9], null, 'k'), page([1, 2], 2, 'a'), 9)).toEqual(['a1 a2', '2'])
    expect(merged(page([5, 9], 9, 'k'), page([1, 2], null, 'a'), 3)).toEqual(['a1 a2 k5', '5'])
    expect(merged(page([9], null, 'k'), page([], 4, 'a'), 3)).toEqual(['', '4'])
  })
})
