/**
 * Responsible for admitting or refusing callers in a uniform way: it counts failures and knows which kind of token an operation needs. The
 * tenant object checks roles, hashes and revocation.
 */
import type { Failure, Operation } from '@modelreins/contract'
import { type Result, fail, ok } from '../../domain/result.ts'
import type { SigningKeys } from '../../domain/access/signing-keys.ts'
import { authenticationLimited, misconfigured } from '../../telemetry/edge-events.ts'
import { type Caller, authenticate, callerKey, type callerOf, isSession, anonymousCaller, unauthorized } from './authenticate.ts'
import type { Context } from '../exchange.ts'
import { FailedAttempts, addressHeader, addressKey } from './failed-attempts.ts'
import { GenuineCallers } from './genuine-callers.ts'
import { problemResponse } from '../http/problem-response.ts'
import { callObject } from '../tenant-call.ts'
import { cookieToken } from '../sessions/cookie.ts'
import { keysOf } from './signing-keys.ts'

/** The signing keys, or `unavailable` when the Worker has no secret, without which no caller can be authenticated. */
export function signingKeys(context: Context): Result<SigningKeys> {
  const keys = keysOf(context.env.MODELREINS_SECRET)
  if (!('reason' in keys)) return ok(keys)
  misconfigured({ request_id: context.request_id, secret: 'MODELREINS_SECRET', reason: keys.reason })
  return fail('unavailable', 'The service is not configured yet.', { retry_after_ms: 60_000 })
}

/** A failure that names the required kind of token; undefined when the caller's token has the right kind. */
export function wrongKind(row: Operation, caller: Caller): Result<never> | undefined {
  if (row.scope === 'public') return undefined
  if (row.scope === 'master') return caller.kind === 'master' ? undefined : fail('forbidden', 'This operation needs the master token.')
  if (caller.kind === 'master') return fail('forbidden', 'The master token creates and suspends tenants, and nothing inside them.')
  if (row.scope === 'attempt') return caller.kind === 'lease' ? undefined : fail('forbidden', 'Send the lease token of the attempt.')
  if (isSession(caller) && row.scope === 'work') return fail('forbidden', 'A browser session cannot act as a worker: use a worker token.')
  if (caller.kind === 'lease' && row.scope !== 'artifacts.write') return fail('forbidden', 'This lease token belongs to another attempt.')
  return undefined
}

export class Gatekeeper {
  readonly #failures = new FailedAttempts()
  readonly #genuine = new GenuineCallers()
  readonly #callerOf: typeof callerOf = (...of) => this.#genuine.of(...of)

  /** Identifies the caller, as far as the edge can. Failures are counted already; the caller answers them with `turnAway`. */
  identify(context: Context): Result<Caller> {
    const keys = signingKeys(context)
    if (!keys.ok) return keys
    const { request, env, ports, origin } = context
    const address = addressKey(request.headers.get(addressHeader))
    const failures = this.#failures
    const now = ports.now()
    const caller = authenticate(request, {
      keys: keys.value,
      masterToken: env.MODELREINS_MASTER_TOKEN,
      failures,
      callerOf: this.#callerOf,
      address,
      now,
      origin,
    })
    if (caller.ok) return caller
    const tried = request.headers.has('authorization') || cookieToken(request, origin) !== undefined
    if (caller.failure.code === 'unauthorized' && tried) this.#count(context, address, now)
    return caller
  }

  #count(context: Context, key: string, now: number): void {
    if (!this.#failures.note(key, now)) return
    const { request_id } = context
    const hash = /^token:(.{12})/.exec(key)?.[1]
    authenticationLimited(hash === undefined ? { request_id, address: key } : { request_id, token_hash: hash })
  }

  /** The response to a failure. A 401 is always identical, whether the edge or the tenant object caused it. */
  turnAway(context: Context, caller: Caller, failure: Failure, headers?: Readonly<Record<string, string>>): Response {
    if (failure.code !== 'unauthorized') return problemResponse(failure, context, headers)
    const key = callerKey(caller)
    if (key !== undefined) this.#count(context, key, context.ports.now())
    return problemResponse(unauthorized.failure, context, { 'www-authenticate': 'Bearer realm="modelreins"' })
  }

  /**
   * The response to a request that fails at the edge. Only a caller with a valid token may learn the reason, so this asks the tenant object
   * first: the holder of a revoked token learns neither which paths exist nor their inputs.
   */
  async refuse(context: Context, caller: Caller, failure: Failure, headers?: Readonly<Record<string, string>>): Promise<Response> {
    if (caller.kind !== 'member' && caller.kind !== 'worker') return this.turnAway(context, caller, failure, headers)
    const { ports, env, request_id } = context
    const { tenant, credential } = caller
    const call = { operation: 'members.whoami', input: {}, credential, request_id } as const
    const about = { object: 'tenant', operation: 'members.whoami', idempotent: true } as const
    const known = await callObject(context, about, () => ports.tenant(env, tenant).perform(call))
    return this.turnAway(context, caller, known.ok ? failure : known.failure, headers)
  }

  /** The response for an unknown path or method: 401 unless the caller is authenticated. */
  async refuseUnknown(context: Context, failure: Failure, headers?: Readonly<Record<string, string>>): Promise<Response> {
    const caller = this.identify(context)
    return caller.ok ? this.refuse(context, caller.value, failure, headers) : this.turnAway(context, anonymousCaller, caller.failure)
  }
}
