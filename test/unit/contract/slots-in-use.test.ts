/** The words for the slots of a worker that are in use. */
import { expect, it } from 'vitest'
import { slotsInUse } from '@modelreins/contract'

it.each([
  [0, 1, '0 of 1 slots in use'],
  [2, 2, '2 of 2 slots in use'],
  [17, 1, '1 of 1 slots in use, 16 more started'],
])('%i jobs in %i slots', (running, slots, words) => {
  expect(slotsInUse(running, slots)).toBe(words)
})
