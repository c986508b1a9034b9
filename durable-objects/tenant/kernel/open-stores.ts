/** Responsible for opening the object's SQLite database: it runs the migrations, then opens the stores of all rooms over one handle. */
import { drizzle } from 'drizzle-orm/durable-sqlite'
import type { DrizzleSqliteDODatabase } from 'drizzle-orm/durable-sqlite'
import { migrate } from 'drizzle-orm/durable-sqlite/migrator'
import migrations from '../../../migrations/tenant/migrations.js'
import type { Store } from './context.ts'
import type { Forget } from './rollback.ts'
import type { Room } from './room.ts'
import { ValueStore } from './value-store.ts'

export type TenantDatabase = DrizzleSqliteDODatabase & { readonly $client: DurableObjectStorage }

export async function openStores(storage: DurableObjectStorage, rooms: readonly Room[], forget: Forget): Promise<Store> {
  const db = drizzle(storage)
  await migrate(db, migrations)
  const values = new ValueStore(db, forget)
  const stores: Partial<Store> = Object.assign({ values }, ...rooms.map((room) => room.tables?.({ db, values, forget })))
  // Each declared store is opened by a room: rooms.ts checks that at compile time.
  return stores as Store
}
