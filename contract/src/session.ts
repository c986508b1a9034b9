/** Responsible for the shapes of browser sessions, passkeys and sign-in bans. */
import * as z from 'zod'
import { flag, label, page, time } from './fields.ts'
import { banId, memberId, passkeyId, sessionId } from './ids.ts'
import { role } from './member.ts'

/** A browser's sign-in. Its token is only in an HttpOnly cookie and never in an answer. */
export const session = z
  .object({
    session_id: z.string(),
    member_id: z.string(),
    /** How the member signed in. */
    method: z.enum(['key', 'passkey']),
    /** Browser and system, read from the User-Agent header: displayed, never trusted. */
    device: z.string(),
    /** City and country if the network provides them, else the address; null when neither is known. */
    place: z.string().nullable(),
    created_at: time,
    /** Updated at most once in `limits.session_touch_ms`. */
    last_used_at: time,
    /** The earlier of two times: the idle limit after the last use, and the absolute limit after the sign-in. */
    expires_at: time,
    /** Whether this is the caller's session. */
    current: z.boolean(),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof session>

export const sessionPage = page(session)

/** `key`: a member key (`mrk_...`). The server compares it and does not store it. The caller opens a one-time link before the sign-in. */
export const sessionRequest = z.strictObject({ key: z.string().min(1).max(512) })

export const signedIn = z
  .object({ session, member: z.object({ member_id: z.string(), name: z.string(), role }), tenant: z.string() })
  .meta({ id: 'SignedIn' })
export type SignedIn = z.infer<typeof signedIn>

/** `member_id`: sessions of another member, which requires `members.manage`. */
export const sessionList = z.strictObject({ member_id: memberId.optional() })
/** `current` means the caller's session. */
export const sessionRef = z.strictObject({ session_id: z.union([z.literal('current'), sessionId]) })
/** `others`: all sessions of the caller except the present one. `member_id`: all sessions of that member, which requires `members.manage`. */
export const sessionsEnd = z.strictObject({ others: flag.optional(), member_id: memberId.optional() })
export const sessionsEnded = z.object({ ended: z.number().int() })

const base64url = (maxChars: number) =>
  z
    .string()
    .min(1)
    .max(maxChars)
    .regex(/^[A-Za-z0-9_-]*$/, 'must be base64url without padding')

const credentialFields = { id: base64url(1400), rawId: base64url(1400), type: z.literal('public-key') }

/** `PublicKeyCredential.toJSON()` after a registration (WebAuthn level 3, 5.1.8). Fields that are not read are ignored. */
export const registrationCredential = z.object({
  ...credentialFields,
  response: z.object({
    clientDataJSON: base64url(8_192),
    authenticatorData: base64url(8_192),
    /** SubjectPublicKeyInfo, DER. */
    publicKey: base64url(2_048),
    /** COSE algorithm: -7 ES256, -8 EdDSA, -257 RS256. */
    publicKeyAlgorithm: z.number().int(),
  }),
})

/** `PublicKeyCredential.toJSON()` after an assertion. */
export const assertionCredential = z.object({
  ...credentialFields,
  response: z.object({
    clientDataJSON: base64url(8_192),
    authenticatorData: base64url(8_192),
    signature: base64url(2_048),
    userHandle: base64url(200).nullish(),
  }),
})
export type AssertionCredential = z.infer<typeof assertionCredential>

/** The argument of `PublicKeyCredential.parseCreationOptionsFromJSON()`. */
export const creationOptions = z
  .object({
    challenge: z.string(),
    rp: z.object({ id: z.string(), name: z.string() }),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.number().int() })),
    timeout: z.number().int(),
    attestation: z.literal('none'),
    authenticatorSelection: z.object({
      residentKey: z.literal('required'),
      requireResidentKey: z.literal(true),
      userVerification: z.literal('required'),
    }),
    excludeCredentials: z.array(z.object({ type: z.literal('public-key'), id: z.string() })),
  })
  .meta({ id: 'PasskeyCreationOptions' })

/** The argument of `PublicKeyCredential.parseRequestOptionsFromJSON()`. */
export const requestOptions = z
  .object({
    challenge: z.string(),
    rpId: z.string(),
    timeout: z.number().int(),
    userVerification: z.literal('required'),
    allowCredentials: z.array(z.object({ type: z.literal('public-key'), id: z.string() })),
  })
  .meta({ id: 'PasskeyRequestOptions' })
export type RequestOptions = z.infer<typeof requestOptions>

export const passkey = z
  .object({
    passkey_id: z.string(),
    name: z.string(),
    member_id: z.string(),
    /** SHA-256 of its public key in hex: the audit row of its registration holds it, and `audit verify --passkey` takes it. */
    fingerprint: z.string(),
    created_at: time,
    last_used_at: time.nullable(),
  })
  .meta({ id: 'Passkey' })
export type Passkey = z.infer<typeof passkey>
export const passkeyPage = page(passkey)
export const passkeyRequest = z.strictObject({ name: label, credential: registrationCredential })
export const passkeyRef = z.strictObject({ passkey_id: passkeyId })
export const passkeyRename = z.strictObject({ passkey_id: passkeyId, name: label })
export const passkeySignIn = z.strictObject({ credential: assertionCredential })

/** Sign-ins by key that are refused for a while, from one address or for one member. */
export const ban = z
  .object({
    ban_id: z.string(),
    /** `address:<address or /64>` or `member:<member id>`. */
    subject: z.string(),
    failures: z.number().int(),
    until: time,
  })
  .meta({ id: 'Ban' })
export type Ban = z.infer<typeof ban>
export const banPage = page(ban)
export const banRef = z.strictObject({ ban_id: banId })
