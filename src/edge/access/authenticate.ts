/**
 * Responsible for who calls: it reads the bearer token and checks its MAC, touching no object. Whether the token is still valid
 * only the tenant object knows; whatever is wrong, the caller learns the same (SECURITY.md).
 *
 * Failed attempts are limited per address. A token with a genuine MAC passes even from a limited address, since a neighbour behind
 * the same address must not lock a worker out; but a genuine token that keeps being refused (revoked) is limited by itself. A request
 * without any token has tried nothing and is not counted.
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
      /** A member calls with a key or with the session of a browser. */
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

/** The one answer to a token that is missing, misspelt, forged, unknown or revoked, on a path that exists or not. */
export const unauthorized = fail('unauthorized', 'Send a valid token: `Authorization: Bearer <token>`.')

export interface AuthenticationContext {
  readonly keys: readonly TokenKey[]
  readonly masterToken: string | undefined
  readonly failures: FailedAttempts
  /** Who the token says is calling, if its MAC is genuine: `callerOf`, or what remembers it. */
  readonly callerOf: typeof callerOf
  /** From `addressKey`. */
  readonly address: string
  readonly now: number
  /** Of this service, as the caller addressed it. */
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

/** Who the token says is calling, if its MAC is genuine. */
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

/** What failures of this caller are counted under; a caller without a credential of its own is counted by address alone. */
export const callerKey = (caller: Caller): string | undefined =>
  caller.kind === 'member' || caller.kind === 'worker' ? `token:${caller.credential.hash}` : undefined

const limited = (wait: number) =>
  fail('rate-limited', 'Too many failed authentications. Wait, then send a valid token.', { retry_after_ms: wait })

/** The caller; `unauthorized`, or `rate-limited` when this address or this token has failed too often. The caller of this counts failures. */
export function authenticate(request: Request, context: AuthenticationContext): Result<Caller> {
  const bearer = bearerToken(request)
  // A request that says who calls is never looked at for a cookie.
  const cookie = bearer === undefined ? cookieToken(request, context.origin) : undefined
  const token = bearer ?? cookie
  if (token === undefined) return unauthorized
  const known = context.callerOf(token, context.keys, context.masterToken)
  // A session token is good in its cookie only: what scripts read and send is a key.
  const caller = known !== undefined && isSession(known) !== (cookie !== undefined) ? undefined : known
  const key = caller === undefined ? context.address : callerKey(caller)
  const wait = key === undefined ? 0 : context.failures.wait(key, context.now)
  if (wait > 0) return limited(wait)
  if (caller === undefined) return unauthorized
  const elsewhere = cookie === undefined ? undefined : crossSite(request, context.origin)
  return elsewhere === undefined ? ok(caller) : fail('forbidden', elsewhere)
}
