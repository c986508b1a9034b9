/** Responsible for the input and output types of a route's handler. */
import type { Operation, OperationId, Parsed } from '@modelreins/contract'
import type { AnsweredInJson, KillswitchVersion } from '../../durable-objects/tenant/call.ts'
import type { Result } from '../domain/result.ts'
import type { Caller } from './access/authenticate.ts'
import type { EdgePorts } from './ports.ts'

/** The context of one request at the edge. */
export interface Context {
  readonly request: Request
  readonly env: Env
  readonly ports: EdgePorts
  readonly origin: string
  readonly request_id: string
}

/** One call of one operation, parsed and authenticated. */
export interface Exchange<Id extends OperationId = OperationId> extends Context {
  readonly id: Id
  readonly row: Operation
  readonly input: Parsed<Id>
  readonly caller: Caller
}

/** A finished response, or a result: a value becomes JSON with the operation's status (200 when `replayed`), a failure a problem document. */
export type Reply = Response | AnsweredInJson | (Result<unknown> & { readonly replayed?: boolean; readonly killswitch?: KillswitchVersion })

export type Handler<Id extends OperationId> = (exchange: Exchange<Id>) => Promise<Reply> | Reply
