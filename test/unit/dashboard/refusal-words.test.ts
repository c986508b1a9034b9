/** Says that Chat shows the refusals of a preview in the words of its form, and leaves other sentences as they are. */
import { expect, it } from 'vitest'
import { refusalWords } from '../../../dashboard/src/screens/chat/refusal-words.ts'

it.each([
  [
    'Eligible but offline: anna. Start one, or pass when_offline: "queue". Not eligible: bert is paused.',
    'Eligible but offline: anna. Start one, or choose Queue under “If all workers are offline”. Not eligible: bert is paused.',
  ],
  ['targets[1] names no worker: bert.', 'There is no worker named bert.'],
  ['targets[1] names anna again.', 'anna is chosen twice.'],
  [
    'There is no worker named anna: GET /api/v1/workers lists them.',
    'There is no worker named anna. The Workers screen lists all of them.',
  ],
  [
    'anna was revoked. It is the default target of the thread t-1: PATCH /api/v1/threads/t-1 with other `defaults`, or name a `target`.',
    'anna was revoked. It is the default target of the thread t-1: choose a target, or change the defaults of the thread.',
  ],
  ['context_from names job 5, which has no result.', 'The job cannot continue with the answer of job 5, which has no result.'],
  ['The killswitch is at level 1.', 'The killswitch is at level 1.'],
])('%s', (answer, shown) => {
  expect(refusalWords(answer)).toBe(shown)
})
