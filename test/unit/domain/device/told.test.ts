/** Says what a device is told, and what it is spared. */
import { limits } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import {
  afterSending,
  nothingTold,
  noticeOf,
  notesUnder,
  unsent,
  withNote,
  withoutNote,
  withStale,
} from '../../../../src/domain/device/told.ts'
import type { Tag, Told, Waiting } from '../../../../src/domain/device/told.ts'

const rosa = { member: 'Rosa', tenant: 'acme' }
const withAll = (...things: readonly (readonly [Waiting, number])[]): Told =>
  things.reduce((told, [what, id]) => withNote(told, what, id, false), nothingTold)
const sent = (told: Told, tag: Tag): Told => afterSending(told, tag, notesUnder(told, tag))

describe('a notice', () => {
  test('says what kind of thing waits and for whom, and leads to the one thing, or to the list', () => {
    expect(noticeOf(withAll(['review', 12]), 'reviews', rosa)).toEqual({
      tag: 'reviews',
      title: 'A review waits for your decision',
      body: 'For Rosa in acme',
      path: '/reviews/12',
      quiet: false,
    })
    expect(noticeOf(withAll(['review', 12], ['review', 13]), 'reviews', rosa)).toMatchObject({
      title: '2 reviews wait for your decision',
      path: '/reviews',
    })
    expect(noticeOf(withAll(['offer', 4]), 'work', rosa)).toMatchObject({ title: 'A job is on offer to you', path: '/work/4' })
    expect(noticeOf(withAll(['offer', 4], ['in-hand', 5], ['offer', 6]), 'work', rosa)).toMatchObject({
      title: 'A job in your hands goes back to the queue soon',
      body: '2 jobs are on offer to you. For Rosa in acme',
      path: '/work',
    })
    expect(noticeOf(nothingTold, 'test', rosa)).toMatchObject({ title: 'Notifications reach this device', quiet: false })
  })

  test('is one for what a burst brings, and forgets the oldest of very many', () => {
    const burst = withAll(...Array.from({ length: 250 }, (_, id) => ['review', id + 1] as const))
    expect(unsent(burst)).toEqual(['reviews'])
    expect(burst.notes).toHaveLength(limits.device_notes)
    expect(noticeOf(burst, 'reviews', rosa).title).toBe('100 or more reviews wait for your decision')
  })
})

describe('a device', () => {
  test('is told once, and once more when it is reminded', () => {
    const told = sent(withAll(['review', 1]), 'reviews')
    expect(unsent(told)).toEqual([])
    expect(withNote(told, 'review', 1, false)).toBe(told)
    expect(unsent(withNote(told, 'review', 1, true))).toEqual(['reviews'])
  })

  test('is not told of what was decided before it could be', () => {
    const told = withoutNote(withAll(['review', 1]), 'review', 1)
    expect([told, unsent(told)]).toEqual([nothingTold, []])
    expect(withoutNote(told, 'review', 1)).toBe(told)
  })

  test('has what it shows replaced without a sound once that is not so any more', () => {
    const two = sent(withAll(['review', 1], ['review', 2]), 'reviews')
    const one = withoutNote(two, 'review', 1)
    expect(unsent(one)).toEqual(['reviews'])
    expect(noticeOf(one, 'reviews', rosa)).toMatchObject({ title: 'A review waits for your decision', path: '/reviews/2', quiet: true })
    const none = withoutNote(sent(one, 'reviews'), 'review', 2)
    expect(noticeOf(none, 'reviews', rosa)).toMatchObject({
      title: 'No review waits for your decision any more',
      path: '/reviews',
      quiet: true,
    })
    expect(unsent(sent(none, 'reviews'))).toEqual([])
  })

  test('is told by tag, each by itself', () => {
    const told = withAll(['review', 1], ['offer', 1])
    expect(unsent(withStale(told, 'test'))).toEqual(['test', 'reviews', 'work'])
    expect(unsent(sent(told, 'work'))).toEqual(['reviews'])
  })

  test('whose notice was on its way while a review was decided, or opened, is told so afterwards', () => {
    const before = withAll(['review', 1])
    const counted = notesUnder(before, 'reviews')
    expect(unsent(afterSending(withoutNote(before, 'review', 1), 'reviews', counted))).toEqual(['reviews'])
    expect(unsent(afterSending(withNote(before, 'review', 2, false), 'reviews', counted))).toEqual(['reviews'])
    expect(unsent(afterSending(before, 'reviews', counted))).toEqual([])
  })
})
