/** Responsible for storing which workers have acknowledged which generation of the killswitch. */
import { eq } from 'drizzle-orm'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import { killswitchAcks } from './tables.ts'

export class AcknowledgementStore {
  readonly #db: TenantDatabase
  constructor(db: TenantDatabase) {
    this.#db = db
  }

  /** Each worker has one row: a new acknowledgement replaces the one of an earlier generation. */
  add(workerId: string, generation: number, at: number): void {
    this.#db
      .insert(killswitchAcks)
      .values({ worker_id: workerId, generation, at })
      .onConflictDoUpdate({ target: killswitchAcks.worker_id, set: { generation, at } })
      .run()
  }

  /** Acknowledgement times of this generation by worker_id, in milliseconds since 1970. */
  of(generation: number): ReadonlyMap<string, number> {
    const rows = this.#db.select().from(killswitchAcks).where(eq(killswitchAcks.generation, generation)).all()
    return new Map(rows.map((row) => [row.worker_id, row.at]))
  }
}
