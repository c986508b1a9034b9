/** Responsible for the shapes of devices: browsers in which a member is notified that something waits for them (RFC 8030, 8291, 8292). */
import * as z from 'zod'
import { label, page, time } from './fields.ts'
import { publicId } from './ids.ts'
import { limits } from './limits.ts'

const bytes = (length: number, what: string) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((length * 4) / 3)}}$`), `must be ${what}, as base64url without padding`)

const endpoint = z.url().max(limits.device_endpoint_chars)

/** The fields of a browser's `PushSubscription.toJSON()`, and a name for the device. */
export const deviceSubscription = z.strictObject({
  endpoint,
  keys: z.strictObject({ p256dh: bytes(65, 'an uncompressed point of P-256'), auth: bytes(16, '16 bytes') }),
  /** Default: the browser and system that made the call. */
  name: label.max(100).optional(),
})
/** `endpoint`: the value that the browser has. */
export const deviceRenewal = z.strictObject({ endpoint })
export const deviceRef = z.strictObject({ device_id: publicId('/api/v1/devices') })

export const device = z
  .object({
    device_id: z.string(),
    name: z.string(),
    /** Host of the push service that the browser named. The full address is never shown. */
    push_service: z.string(),
    created_at: time,
    /** When the push service last accepted a message, and when it last did not; null while that has not happened. */
    succeeded_at: time.nullable(),
    failed_at: time.nullable(),
    /** What the push service answered at `failed_at`; null without a failure. */
    failure: z.string().nullable(),
    /** When the next message is sent; null when none is planned. */
    next_at: time.nullable(),
    /** The caller's browser session belongs to this device. */
    current: z.boolean(),
  })
  .meta({ id: 'Device' })
export type Device = z.infer<typeof device>
export const devicePage = page(device)

/** `public_key`: P-256, uncompressed, base64url: the `applicationServerKey` of a subscription (RFC 8292). */
export const deviceKey = z.object({ public_key: z.string() })

/** The complete content of a message after the browser has decrypted it. A service worker shows it. */
export interface DeviceNotice {
  /** A newer notice replaces an older one with the same tag. */
  readonly tag: 'reviews' | 'work' | 'test'
  readonly title: string
  readonly body: string
  /** The path that a click opens, on the server that sent the notice. */
  readonly path: string
  /** The notice contains nothing new; it only replaces an older one that is no longer accurate. */
  readonly quiet: boolean
}
