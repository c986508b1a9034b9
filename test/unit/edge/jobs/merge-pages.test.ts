/** Says how the jobs of two overlapping sources become one list. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Page, mergePages } from '../../../../src/edge/jobs/merge-pages.ts'

interface Item {
  readonly id: number
  readonly from: string
}

/** What a source answers: newest first, older than the cursor. */
function pageOf(ids: readonly number[], from: string, limit: number, cursor: string | null): Page<Item> {
  const older = ids.filter((id) => cursor === null || id < Number(cursor)).toSorted((left, right) => right - left)
  const items = older.slice(0, limit).map((id) => ({ id, from }))
  return { items, next_cursor: older.length > limit ? String(items.at(-1)?.id) : null }
}

function walk(live: readonly number[], archived: readonly number[], limit: number): Item[] {
  const seen: Item[] = []
  let cursor: string | null = null
  for (let pages = 0; pages < 1_000; pages += 1) {
    const page: Page<Item> = mergePages(pageOf(live, 'live', limit, cursor), pageOf(archived, 'archive', limit, cursor), limit)
    seen.push(...page.items)
    expect(page.items.length).toBeLessThanOrEqual(limit)
    cursor = page.next_cursor
    if (cursor === null) return seen
  }
  throw new Error('the walk does not end')
}

test('a source that found nothing in what it has read hides what the other has below that', () => {
  const live: Page<Item> = { items: [100, 40].map((id) => ({ id, from: 'live' })), next_cursor: null }
  expect(mergePages(live, { items: [], next_cursor: '70' }, 10)).toEqual({ items: [{ id: 100, from: 'live' }], next_cursor: '70' })
  expect(mergePages({ items: [], next_cursor: null }, { items: [], next_cursor: '70' }, 10)).toEqual({ items: [], next_cursor: '70' })
})

describe('walking all pages', () => {
  test('shows every job once, newest first, and as the object has it where both do', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 })
    fc.assert(
      fc.property(ids, ids, fc.integer({ min: 1, max: 7 }), (live, archived, limit) => {
        const seen = walk(live, archived, limit)
        const all = [...new Set([...live, ...archived])].toSorted((left, right) => right - left)
        expect(seen.map((item) => item.id)).toEqual(all)
        expect(seen.filter((item) => live.includes(item.id)).every((item) => item.from === 'live')).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('works with a source that answers shorter pages than it was asked for', () => {
    const short: Page<Item> = { items: [{ id: 90, from: 'archive' }], next_cursor: '90' }
    const live: Page<Item> = { items: [100, 95, 80].map((id) => ({ id, from: 'live' })), next_cursor: null }
    expect(mergePages(live, short, 10)).toMatchObject({ items: [{ id: 100 }, { id: 95 }, { id: 90 }], next_cursor: '90' })
  })
})
