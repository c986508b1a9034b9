/** Output that came in one piece, with both of a job's streams in it, is taken apart by what the result is. */
import { describe, expect, it } from 'vitest'
import { linesBeside } from '../../../../worker-sdk/src/cli/follow.ts'

describe('the lines beside a result', () => {
  it('are those that are not its own, in whatever order they came', () => {
    expect(linesBeside('warning\nanswer 1\nmore\nanswer 2\n', 'answer 1\nanswer 2')).toBe('warning\nmore\n')
    expect(linesBeside('answer\n', 'answer')).toBe('')
    expect(linesBeside('same\nsame\n', 'same')).toBe('same\n')
  })

  it('are not known when the result is something else than what was written', () => {
    expect(linesBeside('working ...\n', 'a summary')).toBeUndefined()
    expect(linesBeside('b\na\n', 'a\nb')).toBeUndefined()
  })
})
