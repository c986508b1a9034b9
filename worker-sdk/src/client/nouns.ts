/** Responsible for the typed nouns of the client (`client.jobs.dispatch`): one method per row of the operations table, made from it. */
import { operationIds, operations, type Input, type Operation, type OperationId, type Operations, type Output } from '@modelreins/contract'

/** The type of an answer: JSON as the table says, text for pages and metrics, the response itself for bytes and for answers that may be long. */
export type Answer<Id extends OperationId> = Operations[Id] extends { readonly produces: infer Kind }
  ? Kind extends 'application/octet-stream' | 'application/x-ndjson'
    ? Response
    : string
  : Output<Id>

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Sent as `Idempotency-Key`; generated when absent, for operations that are repeated by key. */
  readonly idempotencyKey?: string
  /** Used instead of the client's token: the lease token of one attempt. */
  readonly token?: string
  /** Milliseconds for one try. */
  readonly timeoutMs?: number
  /** False: send only once, whatever happens. */
  readonly retry?: boolean
  /** The body of an operation that takes bytes. */
  readonly body?: NonNullable<RequestInit['body']>
  readonly contentType?: string
}

type Camel<Text extends string> = Text extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Text
/** Operations that are not one request with one answer have their own methods. */
const streams = ['text/event-stream', 'websocket'] as const
type Streamed = {
  [Id in OperationId]: Operations[Id] extends { readonly produces: (typeof streams)[number] } ? Id : never
}[OperationId]
type CallableId = Exclude<OperationId, Streamed>
type NounOf<Id> = Id extends `${infer Noun}.${string}` ? Noun : never
type Method<Id extends OperationId> =
  Record<never, never> extends Input<Id>
    ? (input?: Input<Id>, options?: CallOptions) => Promise<Answer<Id>>
    : (input: Input<Id>, options?: CallOptions) => Promise<Answer<Id>>

export type Nouns = {
  readonly [Noun in NounOf<CallableId>]: {
    readonly [Id in CallableId as Id extends `${Noun}.${infer Verb}` ? Camel<Verb> : never]: Method<Id>
  }
}

const isStreamed = ({ produces }: Operation): boolean => streams.some((kind) => kind === produces)
const camel = (text: string): string => text.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** The noun methods, bound to a client's `call`. */
export function nounsOf(call: (id: OperationId, input: unknown, options?: CallOptions) => Promise<unknown>): Nouns {
  const nouns: Record<string, Record<string, unknown>> = {}
  for (const id of operationIds) {
    if (isStreamed(operations[id])) continue
    const [noun = '', verb = ''] = id.split('.')
    const methods = (nouns[noun] ??= {})
    methods[camel(verb)] = (input?: unknown, options?: CallOptions) => call(id, input, options)
  }
  // Created from the same table as the type, but the compiler cannot follow the loop.
  return nouns as unknown as Nouns
}
