/** Responsible for storing the tenant's identity: its name, whether it is suspended, and which key its audit trail is sealed with. */
import type { ValueStore } from '../kernel/value-store.ts'

export interface TenantIdentity {
  readonly tenant: string
  readonly name: string
  readonly created_at: number
  readonly suspended: boolean
  /**
   * Id of the signing key from which the tenant's audit MACs are derived. It does not change when the operator puts another signing key
   * first.
   */
  readonly audit_kid: string
}

export class IdentityStore {
  readonly #values: ValueStore
  constructor(values: ValueStore) {
    this.#values = values
  }

  /** Undefined until the tenant has been provisioned. */
  get(): TenantIdentity | undefined {
    return this.#values.read('identity') as TenantIdentity | undefined
  }

  set(identity: TenantIdentity): void {
    this.#values.write('identity', identity)
  }
}
