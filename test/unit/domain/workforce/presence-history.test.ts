/** Says when a worker counts as having been there, by what is known without a row for each heartbeat. */
import { describe, expect, test } from 'vitest'
import { absent, bridgedMs, historyMs, lastDay, present, type PresenceSpan } from '../../../../src/domain/workforce/presence-history.ts'

const minute = 60_000
const start = 1_000 * 24 * 3_600_000
const heard = (at: number, more: Partial<Parameters<typeof present>[1]> = {}) => ({
  at,
  before: null,
  sameProcess: false,
  connected: false,
  ...more,
})

describe('a connection', () => {
  test('is a span from its greeting to its end', () => {
    const greeted = present([], heard(start, { connected: true }))
    expect(greeted).toEqual([{ from: start, until: null }])
    expect(absent(greeted, start + 90 * minute)).toEqual([{ from: start, until: start + 90 * minute }])
  })

  test('that comes back at once goes on; later it is another one', () => {
    const ended = absent(present([], heard(start, { connected: true })), start + 10 * minute)
    const soon = start + 10 * minute + bridgedMs
    expect(present(ended, heard(soon, { connected: true }))).toEqual([{ from: start, until: null }])
    expect(present(ended, heard(soon + 1, { connected: true }))).toEqual([...ended, { from: soon + 1, until: null }])
  })

  test('whose end nobody saw lasted while its process lived, and no longer than another was heard of', () => {
    const open: readonly PresenceSpan[] = [{ from: start, until: null }]
    const back = start + 300 * minute
    expect(present(open, heard(back, { connected: true, sameProcess: true }))).toEqual(open)
    expect(present(open, heard(back, { connected: true, before: start + 7 * minute }))).toEqual([
      { from: start, until: start + 7 * minute },
      { from: back, until: null },
    ])
  })

  test('ends once', () => {
    const ended = absent([{ from: start, until: null }], start + minute)
    expect(absent(ended, start + 5 * minute)).toBe(ended)
    expect(absent([], start)).toEqual([])
    expect(absent([{ from: start, until: null }], start - minute)).toEqual([{ from: start, until: start }])
  })
})

describe('heartbeats', () => {
  test('that are written every three minutes are one span', () => {
    let spans: readonly PresenceSpan[] = []
    for (let at = start; at <= start + 60 * minute; at += 3 * minute) spans = present(spans, heard(at))
    expect(spans).toEqual([{ from: start, until: start + 60 * minute }])
  })
})

describe('what is kept', () => {
  test('is a day, in few spans, of which the shortest absences are forgotten first', () => {
    let spans: readonly PresenceSpan[] = []
    for (let index = 0; index < 200; index += 1) spans = present(spans, heard(start + index * 5 * minute + (index > 100 ? 60 * minute : 0)))
    expect(spans.length).toBeLessThanOrEqual(32)
    expect(spans.every((span, index) => index === 0 || span.from > (spans[index - 1]?.until ?? 0))).toBe(true)
    // The long absence in the middle is still one.
    expect(spans.some((span, index) => span.from - (spans[index - 1]?.until ?? span.from) > 60 * minute)).toBe(true)
    const later = present(spans, heard(start + 3 * historyMs))
    expect(later).toEqual([{ from: start + 3 * historyMs, until: start + 3 * historyMs }])
  })

  test('is shown within the day, an open span up to when it was last heard of', () => {
    const at = start + historyMs + 100
    expect(lastDay([{ from: start, until: start + 50 }], { at, lastSeen: null, there: false })).toEqual([])
    expect(lastDay([{ from: start, until: start + 500 }], { at, lastSeen: null, there: false })).toEqual([
      { from: start + 100, until: start + 500 },
    ])
    expect(lastDay([{ from: at - 50, until: null }], { at, lastSeen: at - 10, there: false })).toEqual([{ from: at - 50, until: at - 10 }])
    expect(lastDay([{ from: at - 50, until: null }], { at, lastSeen: null, there: false })).toEqual([{ from: at - 50, until: at - 50 }])
    expect(lastDay([{ from: at - 50, until: at - 40 }], { at, lastSeen: null, there: true })).toEqual([{ from: at - 50, until: at }])
  })
})
