/** Responsible for the settings of the tenant, as they are stored: what somebody has chosen, and the default of everything else. */
import { attemptsByEffort, tenantSettingRows } from '@modelreins/contract'
import type { TenantSettingName, TenantSettingValues } from '@modelreins/contract'
import type { ValueStore } from '../../kernel/value-store.ts'

type Chosen = Partial<Record<TenantSettingName, unknown>>

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

  #chosen(): Chosen {
    return (this.#values.read('settings') ?? {}) as Chosen
  }

  /** What somebody has chosen; undefined while nobody has. */
  chosen<Name extends Exclude<TenantSettingName, 'require_capability'>>(name: Name): TenantSettingValues[Name] | undefined {
    // Written by `change` alone, and checked by the contract before.
    return this.#chosen()[name] as TenantSettingValues[Name] | undefined
  }

  /** What is in force. */
  get<Name extends Exclude<TenantSettingName, 'require_capability'>>(name: Name): TenantSettingValues[Name] {
    return this.chosen(name) ?? (tenantSettingRows[name].otherwise as TenantSettingValues[Name])
  }

  /** Attempts by effort, each chosen or default. */
  attempts(): Readonly<Record<keyof typeof attemptsByEffort, number>> {
    const chosen = Object.entries(this.chosen('attempts') ?? {}).filter(([, value]) => value !== undefined)
    return { ...attemptsByEffort, ...Object.fromEntries(chosen) }
  }

  /** Null: back to the default. */
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
