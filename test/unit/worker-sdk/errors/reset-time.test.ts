/** Says how the times that providers name are read: the moment a job may be tried again. */
import { describe, expect, it } from 'vitest'
import { resetTime } from '../../../../worker-sdk/src/reset-time.ts'

const now = new Date('2026-05-04T12:00:00.000Z')
const at = (text: string, zone = 'UTC'): string | undefined => resetTime(text, now, zone)?.toISOString()

describe('resetTime', () => {
  it.each([
    ['Retry-After: 30', '2026-05-04T12:00:30.000Z'],
    ['retry-after: Mon, 04 May 2026 12:05:00 GMT', '2026-05-04T12:05:00.000Z'],
    ['{"retry_after": 12.5}', '2026-05-04T12:00:12.500Z'],
    ['retry-after-ms: 1500', '2026-05-04T12:00:01.500Z'],
    ['Please try again in 20s.', '2026-05-04T12:00:20.000Z'],
    ['Please try again in 6m0s. Visit ...', '2026-05-04T12:06:00.000Z'],
    ['Please try again in 1.898s', '2026-05-04T12:00:01.898Z'],
    ['Please try again in 250ms', '2026-05-04T12:00:00.250Z'],
    ['Please retry after 5 seconds', '2026-05-04T12:00:05.000Z'],
    ['"retryDelay": "34s"', '2026-05-04T12:00:34.000Z'],
    ['or try again in 3 days 4 hours 12 minutes.', '2026-05-07T16:12:00.000Z'],
    ['try again in 1 hour and 5 minutes', '2026-05-04T13:05:00.000Z'],
    ['Claude AI usage limit reached|1777908600', '2026-05-04T15:30:00.000Z'],
    ['"resets_at":1777908600,"resets_in_seconds":12600', '2026-05-04T15:30:00.000Z'],
    ['"resets_in_seconds":9568', '2026-05-04T14:39:28.000Z'],
    ['limit resets at 2026-05-04T18:00:00Z', '2026-05-04T18:00:00.000Z'],
    ["You've hit your limit · resets 3pm (America/New_York)", '2026-05-04T19:00:00.000Z'],
    ["You've hit your limit · resets 1:30am (Asia/Dhaka)", '2026-05-04T19:30:00.000Z'],
    ["You've hit your limit · resets May 9 at 4pm (America/Recife)", '2026-05-09T19:00:00.000Z'],
    ["You've hit your weekly limit · resets May 10, 5:30am (Europe/London)", '2026-05-10T04:30:00.000Z'],
    ['Your limit will reset at 3pm (UTC).', '2026-05-04T15:00:00.000Z'],
    ['try again at May 6th, 2026 5:14 PM.', '2026-05-06T17:14:00.000Z'],
    ['resets at 15:00', '2026-05-04T15:00:00.000Z'],
  ])('reads %s', (text, expected) => {
    expect(at(text)).toBe(expected)
  })

  it('takes a time of day that has passed for tomorrow', () => {
    expect(at('resets 11am')).toBe('2026-05-05T11:00:00.000Z')
    expect(at('resets 12am')).toBe('2026-05-05T00:00:00.000Z')
  })
  it('reads a time without a zone on the clock of the machine', () => {
    expect(at('resets 3pm', 'Asia/Tokyo')).toBe('2026-05-05T06:00:00.000Z')
  })
  it('keeps the wall clock across a change to summer time', () => {
    const eve = new Date('2026-03-28T22:00:00.000Z')
    expect(resetTime('resets 3:30am (Europe/Berlin)', eve)?.toISOString()).toBe('2026-03-29T01:30:00.000Z')
  })
  it.each([
    'no time at all',
    'resets 5 counters',
    'resets 99:99',
    'Retry-After: 0',
    'Retry-After: 99999999',
    'Claude AI usage limit reached|1577908600',
    'retry 3 of 5',
    'try again at May 6th, 2020 5:14 PM.',
  ])('tells nothing of: %s', (text) => {
    expect(at(text)).toBeUndefined()
  })
})
