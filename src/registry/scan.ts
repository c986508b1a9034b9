/**
 * Responsible for filters that no index answers: the rows are walked by their numbers, window after window, until a page is full or enough has
 * been read for one call; the page then ends where the walk did, and may be short, or empty. Reading a row costs a thousandth of writing the
 * index entry that would save it.
 */
import type { Page } from './page.ts'

/** Numbers of rows, both included; there are none when `first` is behind `last`. */
export interface Span {
  readonly first: number
  readonly last: number
}

/** Small first: most callers ask for what is new. Together they are what one call reads at most. */
export const scanWindows: readonly number[] = [5_000, 50_000, 250_000]

interface Walk<Row> {
  readonly span: Span
  readonly descending: boolean
  readonly limit: number
  /** Matching rows of the window, in the walk's order, at most `limit`. */
  readonly read: (window: Span, limit: number) => Promise<readonly Row[]>
  readonly numberOf: (row: Row) => number
  readonly windows?: readonly number[]
}

/** `next_cursor`: the number beyond which nothing has been read. */
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
