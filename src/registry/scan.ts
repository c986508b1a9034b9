/**
 * Responsible for filters that no index supports: rows are scanned by number, one window after another, until a page is full or one call has read
 * enough. The page then ends where the scan stopped, and may be short or empty. Reading a row costs a thousandth of writing the index entry that
 * would avoid it.
 */
import type { Page } from './page.ts'

/** A range of row numbers, both ends included; empty when `first` is greater than `last`. */
export interface Span {
  readonly first: number
  readonly last: number
}

/** The first window is small, because most callers ask for new rows. The sum is the most that one call reads. */
export const scanWindows: readonly number[] = [5_000, 50_000, 250_000]

interface Walk<Row> {
  readonly span: Span
  readonly descending: boolean
  readonly limit: number
  /** Matching rows of the window, in the order of the scan, at most `limit`. */
  readonly read: (window: Span, limit: number) => Promise<readonly Row[]>
  readonly numberOf: (row: Row) => number
  readonly windows?: readonly number[]
}

/** `next_cursor`: the number where reading stopped. */
export async function scan<Row>({ span, descending, limit, read, numberOf, windows = scanWindows }: Walk<Row>): Promise<Page<Row>> {
  const items: Row[] = []
  let { first, last } = span
  for (const size of windows) {
    if (first > last) break
    const window = descending ? { first: Math.max(first, last - size + 1), last } : { first, last: Math.min(last, first + size - 1) }
    items.push(...(await read(window, limit + 1 - items.length)))
    const shown = items[limit - 1]
    if (items.length > limit && shown !== undefined) return { items: items.slice(0, limit), next_cursor: String(numberOf(shown)) }
    if (descending) last = window.first - 1
    else first = window.last + 1
  }
  return { items, next_cursor: first > last ? null : String(descending ? last + 1 : first - 1) }
}
