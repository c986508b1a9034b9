/** Responsible for the tenant's rules of the Director's catalogue, as they are stored: one value, read whenever a worker is looked at. */
import type { CatalogueRule } from '@modelreins/contract'
import { ruleFor } from '../../../../src/domain/director/catalogue.ts'
import type { WorkerView } from '../../../../src/domain/director/matching.ts'
import type { ValueStore } from '../../kernel/value-store.ts'

interface Stored {
  readonly version: number
  /** Milliseconds since 1970; null while nobody has changed anything. */
  readonly changed_at: number | null
  readonly rules: readonly CatalogueRule[]
}
const none: Stored = { version: 0, changed_at: null, rules: [] }

/** Looked up again and again for the same few models. */
const keptAtMost = 1_000

export class CatalogueStore {
  readonly #values: ValueStore
  readonly #found = new Map<string, CatalogueRule | undefined>()
  /** The rules that `#found` was looked up in: others after a change, and after one that was taken back. */
  #of: Stored = none
  constructor(values: ValueStore) {
    this.#values = values
  }

  get(): Stored {
    // Written by `save` alone, and checked by the contract before.
    return (this.#values.read('catalogue') as Stored | undefined) ?? none
  }

  save(rules: readonly CatalogueRule[], at: number): void {
    this.#values.write('catalogue', { version: this.get().version + 1, changed_at: at, rules } satisfies Stored)
  }

  /** The first rule about what a worker runs. */
  ruleFor(worker: Pick<WorkerView, 'kind' | 'provider' | 'model'>): CatalogueRule | undefined {
    const stored = this.get()
    if (stored.rules.length === 0) return undefined
    if (stored !== this.#of || this.#found.size >= keptAtMost) this.#found.clear()
    this.#of = stored
    const key = JSON.stringify([worker.kind, worker.provider, worker.model])
    if (this.#found.has(key)) return this.#found.get(key)
    const rule = stored.rules[ruleFor(stored.rules, worker)]
    this.#found.set(key, rule)
    return rule
  }
}
