/** Responsible for storing the tenant's rules of the Director's catalogue: one value, read whenever a worker is viewed. */
import type { CatalogueRule } from '@modelreins/contract'
import { ruleFor } from '../../../../src/domain/director/catalogue.ts'
import type { WorkerView } from '../../../../src/domain/director/matching.ts'
import type { ValueStore } from '../../kernel/value-store.ts'

interface Stored {
  readonly version: number
  /** Milliseconds since 1970; null while no member has changed the rules. */
  readonly changed_at: number | null
  readonly rules: readonly CatalogueRule[]
}
const none: Stored = { version: 0, changed_at: null, rules: [] }

/** Most results that are cached: the same few models are looked up repeatedly. */
const keptAtMost = 1_000

export class CatalogueStore {
  readonly #values: ValueStore
  readonly #found = new Map<string, CatalogueRule | undefined>()
  /** The rules that `#found` was computed from: they are replaced by a change, and by a rollback of one. */
  #of: Stored = none
  constructor(values: ValueStore) {
    this.#values = values
  }

  get(): Stored {
    // Only `save` writes this value, after the contract has checked it.
    return (this.#values.read('catalogue') as Stored | undefined) ?? none
  }

  save(rules: readonly CatalogueRule[], at: number): void {
    this.#values.write('catalogue', { version: this.get().version + 1, changed_at: at, rules } satisfies Stored)
  }

  /** The first rule that matches the worker's kind, provider and model. */
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
