/** Says that a comparison of two answers loses no letter of either, marks what differs, and ends soon whatever it is given. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { likeness, wordDiff } from '../../../dashboard/src/screens/chat/word-diff.ts'

const without = (kind: 'removed' | 'added', left: string, right: string): string =>
  wordDiff(left, right)
    .filter((piece) => piece.kind !== kind)
    .map((piece) => piece.text)
    .join('')

describe('a comparison', () => {
  test('marks the words that differ', () => {
    expect(wordDiff('Release on Tuesday.\n\nAll tests pass.\n', 'Release on Thursday.\n\nAll tests pass.\n')).toEqual([
      { kind: 'same', text: 'Release on ' },
      { kind: 'removed', text: 'Tuesday' },
      { kind: 'added', text: 'Thursday' },
      { kind: 'same', text: '.\n' },
      { kind: 'same', text: '\nAll tests pass.\n' },
    ])
    expect(wordDiff('same', 'same')).toEqual([{ kind: 'same', text: 'same' }])
    expect(wordDiff('', '')).toEqual([])
    expect(wordDiff('', 'new')).toEqual([{ kind: 'added', text: 'new' }])
  })

  test('has both texts in it, whatever they are', () => {
    const word = fc.constantFrom('a', 'b', 'the', ' ', '\n', '.', 'ä', '🙂', '\n\n', '\ud800', '\u202e', '\0')
    const text = fc.oneof(
      fc.array(word, { maxLength: 60 }).map((words) => words.join('')),
      fc.string({ maxLength: 80 }),
    )
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(without('added', left, right)).toBe(left)
        expect(without('removed', left, right)).toBe(right)
        const percent = likeness(wordDiff(left, right))
        expect(percent >= 0 && percent <= 100).toBe(true)
        if (left === right) expect(percent).toBe(100)
      }),
    )
  })

  test('finds the shortest way: one word in a thousand lines is one word', () => {
    const lines = Array.from({ length: 1_000 }, (_, line) => `line ${line} says ${line * 7}`)
    const changed = lines.with(500, 'line 500 says nothing')
    const diff = wordDiff(lines.join('\n'), changed.join('\n'))
    expect(diff.filter((piece) => piece.kind !== 'same')).toEqual([
      { kind: 'removed', text: '3500' },
      { kind: 'added', text: 'nothing' },
    ])
    expect(likeness(diff)).toBe(100)
  })

  test('of two long texts without a word in common ends soon', () => {
    const text = (letter: string): string => Array.from({ length: 60_000 }, (_, at) => `${letter}${at}`).join(' ')
    const began = performance.now()
    expect(likeness(wordDiff(text('x'), text('y')))).toBe(0)
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(likeness(wordDiff('one two three four', 'one two three five'))).toBe(75)
  })
})
