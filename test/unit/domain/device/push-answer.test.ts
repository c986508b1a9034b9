/** Says what the answers of push services mean. */
import { expect, test } from 'vitest'
import { outcomeOf } from '../../../../src/domain/device/push-answer.ts'

const at = Date.parse('2036-06-01T12:00:00Z')
const answer = (status: number | null, retryAfter: string | null = null, tries = 0, chance = 0.5) =>
  outcomeOf({ status, error: 'no answer', retryAfter }, tries, at, chance)
const waits = (retryAfter: string | null, tries = 0) => {
  const outcome = answer(429, retryAfter, tries)
  return outcome.kind === 'again' ? outcome.at - at : outcome.kind
}

test.each([
  [200, 'sent'],
  [201, 'sent'],
  [404, 'gone'],
  [410, 'gone'],
  [302, 'refused'],
  [400, 'refused'],
  [401, 'refused'],
  [403, 'refused'],
  [413, 'refused'],
  [408, 'again'],
  [429, 'again'],
  [500, 'again'],
  [503, 'again'],
  [null, 'again'],
] as const)('%s means %s', (status, kind) => {
  expect(answer(status).kind).toBe(kind)
})

test('each try waits longer, with chance, and the sixth is the last', () => {
  expect([0, 1, 2, 3, 4, 5].map((tries) => waits(null, tries))).toEqual([10_000, 60_000, 300_000, 1_800_000, 7_200_000, 'refused'])
  expect([0, 0.999].map((chance) => answer(503, null, 0, chance))).toMatchObject([{ at: at + 8_000 }, { at: at + 11_996 }])
})

test('a push service says itself when it may be asked again, in seconds or as a date, up to six hours', () => {
  expect(waits('120')).toBe(120_000)
  expect(waits('Sun, 01 Jun 2036 13:00:00 GMT')).toBe(3_600_000)
  expect(waits('3')).toBe(10_000)
  expect(waits('999999999')).toBe(6 * 3_600_000)
  for (const nonsense of ['', 'soon', '-5', 'Sun, 01 Jun 1999 13:00:00 GMT'])
    expect([nonsense, waits(nonsense)]).toEqual([nonsense, 10_000])
})
