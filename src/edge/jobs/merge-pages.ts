/** Responsible for making one page of jobs out of two sources that overlap. Both are ordered by id, newest first. */

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next_cursor: string | null
}

interface Numbered {
  readonly id: number
}

/** Below this id the source has not been read yet: it may have read past the last item that it found. */
const floor = (page: Page<Numbered>): number => (page.next_cursor === null ? 0 : Number(page.next_cursor))

/**
 * At most `limit` items of both, each id once, `first` winning. Nothing below what either source has read so far is shown: it could
 * have more in between. The cursor is the last id shown, or how far both have read; both sources take it as "older than".
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
