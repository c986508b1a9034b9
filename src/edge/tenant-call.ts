/** Responsible for calling Durable Objects: it retries when that is safe, and turns errors of the platform into failures. */
import { type Operation, type Parsed, type TenantOperationId, operations, problemSchema } from '@modelreins/contract'
import * as z from 'zod'
import type { AnsweredInJson, Authorized, TenantAnswer, TenantCall, TenantGate } from '../../durable-objects/tenant/call.ts'
import { isStorageFull, storageFull } from '../domain/storage-failure.ts'
import { type Result, fail, ok } from '../domain/result.ts'
import { objectFailed } from '../telemetry/edge-events.ts'
import type { Context, Exchange } from './exchange.ts'

/** The flags that the platform sets on errors of Durable Objects. */
function flags(error: unknown): { readonly overloaded: boolean; readonly retryable: boolean } {
  const has = (name: string): boolean => typeof error === 'object' && error !== null && Reflect.get(error, name) === true
  return { overloaded: has('overloaded'), retryable: has('retryable') }
}

export interface ObjectCall {
  readonly object: 'tenant' | 'job-stream'
  readonly operation: string
  /** True when repeating the call has no further effect, so that it may be retried once on a new stub. */
  readonly idempotent: boolean
}

/**
 * Runs `attempt`, which must get a new stub each time. A temporary error is retried once if the call is idempotent, but never for an overloaded
 * object, whose load a retry would increase; both fail as `unavailable`. Any other error is a bug and is thrown.
 */
export async function callObject<Value>(
  at: Context,
  call: ObjectCall,
  attempt: () => Promise<Value>,
): Promise<Value | ReturnType<typeof fail>> {
  const { object, operation, idempotent } = call
  for (let retried = false; ; retried = true) {
    try {
      return await attempt()
    } catch (error) {
      if (isStorageFull(error)) return storageFull()
      const { overloaded, retryable } = flags(error)
      if (!overloaded && !retryable) throw error
      objectFailed({ request_id: at.request_id, operation, object, overloaded, retryable, retried }, error)
      if (overloaded || retried || !idempotent) {
        return fail(
          'unavailable',
          overloaded ? 'This tenant is busy. Try again in a moment.' : 'The service was interrupted. Try again in a moment.',
          {
            retry_after_ms: overloaded ? 2_000 : 1_000,
          },
        )
      }
    }
  }
}

/** True when the call may be repeated after its answer was lost. */
export function repeatable(row: Pick<Operation, 'repeat'>, input: object): boolean {
  return row.repeat === 'safe' || (row.repeat === 'by-key' && Reflect.get(input, 'idempotency_key') !== undefined)
}

/** The tenant of the caller's token; undefined for a caller without one, for whom no tenant object is called. */
export function tenantOf(exchange: Exchange): string | undefined {
  return exchange.caller.kind === 'member' || exchange.caller.kind === 'worker' || exchange.caller.kind === 'lease'
    ? exchange.caller.tenant
    : undefined
}

const noTenant = fail('forbidden', 'This token does not belong to a tenant.')

/** Calls a method of the caller's tenant object that is no operation of the table. */
export async function askTenant<Value>(
  exchange: Exchange,
  ask: (gate: TenantGate) => Promise<Result<Value>>,
  idempotent: boolean,
): Promise<Result<Value>> {
  const tenant = tenantOf(exchange)
  if (tenant === undefined) return noTenant
  const { ports, env } = exchange
  return callObject(exchange, { object: 'tenant', operation: exchange.id, idempotent }, () => ask(ports.tenant(env, tenant)))
}

/** Performs an operation in the caller's tenant object: the requested one, or another that its handler needs. */
export async function perform<Id extends TenantOperationId>(
  exchange: Exchange,
  operation: Id,
  input: Parsed<Id>,
  more: Pick<TenantCall, 'minted' | 'stored_result' | 'visit' | 'as_json'> = {},
): Promise<TenantAnswer<Id>> {
  const tenant = tenantOf(exchange)
  if (tenant === undefined) return noTenant
  const { ports, env, request_id } = exchange
  const call: TenantCall<Id> = { operation, input, credential: exchange.caller.credential, request_id, ...more }
  const idempotent = more.minted === undefined && repeatable(operations[operation], input)
  return callObject(exchange, { object: 'tenant', operation, idempotent }, () => ports.tenant(env, tenant).perform(call))
}

/** As `perform`, for an answer that is passed on unchanged: the object sends it as JSON text. */
export const performAndTell = <Id extends TenantOperationId>(
  exchange: Exchange,
  operation: Id,
  input: Parsed<Id>,
  more: Pick<TenantCall, 'stored_result'> = {},
): Promise<TenantAnswer<Id> | AnsweredInJson> => perform(exchange, operation, input, { ...more, as_json: true })

export interface Grant {
  readonly tenant: string
  readonly who: Authorized
}

/** Checks that the caller's token is valid and has the operation's scope, for operations that the tenant object does not perform. */
export async function authorize(exchange: Exchange): Promise<Result<Grant>> {
  const tenant = tenantOf(exchange)
  if (tenant === undefined) return noTenant
  const { request_id, row } = exchange
  const { credential } = exchange.caller
  const who = await askTenant(exchange, (gate) => gate.authorize({ credential, scope: row.scope, request_id }), true)
  return who.ok ? ok({ tenant, who: who.value }) : who
}

const failureSchema = z.object({
  code: problemSchema.shape.code,
  detail: z.string(),
  retry_after_ms: z.number().optional(),
})

/** The failure in a response of an object's `fetch`, which cannot return a result: a `Failure` as JSON. */
export async function failureIn(response: Response): Promise<Result<never>> {
  const { code, detail, retry_after_ms } = failureSchema.parse(await response.json())
  return fail(code, detail, retry_after_ms === undefined ? {} : { retry_after_ms })
}
