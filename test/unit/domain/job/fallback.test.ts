/** A chain goes forward only, by the cause that each step names, with attempts of its own. */
import type { FallbackStep, JobError, JobStatus } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { atStep, causeOf, mayFallBack, retryAtStep, stepInWords, stepsAfter } from '../../../../src/domain/job/fallback.ts'
import { emptyOutcome, newJob, resume } from '../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'

const chain: FallbackStep[] = [
  { provider: 'codex', after: 'failed' },
  { target: 'wkbert', after: 'rate_limited' },
  { model: 'haiku', after: 'failed' },
]
const about = { id: 1, at: 0, pinned: null, worker_id: 'wkanna', created_by: 'mb', hold: null }
const job = newJob({ prompt: 'x', provider: 'claude', model: 'opus', max_attempts: 2, tags: ['gpu'], fallback: chain }, about)
const fallback = job.spec.fallback
if (fallback === undefined) throw new Error('no chain')
const ended = (status: JobStatus, type: string): JobRecord => {
  const error: JobError = { type, message: '', retryable: status === 'retry' }
  return { ...job, status, attempt: 2, outcome: { ...emptyOutcome, error } }
}

describe('the cause of a step', () => {
  it.each([
    ['failed', 'exit_error', false, 'failed'],
    ['retry', 'exit_error', false, undefined],
    ['retry', 'rate_limited', true, 'rate_limited'],
    ['retry', 'rate_limited', false, undefined],
    ['failed', 'rate_limited', false, 'rate_limited'],
    ['failed', 'worker_lost', false, 'failed'],
    ['failed', 'denied', true, undefined],
    ['failed', 'aborted', true, undefined],
    ['failed', 'expired', true, undefined],
    ['done', 'exit_error', true, undefined],
  ] as const)('%s, %s, nobody else has quota: %s', (status, type, limited, cause) => {
    expect(causeOf(ended(status, type), limited)).toBe(cause)
  })
})

describe('a step', () => {
  it('is one ahead that names the cause', () => {
    expect(stepsAfter(fallback, 'failed')).toEqual([1, 3])
    expect(stepsAfter({ ...fallback, step: 1 }, 'failed')).toEqual([3])
    expect(stepsAfter({ ...fallback, step: 2 }, 'rate_limited')).toEqual([])
    expect(stepsAfter(fallback, 'offline')).toEqual([])
  })

  it('asks for another place with everything else as it was, and has attempts of its own', () => {
    const at = retryAtStep(ended('failed', 'exit_error'), 1, 5)
    expect(at).toMatchObject({ status: 'retry', retry_at: 5, ended_at: null, attempt: 2, max_attempts: 4, worker_id: null })
    expect(at.spec).toMatchObject({ provider: 'codex', model: null, pinned: null, tags: ['gpu'], fallback: { step: 1, made: 2 } })
    const pinned = atStep(at, 2)
    expect(pinned).toMatchObject({ worker_id: 'wkbert', spec: { pinned: 'wkbert', provider: null } })
    expect(stepInWords(pinned.spec, () => 'bert')).toBe('step 2 of 3 after rate_limited: bert')
    expect(atStep(job, 9)).toBe(job)
  })

  it('is nothing that an attempt from before it can take up again', () => {
    const lost: JobRecord = { ...ended('retry', 'worker_lost'), outcome: { ...emptyOutcome, lost_by: 'wkanna' } }
    expect(resume(lost, { worker_id: 'wkanna', attempt: 2 })?.status).toBe('running')
    expect(resume(retryAtStep(lost, 1, 5), { worker_id: 'wkanna', attempt: 2 })).toBeUndefined()
  })
})

it('is looked at while it waits and has steps ahead', () => {
  expect(mayFallBack(job)).toBe(true)
  expect(mayFallBack({ ...job, hold: 'review' })).toBe(false)
  expect(mayFallBack({ ...job, status: 'running' })).toBe(false)
  expect(mayFallBack(atStep(job, 3))).toBe(false)
  expect(newJob({ prompt: 'x', fallback: [] }, about).spec.fallback).toBeUndefined()
})
