import { describe, expect, it } from 'vitest'
import { queue, start } from '../../../../src/domain/job/job-machine.ts'
import { escalate, holdForReview, settleEscalated } from '../../../../src/domain/review/review-job.ts'
import { born, jobFrom, jobIn, outcomeOf } from '../job/jobs.ts'

const begin = (job: Parameters<typeof start>[0]) => start(job, { worker_id: 'wkanna00000', nonce: 'n1', at: born, long: false })

describe('a job that a human must decide about', () => {
  it('cannot start before, and can after', () => {
    const held = holdForReview(jobFrom(), 3)
    expect(held).toMatchObject({ status: 'pending', hold: 'review', review_id: 3 })
    expect(begin(held).ok).toBe(false)
    expect(begin(queue(held, born + 1)).ok).toBe(true)
  })

  it('keeps its attempts and what the last one left behind', () => {
    const held = holdForReview(jobIn({ status: 'retry', attempt: 2, retry_at: born + 9, outcome: outcomeOf({ output: 'half' }) }), 3)
    expect(held).toMatchObject({ status: 'pending', attempt: 2, retry_at: null, outcome: { output: 'half' } })
  })
})

describe('a job that its worker gave to a human', () => {
  const running = jobIn({ status: 'running', attempt: 1, nonce: 'n1', started_at: born })
  const outcome = outcomeOf({ result: 'What I have so far', stored: 'results/7', output: 'half', exit_code: 0 })
  const escalated = escalate(running, outcome, 4)

  it('has ended its attempt and waits, with the result kept', () => {
    expect(escalated).toMatchObject({ status: 'pending', hold: 'review', review_id: 4, attempt: 1, outcome })
  })

  it('is done with the kept result when the human approves it', () => {
    const settled = settleEscalated(escalated, null, born + 5)
    expect(settled).toMatchObject({ status: 'done', hold: null, ended_at: born + 5, outcome })
  })

  it("is done with the human's own words when there are some, and with no stored result beside them", () => {
    expect(settleEscalated(escalated, 'Do it by hand', born + 5)).toMatchObject({
      status: 'done',
      outcome: { result: 'Do it by hand', stored: null, output: 'half', exit_code: 0 },
    })
  })

  it('is done even when nothing was kept', () => {
    expect(settleEscalated({ ...escalated, outcome: null }, null, born)).toMatchObject({
      status: 'done',
      outcome: { result: null, error: null },
    })
  })
})
