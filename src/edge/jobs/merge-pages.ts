/** Responsible for making one page of jobs out of two sources that overlap. Both are ordered by id, newest first. */

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next_cursor: string | null
}

interface Numbered {
  readonly id: number
}

/** Below this id the source has not been read yet. */
const floor = (page: Page<Numbered>): number => (page.next_cursor === null ? 0 : (page.items.at(-1)?.id ?? 0))

/**
 * At most `limit` items of both, each id once, `first` winning. Nothing below what either source has read so far is shown: it could
 * have more in between. The cursor is the last id shown, which both sources take as "older than".
 */
export function mergePages<Item extends Numbered>(first: Page<Item>, second: Page<Item>, limit: number): Page<Item> {
  const lowest = Math.max(floor(first), floor(second))
  const known = new Set(first.items.map((item) => item.id))
  const all = [...first.items, ...second.items.filter((item) => !known.has(item.id))].toSorted((left, right) => right.id - left.id)
  const items = all.filter((item) => item.id >= lowest).slice(0, limit)
  const last = items.at(-1)
  const more = items.length < all.length || first.next_cursor !== null || second.next_cursor !== null
  return { items, next_cursor: more && last !== undefined ? String(last.id) : null }
}
