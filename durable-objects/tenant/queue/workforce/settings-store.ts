/** Responsible for storing the settings of the tenant: the chosen values, and the defaults of all others. */
import { attemptsByEffort, tenantSettingRows } from '@modelreins/contract'
import type { TenantSettingName, TenantSettingValues } from '@modelreins/contract'
import type { ValueStore } from '../../kernel/value-store.ts'

type Chosen = Partial<Record<TenantSettingName, unknown>>

export class SettingsStore {
  readonly #values: ValueStore
  constructor(values: ValueStore) {
    this.#values = values
  }

  /** Undefined for a tenant from before this setting existed that has never set it. */
  requireCapability(): boolean | undefined {
    const value = this.#values.read('require_capability')
    return typeof value === 'boolean' ? value : undefined
  }

  setRequireCapability(value: boolean): void {
    this.#values.write('require_capability', value)
  }

  #chosen(): Chosen {
    return (this.#values.read('settings') ?? {}) as Chosen
  }

  /** The chosen value; undefined while none was chosen. */
  chosen<Name extends Exclude<TenantSettingName, 'require_capability'>>(name: Name): TenantSettingValues[Name] | undefined {
    // Only `change` writes this value, after the contract has checked it.
    return this.#chosen()[name] as TenantSettingValues[Name] | undefined
  }

  /** The value in force: the chosen one or the default. */
  get<Name extends Exclude<TenantSettingName, 'require_capability'>>(name: Name): TenantSettingValues[Name] {
    return this.chosen(name) ?? (tenantSettingRows[name].otherwise as TenantSettingValues[Name])
  }

  /** Number of attempts by effort, each chosen or default. */
  attempts(): Readonly<Record<keyof typeof attemptsByEffort, number>> {
    const chosen = Object.entries(this.chosen('attempts') ?? {}).filter(([, value]) => value !== undefined)
    return { ...attemptsByEffort, ...Object.fromEntries(chosen) }
  }

  /** Null resets a setting to its default. */
  change(changes: Readonly<Record<string, unknown>>): void {
    const kept = Object.entries({ ...this.#chosen(), ...changes }).filter(([, value]) => value !== null)
    this.#values.write('settings', Object.fromEntries(kept))
  }

  version(): number {
    return Number(this.#values.read('settings.version') ?? 0)
  }

  countChange(): void {
    this.#values.write('settings.version', this.version() + 1)
  }
}
