/** Says how failed authentications are counted, and that counting them takes bounded memory. */
import { limits } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { FailedAttempts, addressKey } from '../../../../src/edge/access/failed-attempts.ts'

const failTimes = (attempts: FailedAttempts, key: string, times: number, now: number): boolean[] =>
  Array.from({ length: times }, () => attempts.note(key, now))

describe('an address', () => {
  test('may fail so often, then waits until its window ends', () => {
    const attempts = new FailedAttempts()
    expect(failTimes(attempts, '192.0.2.1', limits.auth_failures - 1, 0)).not.toContain(true)
    expect(attempts.wait('192.0.2.1', 0)).toBe(0)
    expect(attempts.note('192.0.2.1', 10_000)).toBe(true)
    expect(attempts.wait('192.0.2.1', 10_000)).toBe(limits.auth_window_ms - 10_000)
    expect(attempts.wait('192.0.2.1', limits.auth_window_ms)).toBe(0)
  })

  test('starts anew after its window', () => {
    const attempts = new FailedAttempts()
    failTimes(attempts, '192.0.2.1', limits.auth_failures, 0)
    attempts.note('192.0.2.1', limits.auth_window_ms)
    expect(attempts.wait('192.0.2.1', limits.auth_window_ms)).toBe(0)
  })

  test('does not pay for another', () => {
    const attempts = new FailedAttempts()
    failTimes(attempts, '192.0.2.1', limits.auth_failures, 0)
    expect(attempts.wait('192.0.2.2', 0)).toBe(0)
  })
})

describe('memory', () => {
  test('forgets the oldest window first when it is full', () => {
    const attempts = new FailedAttempts(3)
    failTimes(attempts, 'first', limits.auth_failures, 0)
    for (const key of ['second', 'third']) failTimes(attempts, key, limits.auth_failures, 1)
    expect(attempts.wait('first', 2)).toBeGreaterThan(0)
    attempts.note('fourth', 2)
    expect(attempts.wait('first', 2)).toBe(0)
    expect(attempts.wait('second', 2)).toBeGreaterThan(0)
  })
})

describe('who is counted', () => {
  test.each([
    ['198.51.100.7', '198.51.100.7'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    [null, 'unknown'],
    ['', 'unknown'],
  ])('%s is counted as %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })
})
