/** Responsible for the format of tenant slugs, ids and tokens. */
import * as z from 'zod'

/** Lower-case letters and digits only, because the slug is part of every token, and tokens have only letters and digits. */
export const tenantSlug = z.string().regex(/^[a-z0-9]{2,32}$/, 'must have 2 to 32 lower-case letters and digits')

/** An id as a list shows it. Its example and its list are in the message: a name, or an id of something else, is the usual mistake. */
const listedId = (pattern: RegExp, example: string, list: string) =>
  z.string().regex(pattern, `must be an id such as ${example} (GET ${list} lists them)`)

export const workerId = listedId(/^wk[a-z0-9]{10,30}$/, 'wk0123456789abcdef', '/api/v1/workers')
export const memberId = listedId(/^mb[a-z0-9]{10,30}$/, 'mb0123456789abcdef', '/api/v1/members')
export const viewId = z.string().regex(/^vw[a-z0-9]{10,100}$/, 'must be the id of a one-time view, as its link has it')
export const sessionId = listedId(/^ss[a-z0-9]{10,40}$/, 'ss0123456789abcdef', '/api/v1/sessions')
export const passkeyId = listedId(/^pk[a-z0-9]{10,40}$/, 'pk0123456789abcdef', '/api/v1/passkeys')
export const banId = listedId(/^bn[a-z0-9]{10,40}$/, 'bn0123456789abcdef', '/api/v1/bans')
/** Of what else a tenant has lists of: schedules, webhooks, devices, grants. */
export const publicId = (list: string) => listedId(/^[a-z0-9]{8,60}$/, '0123456789abcdef', list)

export const tokenPrefixes = { member: 'mrk_', worker: 'mrw_', session: 'mrs_', lease: 'mrl_' } as const
export type TokenKind = keyof typeof tokenPrefixes

/** What a member key, a worker token or a session token states about itself. Nothing of it is verified yet. */
export interface CredentialToken {
  readonly kind: 'member' | 'worker' | 'session'
  readonly tenant: string
  readonly credential: string
  /** All but the MAC: the text that the MAC is computed over. */
  readonly signed: string
  readonly mac: string
}

const credentialPattern = /^(mrk_|mrw_|mrs_)([a-z0-9]{2,32})_([a-z0-9]{8,32})_([a-z0-9]{20,64})_([a-z0-9]{20,64})$/

/** The beginning of this credential's token: enough to recognise it, without any of its secret. */
export const tokenBegins = (kind: 'member' | 'worker', tenant: string, credential: string): string =>
  `${tokenPrefixes[kind]}${tenant}_${credential}_`

/** Splits a member, worker or session token into its parts; undefined when it does not have that format. */
export function parseCredentialToken(token: string): CredentialToken | undefined {
  const match = credentialPattern.exec(token)
  if (match === null) return undefined
  const [, prefix, tenant, credential, , mac] = match
  if (tenant === undefined || credential === undefined || mac === undefined) return undefined
  return {
    kind: prefix === tokenPrefixes.member ? 'member' : prefix === tokenPrefixes.worker ? 'worker' : 'session',
    tenant,
    credential,
    signed: token.slice(0, token.length - mac.length - 1),
    mac,
  }
}

/** What a lease token states: the one attempt that it is valid for. `nonce` distinguishes it from earlier offers of the same job. */
export interface LeaseToken {
  readonly tenant: string
  readonly job_id: number
  readonly attempt: number
  readonly worker_id: string
  readonly nonce: string
  /** Milliseconds since 1970: when the offer was made, and when the token expires. */
  readonly offered_at: number
  readonly expires_at: number
  readonly signed: string
  readonly mac: string
}

const leasePattern =
  /^mrl_([a-z0-9]{2,32})_([a-z0-9]{1,12})_([a-z0-9]{1,4})_(wk[a-z0-9]{10,30})_([a-z0-9]{6,24})_([a-z0-9]{6,11})_([a-z0-9]{6,11})_([a-z0-9]{20,64})$/

/** The text of a lease token without its MAC. */
export const leaseText = (lease: Omit<LeaseToken, 'signed' | 'mac'>): string =>
  `${tokenPrefixes.lease}${[
    lease.tenant,
    lease.job_id.toString(36),
    lease.attempt.toString(36),
    lease.worker_id,
    lease.nonce,
    lease.offered_at.toString(36),
    lease.expires_at.toString(36),
  ].join('_')}`

/** Splits a lease token into its parts; undefined when it does not have that format. */
export function parseLeaseToken(token: string): LeaseToken | undefined {
  const match = leasePattern.exec(token)
  if (match === null) return undefined
  const [, tenant = '', job = '', attempt = '', worker_id = '', nonce = '', offered = '', expires = '', mac = ''] = match
  return {
    tenant,
    job_id: Number.parseInt(job, 36),
    attempt: Number.parseInt(attempt, 36),
    worker_id,
    nonce,
    offered_at: Number.parseInt(offered, 36),
    expires_at: Number.parseInt(expires, 36),
    signed: token.slice(0, token.length - mac.length - 1),
    mac,
  }
}

/**
 * `vw` (a one-time view) or `ar` (an artifact), the length of the tenant's slug in base 36, the slug, random characters, a MAC. Such an id names its
 * tenant, so that the object is found without a search; and the MAC shows that an id is made up before any object is called.
 */
export interface TenantIdParts {
  readonly tenant: string
  /** The characters between the tenant and the MAC. */
  readonly middle: string
  /** All but the MAC: the text that the MAC is computed over. */
  readonly signed: string
  readonly mac: string
}

const idMacChars = 31
/** 128 random bits in base 32. */
const idRandomChars = 26

function parseTenantId(prefix: 'vw' | 'ar', id: string): TenantIdParts | undefined {
  const match = /^(vw|ar)([2-9a-w])([a-z0-9]+)$/.exec(id)
  if (match === null || match[1] !== prefix) return undefined
  const [, , length = '', rest = ''] = match
  const slugChars = Number.parseInt(length, 36)
  if (rest.length < slugChars + idRandomChars + idMacChars) return undefined
  const middle = rest.slice(slugChars, -idMacChars)
  return { tenant: rest.slice(0, slugChars), middle, signed: id.slice(0, -idMacChars), mac: id.slice(-idMacChars) }
}

/**
 * The text whose SHA-256, as base64url, proves that the sender has the key of a view's URL, without revealing the key. The id of the view commits to
 * that proof: it contains `p` and the first characters of the proof's own SHA-256 in base 32.
 */
export const viewProofText = (key: string): string => `modelreins view proof ${key}`
export const viewProofPrefix = 'p'
export const viewProofChars = idRandomChars

/** Splits the id of a one-time view into its parts; undefined when it does not have that format. */
export const parseViewId = (id: string): TenantIdParts | undefined => parseTenantId('vw', id)

/** The tenant whose view this is; undefined when it is not the id of a view. */
export const tenantOfView = (id: string): string | undefined => parseViewId(id)?.tenant

/** Splits the slug of an artifact into its parts; undefined when it does not have that format. */
export const parseArtifactSlug = (slug: string): TenantIdParts | undefined => parseTenantId('ar', slug)
