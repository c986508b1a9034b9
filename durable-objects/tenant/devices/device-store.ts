/** Responsible for devices as they are stored. All of them are kept in memory: every review asks whom to tell, and most tenants have none. */
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
  /** For people. */
  readonly name: string
  /** Address at the push service. Whoever knows it may send something there, so it is shown to nobody. */
  readonly endpoint: string
  /** The browser's public key, base64url. */
  readonly p256dh: string
  /** The browser's secret for this server, base64url. */
  readonly auth: string
  /** Origin of the pages that subscribed: the contact that push services are told. */
  readonly origin: string
  /** Time of creation, milliseconds since 1970. */
  readonly created_at: number
  /** When somebody signed in there last. */
  readonly renewed_at: number
  /** What it was told, and has still to be told. */
  readonly told: Told
  /** When the next message goes out; null while there is nothing to send. */
  readonly due_at: number | null
  /** Failed tries since the last message that was sent. */
  readonly tries: number
  /** Until then what comes is kept for one message more. Tests do not count. */
  readonly quiet_until: number
  /** When the last message was taken by the push service; null before the first. */
  readonly sent_at: number | null
  /** When one was not taken, and why; null without a failure. */
  readonly failed_at: number | null
  readonly failure: string | null
}

export class DeviceStore {
  readonly #db: TenantDatabase
  /** A new one sorts behind the others: its id begins with the time. */
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
        // Written by `save`.
        .map((row) => [row.device_id, JSON.parse(row.doc) as DeviceRecord]),
    )
    return this.#known
  }

  /** Oldest first. */
  all(): readonly DeviceRecord[] {
    return [...this.#map().values()]
  }

  isEmpty(): boolean {
    return this.#map().size === 0
  }

  get(id: string): DeviceRecord | undefined {
    return this.#map().get(id)
  }

  /** Read anew when the write is rolled back. */
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
