/**
 * Responsible for identifying the caller: it reads the token and checks its MAC, without calling an object. Only the tenant object knows
 * whether the token is still valid. All failures give the same answer (SECURITY.md).
 *
 * Failed attempts are limited per address. A token with a genuine MAC is accepted even from a limited address, so that others behind the same
 * address cannot lock a worker out; a genuine token that is refused repeatedly (revoked) has its own limit. A request without a token is not
 * counted.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { type LeaseToken, parseCredentialToken, parseLeaseToken, tokenPrefixes } from '@modelreins/contract'
import type { CallCredential } from '../../../durable-objects/tenant/call.ts'
import { type Result, fail, ok } from '../../domain/result.ts'
import { type TokenKey, isMacValid } from '../../domain/access/token.ts'
import { cookieToken, crossSite } from '../sessions/cookie.ts'
import type { FailedAttempts } from './failed-attempts.ts'

export type Caller =
  | {
      readonly kind: 'member' | 'worker'
      readonly tenant: string
      /** Members use a key or a browser session; workers use a token. */
      readonly credential: Extract<CallCredential, { kind: 'member' | 'worker' | 'session' }>
    }
  | {
      readonly kind: 'lease'
      readonly tenant: string
      readonly lease: LeaseToken
      readonly credential: Extract<CallCredential, { kind: 'lease' }>
    }
  | { readonly kind: 'master'; readonly credential: { readonly kind: 'master' } }
  | { readonly kind: 'none'; readonly credential: { readonly kind: 'none' } }

export const anonymousCaller: Caller = { kind: 'none', credential: { kind: 'none' } }

/** The same answer to every token that is missing, malformed, forged, unknown or revoked, on existing and unknown paths. */
export const unauthorized = fail('unauthorized', 'Send a valid token: `Authorization: Bearer <token>`.')

export interface AuthenticationContext {
  readonly keys: readonly TokenKey[]
  readonly masterToken: string | undefined
  readonly failures: FailedAttempts
  /** Either `callerOf` or its cached form. */
  readonly callerOf: typeof callerOf
  /** The client's network address, as `addressKey` returns it. */
  readonly address: string
  readonly now: number
  /** Origin of this service, as in the request's URL. */
  readonly origin: string
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The token of the Authorization header; undefined when there is no header, '' when it holds no bearer token. */
export function bearerToken(request: Request): string | undefined {
  const header = request.headers.get('authorization')
  if (header === null) return undefined
  return /^Bearer +([\x21-\x7e]{1,512})$/i.exec(header.trim())?.[1] ?? ''
}

function isMaster(token: string, master: string | undefined): boolean {
  return master !== undefined && master.length >= 24 && timingSafeEqual(sha256(token), sha256(master))
}

/** The caller that the token names; undefined unless its MAC is genuine. */
export function callerOf(token: string, keys: readonly TokenKey[], masterToken: string | undefined): Caller | undefined {
  if (token.startsWith(tokenPrefixes.lease)) {
    const parsed = parseLeaseToken(token)
    if (parsed === undefined || !isMacValid(parsed.signed, parsed.mac, keys)) return undefined
    const { signed: _signed, mac: _mac, ...lease } = parsed
    return { kind: 'lease', tenant: parsed.tenant, lease: parsed, credential: { kind: 'lease', lease } }
  }
  const parsed = parseCredentialToken(token)
  if (parsed === undefined) return isMaster(token, masterToken) ? { kind: 'master', credential: { kind: 'master' } } : undefined
  if (!isMacValid(parsed.signed, parsed.mac, keys)) return undefined
  const hash = sha256(token).toString('hex')
  const kind = parsed.kind === 'session' ? 'member' : parsed.kind
  return { kind, tenant: parsed.tenant, credential: { kind: parsed.kind, credential: parsed.credential, hash } }
}

export const isSession = (caller: Caller): boolean => caller.credential.kind === 'session'

/** The key under which failures of this caller are counted; undefined for a caller without a credential, who is counted by address. */
export const callerKey = (caller: Caller): string | undefined =>
  caller.kind === 'member' || caller.kind === 'worker' ? `token:${caller.credential.hash}` : undefined

const limited = (wait: number) =>
  fail('rate-limited', 'Too many failed authentications. Wait, then send a valid token.', { retry_after_ms: wait })

/** The caller. Errors: `unauthorized`; `rate-limited` after too many failures of the address or token. The caller must count failures. */
export function authenticate(request: Request, context: AuthenticationContext): Result<Caller> {
  const bearer = bearerToken(request)
  // With an Authorization header, the cookie is ignored.
  const cookie = bearer === undefined ? cookieToken(request, context.origin) : undefined
  const token = bearer ?? cookie
  if (token === undefined) return unauthorized
  const known = context.callerOf(token, context.keys, context.masterToken)
  // Accept session tokens only in the cookie, and other tokens only in the header.
  const caller = known !== undefined && isSession(known) !== (cookie !== undefined) ? undefined : known
  const key = caller === undefined ? context.address : callerKey(caller)
  const wait = key === undefined ? 0 : context.failures.wait(key, context.now)
  if (wait > 0) return limited(wait)
  if (caller === undefined) return unauthorized
  const elsewhere = cookie === undefined ? undefined : crossSite(request, context.origin)
  return elsewhere === undefined ? ok(caller) : fail('forbidden', elsewhere)
}
