/** Responsible for the few single values of a tenant: its name, whether it is suspended, the killswitch, the last signed head. */
import { eq } from 'drizzle-orm'
import { clearKillswitch } from '../../../src/domain/killswitch.ts'
import type { Killswitch } from '../../../src/domain/killswitch.ts'
import type { TenantDatabase } from './open-store.ts'
import { killswitchAcks, meta } from './schema.ts'

export interface TenantIdentity {
  readonly tenant: string
  readonly name: string
  readonly created_at: number
  readonly suspended: boolean
  /** Id of the signing key that the tenant's audit MACs are derived from: it outlives rotations of the first key. */
  readonly audit_kid: string
}

export class MetaStore {
  readonly #db: TenantDatabase
  readonly #known = new Map<string, unknown>()
  constructor(db: TenantDatabase) {
    this.#db = db
  }

  /** Forgets what it remembered: after a rollback, memory must not be ahead of storage. */
  forget(): void {
    this.#known.clear()
  }

  /** Read by every command, written seldom: kept in memory. */
  #read<Value>(key: string): Value | undefined {
    if (this.#known.has(key)) return this.#known.get(key) as Value | undefined
    const row = this.#db.select({ value: meta.value }).from(meta).where(eq(meta.key, key)).get()
    const value = row === undefined ? undefined : (JSON.parse(row.value) as Value)
    this.#known.set(key, value)
    return value
  }

  #write(key: string, value: unknown): void {
    const text = JSON.stringify(value)
    this.#known.set(key, value)
    this.#db
      .insert(meta)
      .values({ key, value: text })
      .onConflictDoUpdate({ target: meta.key, set: { value: text } })
      .run()
  }

  identity(): TenantIdentity | undefined {
    return this.#read<TenantIdentity>('identity')
  }

  setIdentity(identity: TenantIdentity): void {
    this.#write('identity', identity)
  }

  /** Undefined of a tenant from before the setting, which has never said. */
  requireCapability(): boolean | undefined {
    return this.#read<boolean>('require_capability')
  }

  setRequireCapability(value: boolean): void {
    this.#write('require_capability', value)
  }

  killswitch(): Killswitch {
    return this.#read<Killswitch>('killswitch') ?? clearKillswitch
  }

  setKillswitch(state: Killswitch): void {
    this.#write('killswitch', state)
  }

  /** The last audit row that a signed head was kept for; 0 before the first. */
  signedSeq(): number {
    return this.#read<number>('signed_seq') ?? 0
  }

  setSignedSeq(seq: number): void {
    this.#write('signed_seq', seq)
  }

  acknowledge(workerId: string, generation: number, at: number): void {
    this.#db
      .insert(killswitchAcks)
      .values({ worker_id: workerId, generation, at })
      .onConflictDoUpdate({ target: killswitchAcks.worker_id, set: { generation, at } })
      .run()
  }

  acknowledgements(generation: number): ReadonlyMap<string, number> {
    const rows = this.#db.select().from(killswitchAcks).where(eq(killswitchAcks.generation, generation)).all()
    return new Map(rows.map((row) => [row.worker_id, row.at]))
  }
}
