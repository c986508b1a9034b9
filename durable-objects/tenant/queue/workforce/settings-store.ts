/** Responsible for the settings of the tenant that routing asks for, as they are stored. */
import type { ValueStore } from '../../kernel/value-store.ts'

export class SettingsStore {
  readonly #values: ValueStore
  constructor(values: ValueStore) {
    this.#values = values
  }

  /** Undefined of a tenant from before the setting, which has never said. */
  requireCapability(): boolean | undefined {
    const value = this.#values.read('require_capability')
    return typeof value === 'boolean' ? value : undefined
  }

  setRequireCapability(value: boolean): void {
    this.#values.write('require_capability', value)
  }
}
