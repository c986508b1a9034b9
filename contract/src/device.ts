/** Responsible for devices as callers see them: browsers in which a member is told that something waits (RFC 8030, 8291, 8292). */
import * as z from 'zod'
import { label, page, time } from './fields.ts'
import { publicId } from './ids.ts'
import { limits } from './limits.ts'

const bytes = (length: number, what: string) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((length * 4) / 3)}}$`), `must be ${what}, as base64url without padding`)

const endpoint = z.url().max(limits.device_endpoint_chars)

/** Of a browser's `PushSubscription.toJSON()`, and what to call it. */
export const deviceSubscription = z.strictObject({
  endpoint,
  keys: z.strictObject({ p256dh: bytes(65, 'an uncompressed point of P-256'), auth: bytes(16, '16 bytes') }),
  /** Browser and system of the call when absent. */
  name: label.max(100).optional(),
})
/** `endpoint`: as the browser has it. */
export const deviceRenewal = z.strictObject({ endpoint })
export const deviceRef = z.strictObject({ device_id: publicId })

export const device = z
  .object({
    device_id: z.string(),
    name: z.string(),
    /** Host of the push service that the browser named; the address itself is shown to nobody. */
    push_service: z.string(),
    created_at: time,
    /** When the last message was taken by the push service, and when one was not; null while that has not happened. */
    succeeded_at: time.nullable(),
    failed_at: time.nullable(),
    /** What the push service answered then; null without a failure. */
    failure: z.string().nullable(),
    /** When the next message goes out; null while there is none. */
    next_at: time.nullable(),
    /** The browser session that asks is of this device. */
    current: z.boolean(),
  })
  .meta({ id: 'Device' })
export type Device = z.infer<typeof device>
export const devicePage = page(device)

/** `public_key`: P-256, uncompressed, base64url; the `applicationServerKey` of a subscription (RFC 8292). */
export const deviceKey = z.object({ public_key: z.string() })

/** What a message says once the browser has decrypted it, and all that it says. A service worker shows it. */
export interface DeviceNotice {
  /** A newer notice with the same tag takes the place of the older. */
  readonly tag: 'reviews' | 'work' | 'test'
  readonly title: string
  readonly body: string
  /** Where a click leads, on the server that sent it. */
  readonly path: string
  /** It only takes the place of one that is no longer true. */
  readonly quiet: boolean
}
