/** Says which cron expressions are put into words, and that none is put into wrong ones: croner, which the server uses, is asked too. */
import { Cron } from 'croner'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { cronWords, everyWords } from '../../../dashboard/src/screens/schedules/cron-words.ts'

test.each([
  ['0 3 * * *', 'at 03:00, every day'],
  ['@daily', 'at 00:00, every day'],
  ['@hourly', 'every hour'],
  ['* * * * *', 'every minute'],
  ['*/15 * * * *', 'every 15 minutes'],
  ['20 * * * *', '20 minutes past every hour'],
  ['0 */6 * * *', 'every 6 hours'],
  ['0 3 * * MON-FRI', 'at 03:00, from Monday to Friday'],
  ['30 8,17 * * 1-5', 'at 08:30 and 17:30, from Monday to Friday'],
  ['0 9 * * 0,6', 'at 09:00, on weekends'],
  ['0 9 * * 7', 'at 09:00, on Sundays'],
  ['0 9 * * sun,wed', 'at 09:00, on Wednesdays and Sundays'],
  ['0 0 1 * *', 'at 00:00, on the 1st of every month'],
  ['0 0 11,22 JAN,JUL *', 'at 00:00, on the 11th and 22nd, in January and July'],
  ['0 */5 * * *', 'at 00:00, 05:00, 10:00, 15:00 and 20:00, every day'],
  ['0 12 3 6 *', 'at 12:00, on the 3rd, in June'],
])('%s is %s', (expression, words) => {
  expect(cronWords(expression)).toBe(words)
  expect(() => new Cron(expression, { mode: '5-part', paused: true })).not.toThrow()
})

test.each(['', 'soon', '0 3 * *', '0 3 13 * FRI', '*/7 * * * *', '61 3 * * *', '0 3 L * *', '0 3 * * MON#2', '5-2 3 * * *'])(
  'nothing is said of %j',
  (expression) => {
    expect(cronWords(expression)).toBeUndefined()
  },
)

test('whatever is called "at H:M, every day" is due then on each of the next days, as the server computes it', () => {
  fc.assert(
    fc.property(fc.nat(59), fc.nat(23), (minute, hour) => {
      const expression = `${minute} ${hour} * * *`
      const clock = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
      expect(cronWords(expression)).toBe(`at ${clock}, every day`)
      const runs = new Cron(expression, { mode: '5-part', paused: true, timezone: 'UTC' }).nextRuns(2, new Date('2026-06-01T00:00:00Z'))
      expect(runs.map((run) => run.toISOString().slice(11, 16))).toEqual([clock, clock])
    }),
    { numRuns: 50 },
  )
})

test('seconds are said in the largest unit that they fill', () => {
  expect([60, 90, 5_400, 7_200, 86_400, 172_800].map(everyWords)).toEqual([
    'every minute',
    'every 90 seconds',
    'every 90 minutes',
    'every 2 hours',
    'every day',
    'every 2 days',
  ])
})
