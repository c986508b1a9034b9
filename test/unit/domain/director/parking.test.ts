import { limits } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { inForce, parked, parkedUntil, parkingKey, unparked } from '../../../../src/domain/director/parking.ts'

const now = 1_800_000_000_000
const anna = { worker_id: 'wkanna', config: { account: 'team' } }
const bert = { worker_id: 'wkbert', config: { account: 'team' } }
const cleo = { worker_id: 'wkcleo', config: {} }

describe('parking', () => {
  it('concerns everybody of one account, and a worker without one alone', () => {
    const parkings = parked({}, parkingKey(anna), now + 60_000, now)
    expect(parkedUntil(parkings, bert, now)).toBe(now + 60_000)
    expect(parkedUntil(parkings, cleo, now)).toBeNull()
    expect(parkedUntil(parked({}, parkingKey(cleo), now + 1, now), anna, now)).toBeNull()
  })

  it('is bounded when its time is far ahead, and none when it has passed', () => {
    const far = parked({}, 'k', now + 365 * 86_400_000, now)
    expect(far['k']).toBe(now + limits.retry_at_max_ms)
    const before = {}
    expect(parked(before, 'k', now, now)).toBe(before)
    expect(parked(far, 'k', now + 1, now)).toBe(far)
  })

  it('ends by itself, and by name', () => {
    const parkings = { a: now + 1, b: now + 100 }
    expect(inForce(parkings, now)).toBe(parkings)
    expect(inForce(parkings, now + 1)).toEqual({ b: now + 100 })
    expect(unparked(parkings, 'b', now)).toEqual({ a: now + 1 })
    expect(unparked(parkings, 'c', now)).toBe(parkings)
    expect(parkedUntil({ [parkingKey(cleo)]: now }, cleo, now)).toBeNull()
  })
})
