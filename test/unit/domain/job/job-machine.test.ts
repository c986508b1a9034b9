import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attemptsByEffort, efforts, jobStatuses, limits } from '@modelreins/contract'
import {
  complete,
  deadlineOf,
  end,
  expiryOf,
  failAttempt,
  handBackUnbegun,
  hasDefaultExpiry,
  isTerminal,
  newJob,
  queue,
  requestersOf,
  revive,
  sizeOf,
  start,
  withRequester,
  withSleptTime,
  type JobRecord,
} from '../../../../src/domain/job/job-machine.ts'
import { holdForSchedule } from '../../../../src/domain/job/schedule.ts'
import { born, jobError, jobFrom, jobIn, outcomeOf } from './jobs.ts'

const begin = (job: JobRecord, more: Partial<Parameters<typeof start>[1]> = {}) =>
  start(job, { worker_id: 'wkbert00000', nonce: 'n1', at: born + 10, long: false, ...more })
const failed = (job: JobRecord, more = {}): JobRecord =>
  failAttempt(job, { ...outcomeOf(), error: jobError() }, { at: born + 100, random: 0.5, ...more })

describe('a new job', () => {
  it.each(efforts)('of effort %s has the attempts of that effort unless it asks for others', (effort) => {
    expect(jobFrom({ effort }).max_attempts).toBe(attemptsByEffort[effort])
    expect(jobFrom({ effort, max_attempts: 9 }).max_attempts).toBe(9)
  })

  it('waits in the queue from the moment it came, at effort standard', () => {
    expect(jobFrom()).toMatchObject({ status: 'pending', hold: null, effort: 'standard', attempt: 0, queued_at: born, created_at: born })
  })

  it('waits for its time when that is still ahead, and expires counting from then', () => {
    const later = new Date(born + 60_000).toISOString()
    expect(holdForSchedule(jobFrom({ not_before: later }), born)).toMatchObject({ hold: 'schedule', queued_at: born + 60_000 })
    expect(holdForSchedule(jobFrom({ not_before: later }), born + 60_000)).toMatchObject({ hold: null, queued_at: born + 60_000 })
    expect(expiryOf(jobFrom({ not_before: later }))).toBe(born + 60_000 + limits.schedule_to_start_ms)
    expect(jobFrom({ not_before: new Date(born).toISOString() })).toMatchObject({ hold: null, queued_at: born })
  })

  it('is held for a review before it is held for its time', () => {
    const later = new Date(born + 60_000).toISOString()
    expect(holdForSchedule(jobFrom({ not_before: later }, 'review'), born).hold).toBe('review')
  })

  it('keeps its times in milliseconds', () => {
    const { spec } = jobFrom({ timeout: 1.5, silence_timeout: 2, expires_in: 3 })
    expect(spec).toMatchObject({ timeout_ms: 1_500, silence_ms: 2_000, expires_ms: 3_000 })
    expect(jobFrom().spec).toMatchObject({ timeout_ms: limits.timeout_ms, silence_ms: null, expires_ms: limits.schedule_to_start_ms })
    expect(hasDefaultExpiry(jobFrom())).toBe(true)
    expect(hasDefaultExpiry(jobFrom({ expires_in: 3 }))).toBe(false)
  })

  it('takes inline context as its policy when it brings a text', () => {
    expect(jobFrom({ context_text: 'as said' }).spec).toMatchObject({ context: 'inline', context_text: 'as said' })
    expect(jobFrom({ thread_id: 't', context: 'thread' }).spec.context).toBe('thread')
    expect(jobFrom().spec.context).toBe('none')
  })
})

describe('start', () => {
  const states = jobStatuses.flatMap((status) =>
    ([null, 'review', 'schedule', 'secrets', 'budget', 'key'] as const).map((hold) => ({ status, hold })),
  )

  it.each(states)('from $status with hold $hold', ({ status, hold }) => {
    const job = jobIn({ status, hold })
    const result = begin(job)
    expect(result.ok).toBe(status === 'pending' && hold === null)
    if (!result.ok) expect(result.failure).toMatchObject({ code: 'wrong-state', detail: expect.stringContaining(status) })
  })

  it('counts the attempt, takes the fence and the worker, and forgets the last outcome', () => {
    const before = jobIn({ attempt: 1, outcome: outcomeOf({ result: 'old' }), retry_at: born })
    expect(begin(before)).toMatchObject({
      ok: true,
      value: { status: 'running', attempt: 2, nonce: 'n1', worker_id: 'wkbert00000', started_at: born + 10, outcome: null, retry_at: null },
    })
  })

  it('leaves what was asked for as it is, the very object, so that it is not stored anew', () => {
    const job = jobFrom()
    const started = begin(job)
    expect(started.ok && started.value.spec).toBe(job.spec)
  })

  it('is refused once the attempts are used', () => {
    expect(begin(jobIn({ attempt: 3, max_attempts: 3 })).ok).toBe(false)
    expect(begin(jobIn({ attempt: 2, max_attempts: 3 })).ok).toBe(true)
  })

  it('sets the deadline from the start, not from the queue', () => {
    const result = begin(jobFrom({ timeout: 60 }))
    expect(result.ok && deadlineOf(result.value)).toBe(born + 10 + 60_000)
  })
})

