/** Says how a job's audit rows become its timeline: states with their times, attempts as branches, and what the rows do not say yet. */
import { describe, expect, test } from 'vitest'
import { timeIn, timelineOf, type Row } from '../../../dashboard/src/screens/jobs/timeline.ts'

const at = (second: number): string => new Date(Date.parse('2026-07-01T12:00:00Z') + second * 1_000).toISOString()
const job = {
  status: 'done' as const,
  hold: null,
  attempt: 1,
  assigned_to: 'anna',
  created_at: at(0),
  created_by: 'member:Olga',
  started_at: at(2),
  ended_at: at(10),
  error: null,
  kind: 'job' as const,
  role: null,
}
const rows = (...told: readonly (readonly [second: number, action: string, kind?: 'worker' | 'member' | 'system'])[]): readonly Row[] =>
  told.map(([second, action, kind = 'worker'], index) => ({
    seq: index + 1,
    at: at(second),
    action,
    summary: '',
    actor: { kind, id: 'x', name: kind === 'worker' ? 'anna' : kind === 'member' ? 'Olga' : 'ModelReins' },
  }))
const shape = (of: ReturnType<typeof timelineOf>): readonly unknown[] =>
  of.stretches.map(({ state, from, to, attempt, ending, moments }) => [
    state,
    (Date.parse(to ?? at(99)) - Date.parse(from)) / 1_000,
    ...(state === 'running' ? [attempt, ending] : []),
    ...moments.map(({ words }) => words),
  ])

describe('the timeline of a job', () => {
  test('is dispatched, waits, runs, and ends', () => {
    const timeline = timelineOf(job, rows([0, 'job.dispatch', 'member'], [2, 'job.start'], [10, 'job.complete']))
    expect(shape(timeline)).toEqual([
      ['queued', 2],
      ['running', 8, 1, 'done'],
    ])
    expect([timeline.begin.words, timeline.begin.who, timeline.end?.words]).toEqual(['Dispatched', 'Olga', 'Done'])
    expect(timeIn(timeline, Date.parse(at(50)))).toMatchObject({ queued: 2_000, running: 8_000, held: 0 })
  })

  test('tells a hold from a wait, and shows the review in it', () => {
    const timeline = timelineOf(
      job,
      rows(
        [0, 'job.dispatch', 'member'],
        [0, 'review.open', 'system'],
        [5, 'review.approve', 'member'],
        [5, 'job.release', 'system'],
        [6, 'job.start'],
        [10, 'job.complete'],
      ),
    )
    expect(shape(timeline)).toEqual([
      ['held', 5, 'A review was opened', 'Approved', 'Released'],
      ['queued', 1],
      ['running', 4, 1, 'done'],
    ])
  })

  test('branches by attempt: retries, a lost worker that comes back, a fallback step, another attempt by hand', () => {
    const timeline = timelineOf(
      { ...job, attempt: 3, ended_at: at(40) },
      rows(
        [0, 'job.dispatch', 'member'],
        [1, 'job.start'],
        [3, 'job.retry_later'],
        [5, 'job.requeue', 'system'],
        [6, 'job.start'],
        [8, 'job.lose', 'system'],
        [9, 'job.resume'],
        [12, 'job.fall_back', 'system'],
        [13, 'job.fail'],
        [30, 'job.retry', 'member'],
        [31, 'job.start'],
        [40, 'job.complete'],
      ),
    )
    expect(shape(timeline)).toEqual([
      ['queued', 1],
      ['running', 2, 1, 'failed, another follows'],
      ['retry', 2],
      ['queued', 1],
      ['running', 2, 2, 'its worker was lost'],
      ['lost', 1, 'Its worker reported again'],
      ['running', 4, 2, 'failed', 'Goes on along its fallback chain'],
      ['queued', 1, 'Another attempt asked for'],
      ['running', 9, 3, 'done'],
    ])
  })

  test('knows of the job itself what no row says yet, and is all there is for who may not read the trail', () => {
    const running = { ...job, status: 'running' as const, ended_at: null, attempt: 2 }
    expect(shape(timelineOf(running, rows([0, 'job.dispatch', 'member'])))).toEqual([
      ['queued', 2],
      ['running', 97, 2, null],
    ])
    expect(shape(timelineOf({ ...running, status: 'pending', hold: 'review', attempt: 0, started_at: null }, []))).toEqual([['held', 99]])
    const failed = { ...job, status: 'failed' as const, error: { type: 'exit_error', message: 'no', retryable: false } }
    const ended = timelineOf(failed, [])
    expect(shape(ended)).toEqual([
      ['queued', 2],
      ['running', 8, 1, 'failed'],
    ])
    expect(ended.end).toMatchObject({ words: 'Failed', detail: 'exit_error' })
  })

  test('of a fan-out is one stretch', () => {
    const parent = { ...job, kind: 'fan_out' as const, attempt: 0, assigned_to: null }
    expect(
      shape(timelineOf(parent, rows([0, 'job.dispatch', 'member'], [9, 'fan_out.pick', 'member'], [10, 'job.complete', 'system']))),
    ).toEqual([['running', 10, 0, 'done', 'An answer was picked']])
  })
})
