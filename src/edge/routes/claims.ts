/** Responsible for the calls of an attempt (output, results, other verbs), and for opening the worker socket. */
import type { LeaseToken } from '@modelreins/contract'
import { type Result, fail, ok } from '../../domain/result.ts'
import type { AnsweredInJson, TenantAnswer } from '../../../durable-objects/tenant/call.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { problemResponse } from '../http/problem-response.ts'
import { discardResult, storeLargeResult } from '../jobs/stored-result.ts'
import { authorize, callObject, failureIn, performAndTell, tenantOf } from '../tenant-call.ts'

/** The lease of the call, if it is for this job and has not expired. Its MAC is checked already. */
function leaseFor(exchange: Exchange, jobId: number): Result<LeaseToken> {
  if (exchange.caller.kind !== 'lease') return fail('forbidden', 'Send the lease token of the attempt.')
  const { lease } = exchange.caller
  if (lease.job_id !== jobId) return fail('forbidden', `This lease token is for job ${lease.job_id}.`)
  if (lease.expires_at <= exchange.ports.now()) return fail('lease-lost', `The lease token for job ${jobId} has expired.`)
  return ok(lease)
}

/**
 * Sends output directly to the job's stream object, so that frequent output does not slow the tenant's claims (docs/explanation/scale.md). The
 * stream object checks the writer with the tenant object at the first output of an attempt and every half minute; that call also registers the
 * stream, so that it is told of the end.
 */
export async function appendOutput(exchange: Exchange<'claims.output'>): Promise<Reply> {
  const { input, env, ports } = exchange
  const lease = leaseFor(exchange, input.job_id)
  if (!lease.ok) return lease
  const { tenant, job_id, attempt, nonce, offered_at } = lease.value
  const about = { object: 'job-stream', operation: exchange.id, idempotent: true } as const
  const request = { tenant, job_id, attempt, nonce, offered_at, chunks: input.chunks }
  return callObject(exchange, about, () => ports.jobStream(env, tenant, job_id).append(request))
}

interface WithResult {
  readonly job_id: number
  readonly result?: string | null | undefined
}

/**
 * Settles a job through the tenant object. A large result goes to R2 first, and is deleted when the object refuses. After `unavailable` the
 * object may have accepted it, so the result stays.
 */
export async function settle<Input extends WithResult>(
  exchange: Exchange,
  input: Input,
  act: (
    input: Input,
    more: { readonly stored_result?: string },
  ) => Promise<TenantAnswer<'claims.complete' | 'claims.close' | 'work.done' | 'work.escalate'> | AnsweredInJson>,
): Promise<Reply> {
  const stored = await storeLargeResult(exchange, tenantOf(exchange) ?? '', input.job_id, input.result ?? '')
  if (!stored.ok) return stored
  if (stored.value === undefined) return act(input, {})
  const { beginning, key } = stored.value
  const reply = await act({ ...input, result: beginning }, { stored_result: key })
  if (!reply.ok && reply.failure.code !== 'unavailable') await discardResult(exchange, stored.value)
  return reply
}

export async function completeClaim(exchange: Exchange<'claims.complete'>): Promise<Reply> {
  const lease = leaseFor(exchange, exchange.input.job_id)
  if (!lease.ok) return lease
  return settle(exchange, exchange.input, (input, more) => performAndTell(exchange, 'claims.complete', input, more))
}

export const closeClaim = (exchange: Exchange<'claims.close'>): Promise<Reply> =>
  settle(exchange, exchange.input, (input, more) => performAndTell(exchange, 'claims.close', input, more))

/** The other verbs of an attempt: the tenant object performs them, for the job of the lease. */
export const startClaim = (exchange: Exchange<'claims.start'>): Promise<Reply> | Reply => {
  const lease = leaseFor(exchange, exchange.input.job_id)
  return lease.ok ? performAndTell(exchange, 'claims.start', exchange.input) : lease
}

export const failClaim = (exchange: Exchange<'claims.fail'>): Promise<Reply> | Reply => {
  const lease = leaseFor(exchange, exchange.input.job_id)
  return lease.ok ? performAndTell(exchange, 'claims.fail', exchange.input) : lease
}

/** The tenant object waits, not the edge: the decision wakes the call there. */
export const authorizeAction = (exchange: Exchange<'claims.authorize'>): Promise<Reply> | Reply => {
  const lease = leaseFor(exchange, exchange.input.job_id)
  return lease.ok ? performAndTell(exchange, 'claims.authorize', exchange.input) : lease
}

/** Tells the object who connects; a header of this name in the client's request is not passed on. */
export const credentialHeader = 'x-modelreins-credential'

export async function connect(exchange: Exchange<'claims.connect'>): Promise<Reply> {
  const { request, env, ports, request_id } = exchange
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
    const grant = await authorize(exchange)
    if (!grant.ok) return grant
    const { failure } = fail('upgrade-required', 'This is a WebSocket: connect with `Upgrade: websocket`.')
    return problemResponse(failure, exchange, { upgrade: 'websocket', connection: 'Upgrade' })
  }
  const tenant = tenantOf(exchange)
  if (tenant === undefined) return fail('forbidden', 'This token does not belong to a tenant.')
  const headers = new Headers(request.headers)
  // The object needs only the hash in the credential, never the token.
  headers.delete('authorization')
  headers.set(credentialHeader, JSON.stringify(exchange.caller.credential))
  headers.set('x-request-id', request_id)
  const about = { object: 'tenant', operation: exchange.id, idempotent: true } as const
  const opened = await callObject(exchange, about, () => ports.tenant(env, tenant).fetch(new Request(request.url, { headers })))
  return opened instanceof Response && opened.status !== 101 ? failureIn(opened) : opened
}
