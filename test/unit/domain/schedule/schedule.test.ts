import { limits } from '@modelreins/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dueAfter, planOf, timed, upcoming, type Following, type ScheduleRecord } from '../../../../src/domain/schedule/schedule.ts'

const born = 1_800_000_000_000
const hour = 3_600_000
/** Every full hour. */
const hourly: Following = (_, after) => (Math.floor(after / hour) + 1) * hour

const schedule = (more: Partial<ScheduleRecord> = {}): ScheduleRecord => ({
  schedule_id: 'sc0123456789',
  name: 'n',
  cron: '0 * * * *',
  every: null,
  timezone: 'UTC',
  job: { prompt: 'x' },
  overlap: 'skip',
  catch_up: 'last',
  jitter: 0,
  paused: false,
  starts_at: null,
  ends_at: null,
  max_runs: null,
  runs: 0,
  last_job_id: null,
  version: 1,
  owner_id: 'mbowner00000',
  created_at: born,
  next_at: null,
  fire_at: null,
  ...more,
})

describe('a due time', () => {
  it('is the next one of the rule, within the bounds of the schedule', () => {
    expect(dueAfter(schedule(), born, hourly)).toBe(born + hour - (born % hour))
    expect(dueAfter(schedule({ paused: true }), born, hourly)).toBeNull()
    expect(dueAfter(schedule({ max_runs: 2, runs: 2 }), born, hourly)).toBeNull()
    expect(dueAfter(schedule({ ends_at: born + 1 }), born, hourly)).toBeNull()
    expect(dueAfter(schedule({ cron: null, every: 60, starts_at: born + 5_000 }), born, hourly)).toBe(born + 5_000)
    expect(dueAfter(schedule({ cron: null, every: 60 }), born, hourly)).toBe(born + 60_000)
  })

  it('is delayed by less than its jitter, and met before the next one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 7_200 }),
        fc.integer({ min: 0, max: 3_600 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (every, jitter, random) => {
          const next = timed(schedule({ cron: null, every, jitter }), born, random, hourly)
          const { next_at, fire_at } = next
          expect(next_at).toBe(born + every * 1000)
          expect(fire_at).toBeGreaterThanOrEqual(next_at ?? 0)
          expect(fire_at).toBeLessThan((next_at ?? 0) + every * 1000)
          expect((fire_at ?? 0) - (next_at ?? 0)).toBeLessThanOrEqual(jitter * 1000)
        },
      ),
    )
  })

  it('is told ahead, as often as the schedule may still run', () => {
    const next = timed(schedule({ max_runs: 3, runs: 1 }), born, 0, hourly)
    expect(upcoming(next, 5, hourly)).toHaveLength(2)
    expect(upcoming(schedule(), 5, hourly)).toEqual([])
  })
})

describe('due times that have passed', () => {
  const dues = [born, born + hour, born + 2 * hour]
  const late = born + 2 * hour + limits.schedule_late_ms + 1

  it('are given up, met by the last, or met one after the other', () => {
    expect(planOf(schedule({ catch_up: 'none' }), dues, false, late)).toEqual({ missed: dues, uncounted: false, dispatch: null })
    expect(planOf(schedule({ catch_up: 'last' }), dues, true, late)).toEqual({
      missed: dues.slice(0, 2),
      uncounted: true,
      dispatch: born + 2 * hour,
    })
    expect(planOf(schedule({ catch_up: 'all' }), dues, false, late)).toEqual({ missed: [], uncounted: false, dispatch: born })
  })

  it('are not late while they are met within their delay', () => {
    const delayed = schedule({ catch_up: 'none', next_at: born, fire_at: born + 10 * limits.schedule_late_ms })
    expect(planOf(delayed, [born], false, born + 10 * limits.schedule_late_ms)).toMatchObject({ dispatch: born, missed: [] })
    expect(planOf(schedule({ catch_up: 'none' }), [born], false, born + limits.schedule_late_ms)).toMatchObject({ dispatch: born })
  })
})
