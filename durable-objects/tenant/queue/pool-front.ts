/**
 * Responsible for keeping the lowest-ranked jobs of each pool in memory, so that finding work for a worker needs no statement. A front knows every
 * job of its pool up to a bound and none beyond it; it does not read the database itself.
 */

/** A queue entry as the index has it, without the job. */
export interface Head {
  readonly id: number
  readonly rank: number
}

const none: ReadonlySet<number> = new Set()

/** Most pools whose fronts are kept; when there are more, all are dropped and read again. */
const mostPools = 64

/** Most entries of a front. Beyond it, half of them are dropped and are read again when needed. */
const most = 1_024

const isBefore = (one: Head, other: Head): boolean => one.rank < other.rank || (one.rank === other.rank && one.id < other.id)

export class PoolFront {
  readonly #heads: Head[]
  readonly #ranks: Map<number, number>
  /** The last entry up to which the front is complete; undefined when the front holds the whole pool. */
  #bound: Head | undefined

  /** `heads`: the lowest entries of the pool, in order. `more`: the pool may have entries after them. */
  constructor(heads: readonly Head[], more: boolean) {
    this.#heads = [...heads]
    this.#ranks = new Map(heads.map(({ id, rank }) => [id, rank]))
    this.#bound = more ? heads.at(-1) : undefined
  }

  /** Index of the entry, or the index at which it would be inserted. */
  #place(head: Head): number {
    let [low, high] = [0, this.#heads.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#heads[middle]
      if (other !== undefined && isBefore(other, head)) low = middle + 1
      else high = middle
    }
    return low
  }

  add(head: Head): void {
    if (this.#bound !== undefined && isBefore(this.#bound, head)) return
    this.#heads.splice(this.#place(head), 0, head)
    this.#ranks.set(head.id, head.rank)
    if (this.#heads.length <= most) return
    for (const { id } of this.#heads.splice(most / 2)) this.#ranks.delete(id)
    this.#bound = this.#heads.at(-1)
  }

  /** Returns the rank of the removed entry; undefined when it was not in this front. */
  remove(id: number): number | undefined {
    const rank = this.#ranks.get(id)
    if (rank === undefined) return undefined
    this.#ranks.delete(id)
    this.#heads.splice(this.#place({ id, rank }), 1)
    return rank
  }

  /** The first `limit` entries without those in `leftOut`; undefined when the known entries do not suffice. */
  first(limit: number, leftOut = none): readonly Head[] | undefined {
    const found: Head[] = []
    for (const head of this.#heads) {
      if (found.length === limit) return found
      if (!leftOut.has(head.id)) found.push(head)
    }
    return found.length === limit || this.#bound === undefined ? found : undefined
  }
}

export class PoolFronts {
  readonly #fronts = new Map<number, { readonly front: PoolFront; readonly made: number }>()
  /** Number of fronts that were kept so far. */
  #made = 0

  get(pool: number): PoolFront | undefined {
    return this.#fronts.get(pool)?.front
  }

  keep(pool: number, front: PoolFront): PoolFront {
    if (this.#fronts.size >= mostPools) this.#fronts.clear()
    this.#made += 1
    this.#fronts.set(pool, { front, made: this.#made })
    return front
  }

  /** Moves the job to this pool and rank, and out of every other front; null: in no pool. Returns a function that reverts the move. */
  moved(id: number, { pool, rank }: { readonly pool: number | null; readonly rank: number | null }): () => void {
    const before = this.#made
    let putBack: (() => void) | undefined
    for (const { front } of this.#fronts.values()) {
      const was = front.remove(id)
      if (was !== undefined) putBack = () => front.add({ id, rank: was })
    }
    if (pool !== null && rank !== null) this.get(pool)?.add({ id, rank })
    return () => {
      for (const [key, { front, made }] of this.#fronts) {
        // A front that was read after the move contains the change that is being reverted.
        if (made > before) this.#fronts.delete(key)
        else front.remove(id)
      }
      putBack?.()
    }
  }
}
