/** Responsible for the table of devices on which members are notified. */
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** `doc` is the device as JSON: all devices are cached in memory, so no query searches the rows. */
export const devices = sqliteTable('devices', { device_id: text().primaryKey(), doc: text().notNull() })
