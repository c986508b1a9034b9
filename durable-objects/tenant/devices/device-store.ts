/** Responsible for the rows of devices, all cached in memory: every review reads them, and most tenants have none. */
import { eq } from 'drizzle-orm'
import type { Told } from '../../../src/domain/device/told.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { devices } from './tables.ts'

export interface DeviceRecord {
  /** Public id. */
  readonly device_id: string
  /** Member who is notified. */
  readonly member_id: string
  /** Browser session that it belongs to; null when the member subscribed with their key. */
  readonly session_id: string | null
  /** Display name. */
  readonly name: string
  /** Address at the push service. It works like a secret (anybody who knows it may send to it), so it is never shown. */
  readonly endpoint: string
  /** The browser's public key, base64url. */
  readonly p256dh: string
  /** The browser's secret for this server, base64url. */
  readonly auth: string
  /** Origin of the pages that subscribed; push services get it as the contact (RFC 8292). */
  readonly origin: string
  /** Time of creation, milliseconds since 1970. */
  readonly created_at: number
  /** When the member last signed in there, milliseconds since 1970. */
  readonly renewed_at: number
  /** The notices that were sent, and those that are pending. */
  readonly told: Told
  /** When the next message is sent, milliseconds since 1970; null while there is nothing to send. */
  readonly due_at: number | null
  /** Failed attempts since the last message that was sent. */
  readonly tries: number
  /** Until this time new notices are collected for one further message. Test messages do not start this pause. */
  readonly quiet_until: number
  /** When the push service last accepted a message; null before the first. */
  readonly sent_at: number | null
  /** When and why the push service last refused a message; null without a failure. */
  readonly failed_at: number | null
  readonly failure: string | null
}

export class DeviceStore {
  readonly #db: TenantDatabase
  /** Cache by id, oldest first: ids begin with the time of creation, so a new device comes last. */
  #known: Map<string, DeviceRecord> | undefined
  readonly #forget: Forget
  constructor(db: TenantDatabase, forget: Forget) {
    this.#db = db
    this.#forget = forget
  }

  #map(): Map<string, DeviceRecord> {
    this.#known ??= new Map(
      this.#db
        .select()
        .from(devices)
        .orderBy(devices.device_id)
        .all()
        // The cast is safe: only `save` writes these documents.
        .map((row) => [row.device_id, JSON.parse(row.doc) as DeviceRecord]),
    )
    return this.#known
  }

  /** All devices, oldest first. */
  all(): readonly DeviceRecord[] {
    return [...this.#map().values()]
  }

  isEmpty(): boolean {
    return this.#map().size === 0
  }

  get(id: string): DeviceRecord | undefined {
    return this.#map().get(id)
  }

  /** Drops the cache when the write is rolled back, so that it is read again. */
  #forgetAll(): void {
    this.#forget(() => {
      this.#known = undefined
    })
  }

  save(device: DeviceRecord): void {
    const known = this.#map()
    const row = { device_id: device.device_id, doc: JSON.stringify(device) }
    this.#db.insert(devices).values(row).onConflictDoUpdate({ target: devices.device_id, set: row }).run()
    known.set(device.device_id, device)
    this.#forgetAll()
  }

  remove(id: string): void {
    const known = this.#map()
    this.#db.delete(devices).where(eq(devices.device_id, id)).run()
    known.delete(id)
    this.#forgetAll()
  }
}
