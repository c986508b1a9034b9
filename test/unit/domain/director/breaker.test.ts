/** The breaker opens by faults of the worker's own, at once or after several, and closes by a trial or by hand. */
import { describe, expect, it } from 'vitest'
import {
  admitted,
  afterAttempt,
  breakerInWords,
  breakerLimits,
  closedBreaker,
  viewOfBreaker,
  type Breaker,
} from '../../../../src/domain/director/breaker.ts'

const ended = (breaker: Breaker, ...errors: readonly (string | null)[]): Breaker =>
  errors.reduce((before, error, index) => afterAttempt(before, { job_id: index + 1, error, at: index }), breaker)
const state = (breaker: Breaker, now = 10): string => viewOfBreaker(breaker, now).state
const lost = (count: number): readonly string[] => Array.from({ length: count }, () => 'worker_lost')

describe('a breaker', () => {
  it.each(['spawn_failed', 'auth_failed'])('opens at once after %s', (error) => {
    expect(state(ended(closedBreaker, null, 'exit_error', error))).toBe('open')
  })

  it.each([4, 5])('after %i attempts that were lost', (count) => {
    expect(state(ended(closedBreaker, ...lost(count)))).toBe(count < breakerLimits.faults ? 'closed' : 'open')
  })

  it('stays closed for jobs that fail by themselves, however many', () => {
    expect(state(ended(closedBreaker, ...Array.from({ length: 20 }, () => 'exit_error')))).toBe('closed')
    expect(state(ended(closedBreaker, ...Array.from({ length: 20 }, () => 'denied')))).toBe('closed')
  })

  it('counts what was lost at one moment once, and what ends while it is open not as another time', () => {
    let breaker = closedBreaker
    for (let job_id = 10; job_id < 19; job_id += 1) breaker = afterAttempt(breaker, { job_id, error: 'worker_lost', at: 100 })
    expect([viewOfBreaker(breaker, 200).faults, state(breaker, 200)]).toEqual([1, 'closed'])
    for (let job_id = 20; job_id < 29; job_id += 1) breaker = afterAttempt(breaker, { job_id, error: 'spawn_failed', at: 300 })
    expect(breaker).toMatchObject({ opened: 1, open_until: 300 + breakerLimits.open_ms })
  })

  it('stays open twice as long each time that its trial fails, up to five minutes', () => {
    let breaker = closedBreaker
    const waits: number[] = []
    for (let at = 0, job_id = 1; job_id < 8; job_id += 1) {
      breaker = afterAttempt(breaker, { job_id, error: 'auth_failed', at })
      waits.push(((breaker.open_until ?? 0) - at) / 1000)
      at = breaker.open_until ?? 0
    }
    expect(waits).toEqual([15, 30, 60, 120, 240, 300, 300])
    expect(afterAttempt(breaker, { job_id: 9, error: null, at: breaker.open_until ?? 0 })).toEqual(closedBreaker)
  })

  it('is closed by any attempt that shows the worker able to work', () => {
    expect(state(ended(closedBreaker, ...lost(4), 'exit_error', 'worker_lost'))).toBe('closed')
    expect(state(ended(closedBreaker, ...lost(4), null, 'worker_lost'))).toBe('closed')
  })

  it('lets one job through once its time is up: its end decides', () => {
    const open = ended(closedBreaker, ...lost(5))
    const later = (open.open_until ?? 0) + 1
    expect(admitted(viewOfBreaker(open, 10), 4, 0)).toBe(0)
    expect(admitted(viewOfBreaker(open, later), 4, 0)).toBe(1)
    expect(admitted(viewOfBreaker(open, later), 4, 1)).toBe(0)
    expect(state(afterAttempt(open, { job_id: 99, error: 'spawn_failed', at: later }), later)).toBe('open')
    expect(state(afterAttempt(open, { job_id: 99, error: null, at: later }), later)).toBe('closed')
    expect(admitted(viewOfBreaker(closedBreaker, later), 4, 3)).toBe(4)
  })

  it('says what it is in words, and nothing while it is closed', () => {
    expect(breakerInWords(viewOfBreaker(closedBreaker, 0), 0)).toBeUndefined()
    expect(breakerInWords(viewOfBreaker(ended(closedBreaker, ...lost(4), 'spawn_failed'), 10), 10)).toMatch(
      /^has an open circuit breaker after 5 faults of its own in a row, the last spawn_failed: tried again in 15 s/,
    )
  })
})
