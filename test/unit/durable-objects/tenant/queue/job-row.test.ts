/** Rows of jobs: which changes may be written as what a start or an end changes, and nothing else. */
import { expect, it } from 'vitest'
import { complete, emptyOutcome, newJob, start } from '../../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../../src/domain/job/job-machine.ts'
import { changeOf, ending, starting, stateOf, stateOfRow } from '../../../../../durable-objects/tenant/queue/job-row.ts'

const job = newJob({ prompt: 'x' }, { id: 1, at: 1_000, pinned: null, worker_id: null, created_by: 'anna', hold: null })
const state = (of: JobRecord) => stateOf(of, () => 7)

it('takes starts and completions for what they are', () => {
  const started = start(job, { worker_id: 'w_1', nonce: 'n', at: 2_000, long: false })
  if (!started.ok) throw new Error('It does not start')
  expect(changeOf(state(job), state(started.value))).toBe('start')
  expect(changeOf(state(started.value), state(complete(started.value, emptyOutcome, 3_000)))).toBe('end')
})

type Column = keyof ReturnType<typeof state>
const isAmong = (names: readonly Column[], name: Column): boolean => names.includes(name)

it('writes no change of a column with a statement that leaves it alone', () => {
  const before = state(job)
  for (const name of (Object.keys(before) as Column[]).filter((one) => one !== 'id')) {
    const changed = { ...before, [name]: before[name] === null ? 5 : null }
    expect([name, changeOf(before, changed)]).toEqual([name, isAmong(starting, name) ? 'start' : 'update'])
  }
})

it('takes for an end only what gives up its place', () => {
  const before = state(job)
  const ended = { ...before, pool: null, rank: null, ended_at: 5 }
  expect(changeOf(before, ended)).toBe('end')
  expect(changeOf(before, { ...ended, pool: 3 })).toBe('update')
  expect(changeOf(before, { ...ended, rank: 3 })).toBe('update')
  for (const name of (Object.keys(before) as Column[]).filter((one) => one !== 'id' && one !== 'pool' && one !== 'rank')) {
    const changed = { ...ended, [name]: ended[name] === null || name === 'ended_at' ? 7 : null }
    expect([name, changeOf(before, changed)]).toEqual([name, isAmong(ending, name) ? 'end' : 'update'])
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
