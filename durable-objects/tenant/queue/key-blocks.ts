/**
 * Responsible for finding the job that carried an idempotency key without an index row for each key: the keys of some hundred jobs are written as one
 * row; newer keys are in memory and are restored from their job rows. A result is a hint: the job's own row decides whether it had that key.
 */
import { and, asc, gt, inArray, isNotNull, lt, max, sql } from 'drizzle-orm'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { jobs, keyBlocks } from './tables.ts'

export interface BlockSizes {
  /** Number of jobs whose keys are written as one row. */
  readonly jobs: number
  /** Number of blocks that are merged into one. */
  readonly merged: number
  /** Most keys that are kept in this way, at 8 bytes of memory each. Further keys cost an index row each. */
  readonly keys: number
}
const usual: BlockSizes = { jobs: 256, merged: 16, keys: 2_000_000 }
const highestId = 2 ** 32 - 1

/** Hashes of keys in ascending order, with the ids of their jobs in the same positions. */
interface Block {
  readonly through: number
  /** Creation time of the newest of these jobs, milliseconds since 1970. */
  readonly at: number
  readonly prints: Uint32Array
  readonly ids: Uint32Array
  readonly merged: boolean
}

interface Known {
  /** Jobs up to this id are in blocks. */
  through: number
  blocks: Block[]
  /** Keys of later jobs, with their ids. */
  readonly tail: Map<string, number>
}

/** 32 bits of a key (FNV-1a over its UTF-16 units). */
function printOf(key: string): number {
  let print = 0x811c9dc5
  for (let index = 0; index < key.length; index += 1) print = Math.imul(print ^ key.charCodeAt(index), 0x01000193)
  return print >>> 0
}

function blockOf(pairs: readonly (readonly [number, number])[], about: Pick<Block, 'through' | 'at' | 'merged'>): Block {
  const sorted = pairs.toSorted((one, other) => one[0] - other[0] || one[1] - other[1])
  return { ...about, prints: Uint32Array.from(sorted, ([print]) => print), ids: Uint32Array.from(sorted, ([, id]) => id) }
}

const pairsOf = ({ prints, ids }: Block): (readonly [number, number])[] => [...prints].map((print, index) => [print, ids[index] ?? 0])

/** Index of the first hash that is at least `print`. */
function firstOf(prints: Uint32Array, print: number): number {
  let [low, high] = [0, prints.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((prints[middle] ?? 0) < print) low = middle + 1
    else high = middle
  }
  return low
}

export class KeyBlocks {
  readonly #db: TenantDatabase
  readonly #forget: Forget
  readonly #sizes: BlockSizes
  /** Loaded when the first job is written or looked up. */
  #known: Known | undefined

  constructor(db: TenantDatabase, forget: Forget, sizes = usual) {
    this.#db = db
    this.#forget = forget
    this.#sizes = sizes
  }

  #load(): Known {
    if (this.#known !== undefined) return this.#known
    const rows = this.#db.select().from(keyBlocks).orderBy(asc(keyBlocks.through)).all()
    const blocks = rows.map(({ through, at, merged, entries }) => {
      const pairs: (readonly [number, number])[] = JSON.parse(entries)
      return blockOf(pairs, { through, at, merged: merged === 1 })
    })
    const known: Known = { through: blocks.at(-1)?.through ?? 0, blocks, tail: new Map() }
    this.#known = known
    const newest =
      this.#db
        .select({ id: max(jobs.id) })
        .from(jobs)
        .get()?.id ?? 0
    // Jobs from before blocks existed have their keys in the index.
    if (blocks.length === 0 && newest > this.#sizes.jobs) this.#write(known, { through: newest, at: 0 })
    const behind = this.#db
      .select({ id: jobs.id, key: sql<string>`${jobs.dispatch_key} as key` })
      .from(jobs)
      .where(and(gt(jobs.id, known.through), isNotNull(jobs.dispatch_key)))
      .orderBy(asc(jobs.id))
      .all()
    for (const { id, key } of behind) known.tail.set(key, id)
    return known
  }

  /**
   * Must be called for every new job, in the order of ids, before it is written. Returns whether its key is kept here; if not, the key belongs in the
   * index.
   */
  note(id: number, at: number, key: string | undefined): boolean {
    const known = this.#load()
    const { tail } = known
    const fits = id > known.through && id <= highestId && this.#count(known) < this.#sizes.keys
    if (key !== undefined && fits) {
      const before = tail.get(key)
      tail.set(key, id)
      this.#forget(() => {
        if (before === undefined) tail.delete(key)
        else tail.set(key, before)
      })
    }
    if (id - known.through >= this.#sizes.jobs && id <= highestId) this.#write(known, { through: id, at })
    return fits
  }

  #count({ blocks, tail }: Known): number {
    return blocks.reduce((sum, { ids }) => sum + ids.length, tail.size)
  }

  /** Ids of jobs that may have carried this key, the newest first. */
  *candidates(key: string): Generator<number> {
    const { tail, blocks } = this.#load()
    const newest = tail.get(key)
    if (newest !== undefined) yield newest
    const print = printOf(key)
    for (const { prints, ids } of blocks.toReversed()) {
      const first = firstOf(prints, print)
      let end = first
      while (prints[end] === print) end += 1
      for (let index = end - 1; index >= first; index -= 1) yield ids[index] ?? 0
    }
  }

  /** Writes the keys in memory as a block, and merges small blocks when there are enough of them. */
  #write(known: Known, about: Pick<Block, 'through' | 'at'>): void {
    // After a rollback everything is loaded again: a block is written only once in some hundred jobs.
    this.#forget(() => {
      this.#known = undefined
    })
    this.#insert(
      known,
      blockOf(
        [...known.tail].map(([key, id]) => [printOf(key), id]),
        { ...about, merged: false },
      ),
    )
    known.through = about.through
    known.tail.clear()
    const small = known.blocks.filter(({ merged }) => !merged)
    if (small.length < this.#sizes.merged) return
    const old = small.map(({ through }) => through)
    this.#db.delete(keyBlocks).where(inArray(keyBlocks.through, old)).run()
    known.blocks = known.blocks.filter(({ merged }) => merged)
    this.#insert(known, blockOf(small.flatMap(pairsOf), { ...about, merged: true }))
  }

  #insert(known: Known, block: Block): void {
    const { through, at, merged } = block
    this.#db
      .insert(keyBlocks)
      .values({ through, at, merged: Number(merged), entries: JSON.stringify(pairsOf(block)) })
      .run()
    known.blocks.push(block)
  }

  /** Deletes blocks whose newest key is older than `before`. The last block stays: it records which jobs are already in blocks. */
  forget(before: number): void {
    const known = this.#load()
    const last = known.blocks.at(-1)
    if (last === undefined || !known.blocks.some((block) => block !== last && block.at < before)) return
    this.#db
      .delete(keyBlocks)
      .where(and(lt(keyBlocks.at, before), lt(keyBlocks.through, last.through)))
      .run()
    known.blocks = known.blocks.filter((block) => block === last || block.at >= before)
  }
}