describe('a failed attempt', () => {
  it('is tried again while the error passes and attempts remain', () => {
    expect(failed(jobIn({ status: 'running', attempt: 1, max_attempts: 2 })).status).toBe('retry')
    expect(failed(jobIn({ status: 'running', attempt: 2, max_attempts: 2 })).status).toBe('failed')
    const final = failAttempt(
      jobIn({ attempt: 1, max_attempts: 9 }),
      { ...outcomeOf(), error: jobError({ retryable: false }) },
      { at: born, random: 0 },
    )
    expect(final).toMatchObject({ status: 'failed', ended_at: born, retry_at: null })
  })

  it('waits for the reset that the provider names, within bounds', () => {
    const running = jobIn({ status: 'running', attempt: 1 })
    const at = born + 100
    // Not all that wait for one reset begin at once: they are spread over the first seconds after it.
    expect(failed(running, { retryAt: at + 90_000 }).retry_at).toBeGreaterThanOrEqual(at + 90_000)
    expect(failed(running, { retryAt: at + 90_000 }).retry_at).toBeLessThanOrEqual(at + 120_000)
    expect(failed(running, { retryAt: at + 10 * limits.retry_at_max_ms }).retry_at).toBe(at + limits.retry_at_max_ms)
    for (const retryAt of [null, undefined, at, at - 1]) {
      const { retry_at } = failed(running, { retryAt })
      expect(retry_at).toBeGreaterThan(at)
      expect(retry_at).toBeLessThanOrEqual(at + limits.retry_base_ms)
    }
  })

  it('keeps what it left behind', () => {
    const job = failAttempt(
      jobIn({ attempt: 1 }),
      { ...outcomeOf({ output: 'half', exit_code: 2 }), error: jobError() },
      { at: born, random: 0 },
    )
    expect(job.outcome).toMatchObject({ output: 'half', exit_code: 2, error: { type: 'timeout' } })
  })
})

describe('revive', () => {
  it.each(jobStatuses)('of a job that is %s', (status) => {
    const result = revive(jobIn({ status, attempt: 3, max_attempts: 3, ended_at: born, outcome: outcomeOf({ result: 'x' }) }), born + 5)
    expect(result.ok).toBe(status === 'failed')
    if (!result.ok) return
    expect(result.value).toMatchObject({
      status: 'pending',
      ended_at: null,
      outcome: null,
      queued_at: born + 5,
      max_attempts: 4,
      attempt: 3,
    })
  })

  it('takes no attempts away from a job that has some left', () => {
    const result = revive(jobIn({ status: 'failed', attempt: 1, max_attempts: 5 }), born)
    expect(result.ok && result.value.max_attempts).toBe(5)
  })
})

describe('an end from outside', () => {
  it('is final and lifts every hold, and keeps what was there', () => {
    const ended = end(
      jobIn({ hold: 'review', retry_at: born, outcome: outcomeOf({ output: 'half' }) }),
      jobError({ type: 'aborted' }),
      born + 9,
    )
    expect(ended).toMatchObject({ status: 'failed', hold: null, retry_at: null, ended_at: born + 9 })
    expect(ended.outcome).toMatchObject({ output: 'half', error: { type: 'aborted' } })
  })

  it('says that output is missing when the attempt streamed it elsewhere', () => {
    expect(end(jobIn({ stream: true }), jobError(), born).outcome?.output_truncated).toBe(true)
    expect(end(jobIn({ stream: false }), jobError(), born).outcome?.output_truncated).toBe(false)
  })
})

describe('who wants a job', () => {
  it('is who dispatched it, and each member who changed it or had it tried again, once', () => {
    const job = jobFrom()
    expect(requestersOf(job)).toEqual(['mbada000000'])
    const twice = withRequester(withRequester(withRequester(job, 'mbbob000000'), 'mbada000000'), 'mbbob000000')
    expect(requestersOf(twice)).toEqual(['mbada000000', 'mbbob000000'])
    expect(withRequester(job, 'mbada000000')).toBe(job)
  })
})

