/** Responsible for opening the object's SQLite database, without creating tables in an object that was only read or was emptied. */
import { drizzle } from 'drizzle-orm/durable-sqlite'
import { migrate } from 'drizzle-orm/durable-sqlite/migrator'
import migrations from '../../../migrations/job-stream/migrations.js'
import { StreamStore } from './stream-store.ts'

/** The store; undefined when the object stores nothing. */
export async function openIfThere(storage: DurableObjectStorage): Promise<StreamStore | undefined> {
  const tables = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'stream'").toArray()
  return tables.length === 0 ? undefined : open(storage)
}

/** The store, created if there was none. */
export async function open(storage: DurableObjectStorage): Promise<StreamStore> {
  const db = drizzle(storage)
  await migrate(db, migrations)
  return new StreamStore(db)
}
