/** Responsible for the shapes of tenants, members and one-time views. */
import * as z from 'zod'
import { flag, label, page, paging, time } from './fields.ts'
import { memberId, tenantSlug, viewId } from './ids.ts'

export const roles = ['owner', 'operator', 'reviewer', 'viewer'] as const
export const role = z.enum(roles)
export type Role = z.infer<typeof role>

export const tenantRequest = z.strictObject({
  tenant: tenantSlug,
  name: label.optional(),
  owner_name: label.optional(),
  /** The tenant setting of the same name; on by default (`GET /api/v1/settings`). */
  require_capability: flag.optional(),
})
export const tenant = z.object({ tenant: z.string(), name: z.string(), suspended: z.boolean(), created_at: time }).meta({ id: 'Tenant' })
export type Tenant = z.infer<typeof tenant>
export const tenantPage = page(tenant)
export const tenantCreated = tenant.extend({
  owner: z.object({ member_id: z.string(), name: z.string() }),
  view_url: z.string(),
  expires_at: time,
})
export const tenantRef = z.strictObject({ tenant: tenantSlug })
export const tenantList = z.strictObject({ ...paging })

export const memberRequest = z.strictObject({ name: label, role })
/** The key or token that is valid now: the part of it that comes before its secret. */
export const keyInForce = z.object({ begins: z.string(), created_at: time })
export const member = z
  .object({
    member_id: z.string(),
    name: z.string(),
    role,
    created_at: time,
    revoked_at: time.nullable(),
    /** Only in lists; null when the member has no valid key. */
    key: keyInForce.nullable().optional(),
  })
  .meta({ id: 'Member' })
export type Member = z.infer<typeof member>
export const memberPage = page(member)
export const memberList = z.strictObject({ ...paging })
export const memberRef = z.strictObject({ member_id: memberId })
export const memberCreated = member.extend({ view_url: z.string(), expires_at: time })

/** `keep_running`: jobs that companions run under the key go on. Without it their attempts end, and the jobs are tried again. */
export const memberRotation = z.strictObject({ member_id: memberId, keep_running: flag.optional() })

/** Number of the revoked member's jobs that wait or run, counted before any of them is stopped. */
export const memberRevocation = z.strictObject({ member_id: memberId, stop_jobs: flag.optional() })
export const memberRevoked = member.extend({
  jobs: z
    .object({
      waiting: z.number().int(),
      running: z.number().int(),
      /** Jobs that this call aborted: with `stop_jobs`, up to `limits.bulk_jobs`. */
      stopped: z.number().int(),
    })
    .optional(),
})

/** A new token in place of an existing one, which stops working at once. */
export const rotated = z.object({ view_url: z.string(), expires_at: time })

export const whoami = z
  .object({
    tenant: z.string(),
    kind: z.enum(['member', 'worker']),
    id: z.string(),
    name: z.string(),
    role: role.nullable(),
    server_time: time,
  })
  .meta({ id: 'WhoAmI' })

/**
 * `proof`: base64url of the SHA-256 of `modelreins view proof <key>`, where the key is the part of the URL after `#`. A wrong proof does not use up
 * the view. Older programs send a JSON body without a proof; requests from other websites are refused without one.
 */
export const viewReveal = z.strictObject({
  view_id: viewId,
  proof: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'must be the proof of the key in a view URL, 43 characters of base64url')
    .optional(),
})
/** AES-256-GCM with the key in the URL's fragment; base64url. The server answers it only once. */
export const sealedView = z.object({ iv: z.string(), ciphertext: z.string() }).meta({ id: 'SealedView' })
export type SealedView = z.infer<typeof sealedView>

/**
 * The content of a one-time view after it is decrypted with the key of its URL: the token and its owner. `name` is null when the token replaces an
 * earlier one (rotation), because the sealing side does not know the name; `GET /api/v1/whoami` with the token answers it.
 */
export const viewPlaintext = z.object({
  token: z.string(),
  kind: z.enum(['member', 'worker']),
  tenant: z.string(),
  name: z.string().nullable(),
})
export type ViewPlaintext = z.infer<typeof viewPlaintext>
