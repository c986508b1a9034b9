/** Responsible for merging pages of two overlapping sources of jobs into one page; both are ordered by id, newest first. */

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next_cursor: string | null
}

interface Numbered {
  readonly id: number
}

/** The id down to which a source has been read. It may be below the last item that the source found. */
const floor = (page: Page<Numbered>): number => (page.next_cursor === null ? 0 : Number(page.next_cursor))

/**
 * At most `limit` items of both pages, each id once; `first` takes precedence. Items below the id down to which both sources have been read
 * are left out, because the other source may have items in between. The cursor is the last id shown, or the id down to which both have been
 * read; both sources interpret it as "older than".
 */
export function mergePages<Item extends Numbered>(first: Page<Item>, second: Page<Item>, limit: number): Page<Item> {
  const lowest = Math.max(floor(first), floor(second))
  const known = new Set(first.items.map((item) => item.id))
  const all = [...first.items, ...second.items.filter((item) => !known.has(item.id))].toSorted((left, right) => right.id - left.id)
  const read = all.filter((item) => item.id >= lowest)
  const items = read.slice(0, limit)
  const last = items.at(-1)
  if (items.length < read.length && last !== undefined) return { items, next_cursor: String(last.id) }
  return { items, next_cursor: lowest > 0 ? String(lowest) : null }
}
