/** Says how long a job is in a person's hands, what they are called, and how they are seen. */
import { limits } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { beginAttempt, handBackAt, nameOfPerson, nextStep, personState, seen } from '../../../../src/domain/work/person.ts'

const hour = 3_600_000
const patience = { reminder: 4 * 3600, hand_back: 24 * 3600 }

describe('an attempt of a person', () => {
  test('has the timeout that its job names, and none that is made for machines', () => {
    expect(beginAttempt({ timeout_ms: limits.timeout_ms }, 5)).toEqual({ limit_ms: limits.person_claim_max_ms, seen_at: 5 })
    expect(beginAttempt({ timeout_ms: 60_000 }, 5)).toEqual({ limit_ms: 60_000, seen_at: 5 })
  })

  test('is reminded of, then given back; a late reminder leaves an hour at most', () => {
    const attempt = { limit_ms: 1, seen_at: 0 }
    expect(nextStep(attempt, patience)).toEqual({ at: 4 * hour, step: 'remind' })
    expect(nextStep({ ...attempt, reminded_at: 4 * hour }, patience)).toEqual({ at: 24 * hour, step: 'hand_back' })
    expect(nextStep({ ...attempt, reminded_at: 90 * hour }, patience)).toEqual({ at: 91 * hour, step: 'hand_back' })
    expect(nextStep(attempt, { reminder: 100, hand_back: 60 })).toEqual({ at: 60_000, step: 'hand_back' })
    expect(handBackAt({ ...attempt, reminded_at: 90_000 }, { reminder: 60, hand_back: 70 })).toBe(100_000)
  })

  test('is written seldom while the person is there, and at once after a reminder', () => {
    const job = { status: 'running', spec: { person: { limit_ms: 1, seen_at: 0 } } } as JobRecord
    expect(seen(job, limits.person_seen_write_ms - 1)).toBe(job)
    expect(seen(job, limits.person_seen_write_ms).spec.person?.seen_at).toBe(limits.person_seen_write_ms)
    const late = { ...job, spec: { ...job.spec, person: { limit_ms: 1, seen_at: 0, reminded_at: 1 } } }
    expect(seen(late, 2).spec.person).toEqual({ limit_ms: 1, seen_at: 2 })
    expect(seen({ ...late, status: 'done' }, 2).spec.person?.reminded_at).toBe(1)
  })
})

test('whoever takes jobs is there for the queue, at night as well', () => {
  const about = { taking: true, running: 0, seen_at: 0, at: limits.person_presence_ms }
  expect(personState(about)).toBe('idle')
  expect(personState({ ...about, at: about.at + 1 })).toBe('online')
  expect(personState({ ...about, seen_at: null })).toBe('online')
  expect(personState({ ...about, taking: false })).toBe('offline')
  expect(personState({ ...about, taking: false, running: 1 })).toBe('busy')
})

test('a member’s name becomes one that can be typed as a target', () => {
  expect(['Rosa', 'José María', '  Ann O’Neil ', '李', '-', 'x'.repeat(200)].map(nameOfPerson)).toEqual([
    'Rosa',
    'Jose-Maria',
    'Ann-O-Neil',
    'person',
    'person',
    'x'.repeat(100),
  ])
})
