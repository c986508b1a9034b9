/** Says which answer of a fan-out may be picked, and which one it then shows. */
import { describe, expect, it } from 'vitest'
import { isReplaced, pickStep, shownResult } from '../../../../src/domain/fan-out/pick.ts'
import type { Picked } from '../../../../src/domain/fan-out/pick.ts'
import { emptyOutcome, newJob } from '../../../../src/domain/job/job-machine.ts'
import type { JobOutcome, JobRecord } from '../../../../src/domain/job/job-machine.ts'

const about = { at: 1_000, pinned: null, worker_id: 'wk1', created_by: 'mb1', hold: null } as const
const plan = { by: 'concat', worker: null, prompt: null, quorum: null, deadline_at: null, vote_field: null } as const

function fanOut(status: JobRecord['status'], picked?: Picked): JobRecord {
  const made = newJob({ prompt: 'x' }, { ...about, id: 1 })
  const merge = { by: 'concat', answered: 2, failed: 0, missing: 0, degraded: false, job_id: null } as const
  const outcome: JobOutcome = {
    ...emptyOutcome,
    result: 'both',
    fan_out: { children: [], merge, ...(picked === undefined ? {} : { picked }) },
  }
  return {
    ...made,
    status,
    spec: { ...made.spec, fan_out: { plan, merge_job_id: null } },
    outcome: status === 'running' ? null : outcome,
  }
}
const child = (id: number, more: Partial<JobRecord> = {}, parent = 1): JobRecord => ({
  ...newJob({ prompt: 'x' }, { ...about, id, parent: { id: parent, role: 'child' } }),
  status: 'done',
  outcome: { ...emptyOutcome, result: 'one' },
  ...more,
})
const picked: Picked = { job_id: 2, worker: 'anna', by: 'Olga', at: 2_000 }

describe('pickStep', () => {
  it('picks a done child with a result, and tells whether the fan-out ends by it', () => {
    expect(pickStep(fanOut('running'), child(2), 2)).toMatchObject({ ok: true, value: { kind: 'pick', end: true } })
    expect(pickStep(fanOut('done'), child(2), 2)).toMatchObject({ ok: true, value: { kind: 'pick', end: false } })
  })

  it('does nothing for the same child again, even when that is not kept any more, and refuses another', () => {
    expect(pickStep(fanOut('done', picked), undefined, 2)).toMatchObject({ ok: true, value: { kind: 'done-before' } })
    expect(pickStep(fanOut('done', picked), child(3), 3)).toMatchObject({ ok: false, failure: { code: 'wrong-state' } })
  })

  it.each([
    ['a job that is no fan-out', child(2), child(3)],
    ['the child of another fan-out', fanOut('done'), child(2, {}, 7)],
    ['the merge', fanOut('done'), { ...child(2), spec: { ...child(2).spec, role: 'merge' as const } }],
    ['one that has not ended', fanOut('running'), child(2, { status: 'running', outcome: null })],
    ['one that has failed', fanOut('done'), child(2, { status: 'failed' })],
    ['an empty answer', fanOut('done'), child(2, { outcome: emptyOutcome })],
    ['a fan-out that has failed', fanOut('failed'), child(2)],
  ])('refuses %s', (_, parent, of) => {
    expect(pickStep(parent, of, of.id)).toMatchObject({ ok: false, failure: { code: 'wrong-state' } })
  })
})

describe('the answer that a fan-out shows', () => {
  it('is its result, and the picked one where that came later; the record keeps the one before', () => {
    expect(shownResult(null)).toEqual({ result: null, stored: null })
    expect(shownResult(fanOut('done').outcome)).toMatchObject({ result: 'both', stored: null })
    expect(isReplaced(fanOut('done', picked))).toBe(false)
    const replaced = fanOut('done', { ...picked, instead: { result: 'one', stored: 'long' } })
    expect(shownResult(replaced.outcome)).toEqual({ result: 'one', stored: 'long' })
    expect([isReplaced(replaced), replaced.outcome?.result]).toEqual([true, 'both'])
  })
})
