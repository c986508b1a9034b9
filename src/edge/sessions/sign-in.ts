/**
 * Responsible for signing browsers in and out over HTTP: it mints the session token, sets and clears the cookie, and finds the tenant of a key
 * or passkey. The tenant object decides.
 */
import { createHash } from 'node:crypto'
import { type OperationId, limits, parseCredentialToken, tokenPrefixes } from '@modelreins/contract'
import type { CallCredential, TenantAnswer, Visit } from '../../../durable-objects/tenant/call.ts'
import { type TokenKey, base32, isMacValid, sign } from '../../domain/access/token.ts'
import { newChallenge } from '../../domain/session/challenge.ts'
import { type Result, fail, ok } from '../../domain/result.ts'
import { signingKeys } from '../access/gatekeeper.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { callObject, perform } from '../tenant-call.ts'
import { crossSite, endedCookie, maySignIn, requestHeader, sessionCookie } from './cookie.ts'
import { visitOf } from './visit.ts'

const refused = fail('unauthorized', 'The sign-in is not valid.')

/** Refuses sign-ins from pages of other origins: such a page could make a person work in the account of somebody else. */
function barred(exchange: Exchange): Result<never> | undefined {
  const { request, origin } = exchange
  if (!maySignIn(origin))
    return fail('forbidden', 'Browsers sign in over https, or over http on localhost. Open the dashboard under such an address.')
  const sent = request.headers.get('origin')
  if (sent !== null && sent !== origin) return fail('forbidden', `Sign in from a page of ${origin}.`)
  if (!request.headers.has(requestHeader)) return fail('forbidden', `Send the header ${requestHeader}: 1.`)
  return undefined
}

interface NewSession {
  readonly token: string
  readonly visit: Visit
}

function mintSession(exchange: Exchange, tenant: string, key: TokenKey): NewSession {
  const { random } = exchange.ports
  const session_id = `ss${base32(random(16))}`
  const token = sign(`${tokenPrefixes.session}${tenant}_${session_id}_${base32(random(32))}`, key)
  const hash = createHash('sha256').update(token).digest('hex')
  return { token, visit: { ...visitOf(exchange), session: { session_id, hash } } }
}

type SignIn = Extract<OperationId, 'sessions.create' | 'sessions.create_with_passkey'>

/** The answer with the cookie; the token is never in a body. */
function answered(exchange: Exchange, token: string, answer: TenantAnswer<SignIn>): Reply {
  if (!answer.ok) return answer
  const headers = { 'content-type': 'application/json', 'set-cookie': sessionCookie(exchange.origin, token) }
  return new Response(JSON.stringify(answer.value), { status: 201, headers })
}

async function noteFailure(exchange: Exchange, tenant: string): Promise<void> {
  const { ports, env, request_id } = exchange
  const { address } = visitOf(exchange)
  const about = { object: 'tenant', operation: exchange.id, idempotent: false } as const
  await callObject(exchange, about, async () => ok(await ports.tenant(env, tenant).noteFailedSignIn({ address, request_id })))
}

export async function signIn(exchange: Exchange<'sessions.create'>): Promise<Reply> {
  const no = barred(exchange)
  if (no !== undefined) return no
  const keys = signingKeys(exchange)
  if (!keys.ok) return keys
  const key = exchange.input.key.trim()
  const parsed = parseCredentialToken(key)
  if (parsed?.kind !== 'member') return refused
  if (!isMacValid(parsed.signed, parsed.mac, keys.value)) {
    await noteFailure(exchange, parsed.tenant)
    return refused
  }
  const { token, visit } = mintSession(exchange, parsed.tenant, keys.value[0])
  const hash = createHash('sha256').update(key).digest('hex')
  const credential: CallCredential = { kind: 'member', credential: parsed.credential, hash }
  const answer = await callTenant(exchange, 'sessions.create', parsed.tenant, { input: { key: '' }, credential, visit })
  if (!answer.ok && answer.failure.code === 'unauthorized') await noteFailure(exchange, parsed.tenant)
  return answered(exchange, token, answer)
}

async function callTenant<Id extends SignIn>(
  exchange: Exchange,
  operation: Id,
  tenant: string,
  call: { readonly input: Exchange<Id>['input']; readonly credential: CallCredential; readonly visit: Visit },
): Promise<TenantAnswer<Id>> {
  const { ports, env, request_id } = exchange
  const about = { object: 'tenant', operation, idempotent: false } as const
  return callObject(exchange, about, () => ports.tenant(env, tenant).perform<Id>({ operation, request_id, ...call }))
}

/** The tenant in a user handle, which is `<tenant>:<member id>` since the registration of the passkey. */
function tenantOfHandle(userHandle: string | null | undefined): string | undefined {
  const text = Buffer.from(userHandle ?? '', 'base64url').toString('latin1')
  return /^([a-z0-9]{2,32}):mb[a-z0-9]{10,30}$/.exec(text)?.[1]
}

export async function signInWithPasskey(exchange: Exchange<'sessions.create_with_passkey'>): Promise<Reply> {
  const no = barred(exchange)
  if (no !== undefined) return no
  const keys = signingKeys(exchange)
  if (!keys.ok) return keys
  const tenant = tenantOfHandle(exchange.input.credential.response.userHandle)
  if (tenant === undefined) return refused
  const { token, visit } = mintSession(exchange, tenant, keys.value[0])
  const credential = { kind: 'none' } as const
  const answer = await callTenant(exchange, 'sessions.create_with_passkey', tenant, { input: exchange.input, credential, visit })
  return answered(exchange, token, answer)
}

/** The challenge is for no particular member: the passkey identifies them. */
export function passkeyOptions(exchange: Exchange<'sessions.passkey_options'>): Reply {
  const no = barred(exchange)
  if (no !== undefined) return no
  const keys = signingKeys(exchange)
  if (!keys.ok) return keys
  const challenge = newChallenge('sign-in', '', base32(exchange.ports.random(20)), exchange.ports.now(), keys.value[0])
  return ok({
    challenge: Buffer.from(challenge).toString('base64url'),
    rpId: new URL(exchange.origin).hostname,
    timeout: limits.challenge_ms,
    userVerification: 'required',
    allowCredentials: [],
  })
}

const withVisit = (exchange: Exchange) => ({ visit: visitOf(exchange) })

export const registrationOptions = (exchange: Exchange<'passkeys.options'>): Promise<Reply> =>
  perform(exchange, 'passkeys.options', exchange.input, withVisit(exchange))

export const registerPasskey = (exchange: Exchange<'passkeys.create'>): Promise<Reply> =>
  perform(exchange, 'passkeys.create', exchange.input, withVisit(exchange))

/** Ends a session; when it is the browser's own, also clears the cookie. */
export async function endSession(exchange: Exchange<'sessions.end'>): Promise<Reply> {
  const answer = await perform(exchange, 'sessions.end', exchange.input)
  if (!answer.ok || exchange.input.session_id !== 'current' || crossSite(exchange.request, exchange.origin) !== undefined) return answer
  const headers = { 'content-type': 'application/json', 'set-cookie': endedCookie(exchange.origin) }
  return new Response(JSON.stringify(answer.value), { status: 200, headers })
}
