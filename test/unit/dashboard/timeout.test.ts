/** Says which timeout the dashboard proposes, and what is wrong with a fan-out that cannot be sent. */
import { expect, test } from 'vitest'
import { parseDraft } from '../../../dashboard/src/screens/chat/draft.ts'
import { faultsOf } from '../../../dashboard/src/screens/chat/request.ts'
import { limitWords, longerTimeout } from '../../../dashboard/src/screens/jobs/timeout.ts'

const timedOut = { type: 'timeout', message: 'too long', retryable: true }

test('a longer timeout is proposed where one was in the way, up to a day', () => {
  const of = (timeout: number, error: typeof timedOut | null = timedOut) => longerTimeout({ error, timeout })
  expect([of(600), of(50_000), of(86_400)]).toEqual([1_200, 86_400, undefined])
  expect([of(600, null), of(600, { ...timedOut, type: 'spawn_failed' })]).toEqual([undefined, undefined])
  expect(longerTimeout({ error: timedOut, timeout: 600, kind: 'fan_out' })).toBeUndefined()
})

test.each([
  [86_400, '24 h'],
  [1_200, '20 min'],
  [90, '90 s'],
  [0.5, '0.5 s'],
])('%s seconds are %s', (seconds, words) => {
  expect(limitWords(seconds)).toBe(words)
})

test.each([
  ['99', 'Only 3 workers are asked.'],
  ['3', ''],
  ['', ''],
  ['0', 'Enter a number above 0.'],
  ['-1', 'Enter a number above 0.'],
  ['1.5', 'Enter a whole number.'],
])('a quorum of "%s" of three workers: "%s"', (quorum, says) => {
  const draft = { ...parseDraft(undefined), targets: ['anna', 'bert', 'cleo'], quorum }
  expect(faultsOf(draft).quorum).toBe(says)
  // What is not shown is not judged.
  expect(faultsOf({ ...draft, merge: 'first' }).quorum).toBe('')
  expect(faultsOf({ ...draft, targets: ['anna'] }).quorum).toBe('')
})
