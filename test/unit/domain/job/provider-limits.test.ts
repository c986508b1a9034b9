/** Says how long a job waits for its provider's limit, and that waiting costs none of its attempts. */
import { describe, expect, it } from 'vitest'
import { limits, limitWaitsMs } from '@modelreins/contract'
import { emptyOutcome, failAttempt, newJob, queue, revive, start, type JobRecord } from '../../../../src/domain/job/job-machine.ts'

const at = Date.UTC(2026, 8, 25, 12)
const hour = 3_600_000
const limited = { ...emptyOutcome, error: { type: 'rate_limited', message: 'Rate limited', retryable: true } }
const broken = { ...emptyOutcome, error: { type: 'network', message: 'no', retryable: true } }

const jobOf = (more: object = {}): JobRecord =>
  newJob({ prompt: 'x', effort: 'trivial', ...more }, { id: 1, at, pinned: null, worker_id: 'w', created_by: 'm', hold: null })
const running = (job: JobRecord, when: number): JobRecord => {
  const started = start(queue(job, when), { worker_id: 'w', nonce: 'n', at: when, long: false })
  if (!started.ok) throw new Error(started.failure.detail)
  return started.value
}

/** Every wait until the job has failed, with a limit that tells no time and the longest waits there are. */
const waitsOf = (first: JobRecord, random = 0.999_999): readonly number[] => {
  const waits: number[] = []
  for (let job = running(first, at), now = at; waits.length < 100;) {
    const after = failAttempt(job, limited, { at: now, random })
    if (after.status === 'failed' || after.retry_at === null) return waits
    waits.push(after.retry_at - now)
    now = after.retry_at
    job = running(after, now)
  }
  return waits
}

describe('a limit that tells no time', () => {
  it('is waited for longer and longer, for a day', () => {
    const waits = waitsOf(jobOf())
    expect(waits.slice(0, 6).map((wait) => Math.round(wait / 60_000))).toEqual([1, 5, 15, 60, 180, 180])
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(limits.limit_wait_ms)
    expect(waits.length).toBeGreaterThan(10)
  })
  it('is waited for no longer than the job says', () => {
    const waits = waitsOf(jobOf({ expires_in: 7_200 }))
    // The default of two hours is no word of the job's.
    expect(waits.length).toBeGreaterThan(10)
    expect(waitsOf(jobOf({ expires_in: 3_600 })).map((wait) => Math.round(wait / 60_000))).toEqual([1, 5, 15])
  })
  it('is never tried again within seconds, whatever chance says', () => {
    expect(waitsOf(jobOf(), 0).slice(0, limitWaitsMs.length)).toEqual(limitWaitsMs.map((step) => step / 10))
  })
})

describe('a limit that tells its time', () => {
  it('is waited for until then and a little longer, beyond any deadline of the job', () => {
    const retryAt = at + 48 * hour
    const after = failAttempt(running(jobOf(), at), limited, { at, random: 0.5, retryAt })
    expect(after).toMatchObject({ status: 'retry', retry_at: retryAt + limits.retry_jitter_ms / 2 })
  })
  it('is waited for no longer than a week', () => {
    const after = failAttempt(running(jobOf(), at), limited, { at, random: 0.5, retryAt: at + 400 * hour })
    expect(after.retry_at).toBe(at + limits.retry_at_max_ms)
  })
})

describe('the attempts of a job', () => {
  it('are not spent on limits', () => {
    let job = running(jobOf({ max_attempts: 2 }), at)
    for (let count = 0; count < 4; count += 1) job = running(failAttempt(job, limited, { at, random: 0.5 }), at)
    expect(job.attempt).toBeLessThanOrEqual(job.max_attempts)
    const first = failAttempt(job, broken, { at, random: 0.5 })
    expect(first.status).toBe('retry')
    expect(failAttempt(running(first, at), broken, { at, random: 0.5 }).status).toBe('failed')
  })
  it('begin the waits anew after something else, and after a human has asked for another', () => {
    const twice = failAttempt(running(failAttempt(running(jobOf({ max_attempts: 3 }), at), limited, { at, random: 0.5 }), at), limited, {
      at,
      random: 0.5,
    })
    expect(twice.spec.limited).toEqual({ times: 2, since: at })
    expect(failAttempt(running(twice, at), broken, { at, random: 0.5 }).spec.limited).toBeUndefined()
    const revived = revive({ ...twice, status: 'failed' }, at)
    expect(revived.ok && revived.value.spec.limited).toBeUndefined()
  })
  it('are spent on a limit that is told to be final', () => {
    const final = { ...limited, error: { ...limited.error, retryable: false } }
    expect(failAttempt(running(jobOf({ max_attempts: 3 }), at), final, { at, random: 0.5 }).status).toBe('failed')
  })
})
