/** Says when a browser session is in force, and how long failed sign-ins wait. */
import { createHmac } from 'node:crypto'
import { limits } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { afterFailure, isBan, waitAfter } from '../../../../src/domain/session/ban.ts'
import type { FailureRecord } from '../../../../src/domain/session/ban.ts'
import { newChallenge, readChallenge } from '../../../../src/domain/session/challenge.ts'
import { isWorthTouching, sessionExpiry, isSessionActive } from '../../../../src/domain/session/session.ts'
import type { SessionRecord } from '../../../../src/domain/session/session.ts'

const at = Date.UTC(2026, 0, 1)
const session = (more: Partial<SessionRecord> = {}): SessionRecord => ({
  session_id: 'ss',
  member_id: 'mb',
  method: 'key',
  passkey_id: null,
  hash: '',
  device: 'Firefox on Linux',
  place: null,
  created_at: at,
  last_used_at: at,
  ended_at: null,
  ...more,
})

describe('a browser session', () => {
  test('ends 12 hours after its last use', () => {
    expect(isSessionActive(session(), at + limits.session_idle_ms - 1)).toBe(true)
    expect(isSessionActive(session(), at + limits.session_idle_ms)).toBe(false)
  })

  test('ends 30 days after the sign-in, however much it is used', () => {
    const used = session({ last_used_at: at + limits.session_absolute_ms - 1000 })
    expect(sessionExpiry(used)).toBe(at + limits.session_absolute_ms)
    expect(isSessionActive(used, at + limits.session_absolute_ms)).toBe(false)
  })

  test('is over once it was ended', () => {
    expect(isSessionActive(session({ ended_at: at }), at)).toBe(false)
  })

  test('is written at most once in ten minutes, and not at all when the clock was set back', () => {
    expect(isWorthTouching(session(), at + limits.session_touch_ms - 1)).toBe(false)
    expect(isWorthTouching(session(), at + limits.session_touch_ms)).toBe(true)
    expect(isWorthTouching(session(), at - 3_600_000)).toBe(false)
  })
})

describe('failed sign-ins', () => {
  const after = (failures: number, when = at): FailureRecord => {
    let record: FailureRecord | undefined
    for (let count = 0; count < failures; count += 1) record = afterFailure(record, 'address:203.0.113.9', 'bn1', when)
    if (record === undefined) throw new Error('no failure')
    return record
  }

  test('are forgiven a few times, then wait longer each time, up to a day', () => {
    const waits = Array.from({ length: 14 }, (_, failures) => waitAfter(failures))
    expect(waits.slice(0, limits.sign_in_failures_forgiven + 1)).toEqual([0, 0, 0, 0])
    expect(waits.slice(4)).toEqual([2, 10, 60, 300, 1800, 7200, 28_800, 86_400, 86_400, 86_400].map((seconds) => seconds * 1000))
  })

  test('are a ban from a wait of one minute on, until it is over', () => {
    expect(isBan(after(5), at)).toBe(false)
    expect(isBan(after(6), at)).toBe(true)
    expect(isBan(after(6), at + 60_000)).toBe(false)
  })

  test('are forgotten a day after the last one', () => {
    expect(afterFailure(after(10), 'address:203.0.113.9', 'bn2', at + limits.sign_in_memory_ms)).toMatchObject({
      failures: 1,
      ban_id: 'bn2',
    })
    expect(afterFailure(after(10), 'address:203.0.113.9', 'bn2', at + limits.sign_in_memory_ms - 1)).toMatchObject({
      failures: 11,
      ban_id: 'bn1',
    })
  })
})

describe('a challenge', () => {
  const key = (id: string, secret: string) => ({ id, hmac: (text: string) => createHmac('sha256', secret).update(text).digest() })
  const ours = key('a', 'ours')
  const text = newChallenge('register', 'mbabc', 'n'.repeat(20), at, ours)

  test('is ours for its purpose and member until it expires', () => {
    expect(readChallenge(text, 'register', 'mbabc', at + 1, [ours])).toEqual({
      nonce: 'n'.repeat(20),
      expires_at: at + limits.challenge_ms,
    })
    expect(readChallenge(text, 'register', 'mbabc', at + limits.challenge_ms, [ours])).toBeUndefined()
    expect(readChallenge(text, 'sign-in', 'mbabc', at, [ours])).toBeUndefined()
    expect(readChallenge(text, 'register', 'mbother', at, [ours])).toBeUndefined()
    expect(readChallenge(text, 'register', 'mbabc', at, [key('a', 'theirs')])).toBeUndefined()
  })

  test('is not ours with any character changed', () => {
    for (let index = 0; index < text.length; index += 1) {
      const other = text[index] === 'b' ? 'c' : 'b'
      const changed = text.slice(0, index) + other + text.slice(index + 1)
      expect(readChallenge(changed, 'register', 'mbabc', at, [ours]), changed).toBeUndefined()
    }
  })
})
