/** Responsible for the steps of one call through the edge: identify the caller, parse the input, run the handler, answer. */
import { type Operation, type OperationId, type Parsed, limits, operations } from '@modelreins/contract'
import { type Caller, anonymousCaller } from './access/authenticate.ts'
import type { Context, Exchange, Reply } from './exchange.ts'
import type { Gatekeeper } from './access/gatekeeper.ts'
import { wrongKind } from './access/gatekeeper.ts'
import { parseInput } from './http/parse-input.ts'
import { readJsonObject } from './http/read-body.ts'
import { jsonResponse } from './http/security-headers.ts'
import { ok, type Result } from '../domain/result.ts'
import { handlerOf } from './routes/table.ts'

export interface Route {
  readonly id: OperationId
  readonly tolerant: boolean
  readonly path: Readonly<Record<string, string>>
}

const noQuery = new URLSearchParams()

async function inputOf(context: Context, row: Operation, route: Route): Promise<Result<Record<string, unknown>>> {
  const { request } = context
  const hasBody = row.body !== 'raw' && row.method !== 'GET' && row.method !== 'DELETE'
  const body = hasBody
    ? await readJsonObject(request, { limit: row.bodyLimit ?? limits.body_bytes, tolerant: route.tolerant })
    : ok(undefined)
  if (!body.ok) return body
  const raw = {
    path: route.path,
    query: request.url.includes('?') ? new URL(request.url).searchParams : noQuery,
    body: body.value,
    // For raw bodies, the route's handler reads the header itself.
    idempotencyKey: row.body === 'raw' || row.method === 'GET' ? null : request.headers.get('idempotency-key'),
  }
  return parseInput(row, raw, route.tolerant)
}

function answer(gatekeeper: Gatekeeper, exchange: Exchange, reply: Reply): Response {
  if (reply instanceof Response) return reply
  const { killswitch } = reply
  const headers: Record<string, string> =
    killswitch === undefined ? {} : { 'modelreins-killswitch': `level=${killswitch.level}, generation=${killswitch.generation}` }
  if (!reply.ok) return gatekeeper.turnAway(exchange, exchange.caller, reply.failure, headers)
  const status = reply.replayed === true ? 200 : exchange.row.status
  return jsonResponse('json' in reply ? reply.json : JSON.stringify(reply.value), status, exchange, headers)
}

/** Answers one call of one operation. */
export async function serve(gatekeeper: Gatekeeper, context: Context, route: Route): Promise<Response> {
  const row: Operation = operations[route.id]
  const asked = row.scope !== 'public' || (row.token === 'optional' && context.request.headers.has('authorization'))
  const caller: Result<Caller> = asked ? gatekeeper.identify(context) : ok(anonymousCaller)
  if (!caller.ok) return gatekeeper.turnAway(context, anonymousCaller, caller.failure)
  const barred = wrongKind(row, caller.value)
  if (barred !== undefined && !barred.ok) return gatekeeper.refuse(context, caller.value, barred.failure)
  const input = await inputOf(context, row, route)
  if (!input.ok) return gatekeeper.refuse(context, caller.value, input.failure)
  // The cast is safe: the row's own schema parsed this value, which the compiler cannot follow through a union of rows.
  const parsed = input.value as Parsed<OperationId>
  const exchange: Exchange = { ...context, id: route.id, row, input: parsed, caller: caller.value }
  return answer(gatekeeper, exchange, await handlerOf(route.id)(exchange))
}
