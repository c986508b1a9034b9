/** Responsible for the table of devices on which members are notified. */
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** All of them are kept in memory, and nothing is looked for in the rows: `doc` is the device as JSON. */
export const devices = sqliteTable('devices', { device_id: text().primaryKey(), doc: text().notNull() })