it('the size of a job is that of its prompt, its output and its result', () => {
  expect(sizeOf(jobFrom({ prompt: '12345' }))).toBe(5)
  expect(sizeOf({ ...jobFrom({ prompt: '12345' }), outcome: outcomeOf({ output: '678', result: '90' }) })).toBe(10)
})

type Step = (job: JobRecord, at: number) => JobRecord
const steps: Readonly<Record<string, Step>> = {
  start: (job, at) => {
    const result = begin(job, { at })
    return result.ok ? result.value : job
  },
  complete: (job, at) => (job.status === 'running' ? complete(job, outcomeOf({ result: 'done' }), at) : job),
  fail: (job, at) => (job.status === 'running' ? failed(job, { at }) : job),
  giveUp: (job, at) => (isTerminal(job.status) ? job : end(job, jobError({ type: 'aborted' }), at)),
  due: (job, at) => (job.status === 'retry' ? queue(job, at) : job),
  revive: (job, at) => {
    const result = revive(job, at)
    return result.ok ? result.value : job
  },
}

describe('any life of a job', () => {
  const walk = fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 30 })

  it('never uses more attempts than it has, and ends exactly when it is done or failed', () => {
    fc.assert(
      fc.property(walk, fc.integer({ min: 1, max: 3 }), (names, max_attempts) => {
        let job = jobFrom({ max_attempts })
        let at = born
        for (const name of names) {
          at += 1_000
          job = steps[name]?.(job, at) ?? job
          expect(job.attempt).toBeLessThanOrEqual(job.max_attempts)
          expect(job.ended_at === null).toBe(!isTerminal(job.status))
          expect(job.retry_at === null).toBe(job.status !== 'retry')
          if (job.status === 'running') expect(job.nonce).not.toBeNull()
        }
      }),
    )
  })

  it('changes nothing of what was asked for, nor of the record it was given', () => {
    fc.assert(
      fc.property(walk, (names) => {
        const first = newJob(
          { prompt: 'Report', metadata: { a: 1 } },
          { id: 1, at: born, pinned: null, worker_id: null, created_by: 'm', hold: null },
        )
        const spelled = JSON.stringify(first)
        let job = first
        for (const name of names) job = steps[name]?.(job, born) ?? job
        expect(JSON.stringify(first)).toBe(spelled)
        expect(job.spec).toEqual(first.spec)
        expect(job.created_at).toBe(first.created_at)
      }),
    )
  })
})

describe('an attempt that is given back before it has begun', () => {
  const started = (job: JobRecord): JobRecord => {
    const begun = begin(job)
    if (!begun.ok) throw new Error(begun.failure.detail)
    return begun.value
  }

  it('does not count, and leaves the job where it stood, for anybody', () => {
    const job = started(jobFrom())
    expect(handBackUnbegun(job, born + 60)).toMatchObject({
      status: 'pending',
      hold: null,
      queued_at: born,
      worker_id: null,
      attempt: 1,
      max_attempts: job.max_attempts + 1,
      nonce: 'n1',
      started_at: null,
      outcome: null,
    })
  })

  it("stays the pinned worker's", () => {
    const pinned = { ...jobFrom(), spec: { ...jobFrom().spec, pinned: 'wkbert00000' } }
    expect(handBackUnbegun(started(pinned), born + 60).worker_id).toBe('wkbert00000')
  })

  it('can start again as often as before', () => {
    let job = jobFrom({ max_attempts: 1 })
    for (let time = 0; time < 3; time += 1) job = handBackUnbegun(started(job), born + 60)
    expect(begin(job)).toMatchObject({ ok: true, value: { attempt: 4, max_attempts: 4 } })
  })

  it('has not come nearer to the expiry of its job', () => {
    const job = jobFrom({ expires_in: 60 })
    expect(expiryOf(handBackUnbegun(started(job), born + 50_010))).toBe(expiryOf(job) + 50_000)
    const slept = withSleptTime(job, 600_000)
    expect(expiryOf(handBackUnbegun(started(slept), born + 50_010))).toBe(expiryOf(slept) + 50_000)
  })

  it('gives its own attempt no more time for what the job had slept before', () => {
    const slept = withSleptTime(jobFrom(), 600_000)
    expect(deadlineOf(started(slept))).toBe(deadlineOf(started(jobFrom())))
    const again = handBackUnbegun(started(slept), born + 60)
    expect(queue(again, born + 70).spec).toEqual(jobFrom().spec)
  })
})
