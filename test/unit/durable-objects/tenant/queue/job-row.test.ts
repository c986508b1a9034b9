/** Rows of jobs: which changes may be written as what a start or a completion changes, and nothing else. */
import { expect, it } from 'vitest'
import { complete, emptyOutcome, newJob, start } from '../../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../../src/domain/job/job-machine.ts'
import { advancing, onlyAdvances, stateOf, stateOfRow } from '../../../../../durable-objects/tenant/queue/job-row.ts'

const job = newJob({ prompt: 'x' }, { id: 1, at: 1_000, pinned: null, worker_id: null, created_by: 'anna', hold: null })
const state = (of: JobRecord) => stateOf(of, () => 7)

it('takes starts and completions for what they are', () => {
  const started = start(job, { worker_id: 'w_1', nonce: 'n', at: 2_000, long: false })
  if (!started.ok) throw new Error('It does not start')
  expect(onlyAdvances(state(job), state(started.value))).toBe(true)
  expect(onlyAdvances(state(started.value), state(complete(started.value, emptyOutcome, 3_000)))).toBe(true)
})

it('sees a change of any other column', () => {
  const before = state(job)
  const names = Object.keys(before) as (keyof typeof before)[]
  for (const name of names.filter((one) => one !== 'id')) {
    const changed = { ...before, [name]: before[name] === null ? 5 : null }
    expect([name, onlyAdvances(before, changed)]).toEqual([name, advancing.some((one) => one === name)])
  }
})

it('has of a row that was read what was written', () => {
  const { thread_id, parent_id, created_by, created_at } = job
  const fixed = {
    thread_id,
    parent_id,
    created_by,
    created_at,
    idempotency_key: null,
    idempotency_digest: null,
    dispatch_key: null,
    spec: '{}',
  }
  expect(stateOfRow({ ...state(job), ...fixed })).toEqual(state(job))
})
