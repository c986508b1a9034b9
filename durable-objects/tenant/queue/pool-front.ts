/**
 * Responsible for the lowest-ranked jobs of each pool in memory, so that whoever has room is not found work by a statement each time. A front
 * knows every job of its pool up to a bound and none beyond; it reads nothing by itself.
 */

/** A queue entry as the index has it, without the job. */
export interface Head {
  readonly id: number
  readonly rank: number
}

const none: ReadonlySet<number> = new Set()

/** Pools whose fronts are kept; beyond them all are read anew. */
const mostPools = 64

/** More are forgotten down to half of them: what stands behind them is read again when it is due. */
const most = 1_024

const isBefore = (one: Head, other: Head): boolean => one.rank < other.rank || (one.rank === other.rank && one.id < other.id)

export class PoolFront {
  readonly #heads: Head[]
  readonly #ranks: Map<number, number>
  /** The last entry that is known for sure; undefined when there is none behind the heads. */
  #bound: Head | undefined

  /** `heads`: the lowest of the pool, in order; `more`: there may be others behind them. */
  constructor(heads: readonly Head[], more: boolean) {
    this.#heads = [...heads]
    this.#ranks = new Map(heads.map(({ id, rank }) => [id, rank]))
    this.#bound = more ? heads.at(-1) : undefined
  }

  /** Where it stands, or would. */
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

  /** Answers the rank that it had; undefined when it did not stand here. */
  remove(id: number): number | undefined {
    const rank = this.#ranks.get(id)
    if (rank === undefined) return undefined
    this.#ranks.delete(id)
    this.#heads.splice(this.#place({ id, rank }), 1)
    return rank
  }

  /** The first `limit` that are not left out; undefined when those that are known do not suffice to say. */
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
  /** How many fronts have been read. */
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

  /** The job stands there now, and nowhere else; null: in no pool. Answers how to take that back. */
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
        // Read since then, it shows what is taken back.
        if (made > before) this.#fronts.delete(key)
        else front.remove(id)
      }
      putBack?.()
    }
  }
}
