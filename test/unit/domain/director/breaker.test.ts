/** The breaker opens after faults of the worker's own, for distinct jobs, and closes by a trial or by hand. */
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
const five = ['spawn_failed', 'auth_failed', 'worker_lost', 'spawn_failed', 'spawn_failed'] as const

describe('a breaker', () => {
  it.each([4, 5])('after %i faults of its own', (count) => {
    expect(state(ended(closedBreaker, ...five.slice(0, count)))).toBe(count < breakerLimits.faults ? 'closed' : 'open')
  })

  it('stays closed for jobs that fail by themselves, however many', () => {
    expect(state(ended(closedBreaker, ...Array.from({ length: 20 }, () => 'exit_error')))).toBe('closed')
    expect(state(ended(closedBreaker, ...Array.from({ length: 20 }, () => 'denied')))).toBe('closed')
  })

  it('counts one job once, and what was lost at one moment once', () => {
    let breaker = closedBreaker
    for (let at = 0; at < 9; at += 1) breaker = afterAttempt(breaker, { job_id: 7, error: 'spawn_failed', at })
    for (let job_id = 10; job_id < 19; job_id += 1) breaker = afterAttempt(breaker, { job_id, error: 'worker_lost', at: 100 })
    expect([viewOfBreaker(breaker, 200).faults, state(breaker, 200)]).toEqual([2, 'closed'])
  })

  it('is closed by any attempt that shows the worker able to work', () => {
    expect(state(ended(closedBreaker, ...five.slice(0, 4), 'exit_error', 'spawn_failed'))).toBe('closed')
    expect(state(ended(closedBreaker, ...five.slice(0, 4), null, 'spawn_failed'))).toBe('closed')
  })

  it('lets one job through once its time is up: its end decides', () => {
    const open = ended(closedBreaker, ...five)
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
    expect(breakerInWords(viewOfBreaker(ended(closedBreaker, ...five), 10), 10)).toMatch(
      /^has an open circuit breaker after 5 faults of its own in a row, the last spawn_failed: tried again in 60 s/,
    )
  })
})
