/** Responsible for the object's SQLite, which may hold nothing: an object that was only asked, or emptied, stores no byte. */
import { drizzle } from 'drizzle-orm/durable-sqlite'
import { migrate } from 'drizzle-orm/durable-sqlite/migrator'
import migrations from '../../../migrations/job-stream/migrations.js'
import { StreamStore } from './stream-store.ts'

/** The store, or undefined when nothing has been written here. */
export async function openIfThere(storage: DurableObjectStorage): Promise<StreamStore | undefined> {
  const tables = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'stream'").toArray()
  return tables.length === 0 ? undefined : open(storage)
}

/** The store, made if there was none. */
export async function open(storage: DurableObjectStorage): Promise<StreamStore> {
  const db = drizzle(storage)
  await migrate(db, migrations)
  return new StreamStore(db)
}
