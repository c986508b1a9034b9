/**
 * Responsible for running commands: read the clock once, one synchronous transaction, then memory, then effects. Nothing
 * awaits inside, so a tenant's history is a sequence.
 */
import { limits, operations } from '@modelreins/contract'
import type { TenantOperationId } from '@modelreins/contract'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import { sha256Hex } from '../audit/audit-writer.ts'
import type { AuditWriter } from '../audit/audit-writer.ts'
import type { Minted, Visit } from './call.ts'
import { systemCaller } from './context.ts'
import type { Caller, CommandContext, Effect, Live } from './context.ts'
import type { Store } from './open-store.ts'
import { nextDue, sweep } from '../queue/sweep.ts'

/** Where time and chance come from; tests put their own in. */
export interface Surroundings {
  readonly now: () => number
  readonly random: () => number
  readonly randomText: (length: number) => string
}

export interface ExecutorParts {
  readonly storage: DurableObjectStorage
  readonly store: Store
  readonly live: Live
  readonly audit: AuditWriter
  readonly tenant: string
  readonly key: TokenKey
  readonly allowedHosts: readonly string[]
  readonly surroundings: Surroundings
  /** Called after each commit that left something to do. */
  readonly react: (effects: readonly Effect[], at: number) => void
}

export interface Request {
  readonly request_id: string
  readonly minted?: Minted | undefined
  readonly visit?: Visit | undefined
  readonly stored_result?: string | undefined
  readonly operation?: TenantOperationId
}

class RolledBack extends Error {}

const internalRequest: Request = { request_id: 'internal' }

const rowsRate = { most: limits.worker_rows_per_minute, per_ms: 60_000 }

/** The verbs of a job cost a worker nothing: it is given the jobs. What else it writes into the trail is bounded. */
function spenderOf(caller: Caller, request: Request): string | undefined {
  if (!('worker' in caller)) return undefined
  const { operation } = request
  const given = operation !== undefined && operation.startsWith('claims.') && operation !== 'claims.authorize'
  const reads = operation !== undefined && operations[operation].method === 'GET'
  return given || reads ? undefined : `rows/${caller.worker.worker_id}`
}

export class Executor {
  readonly #parts: ExecutorParts

  constructor(parts: ExecutorParts) {
    this.#parts = parts
  }

  /** Runs one command. A failure rolls back whatever it wrote, memory included, unless the command says `keep`. */
  run<Value>(
    caller: Caller,
    request: Request,
    command: (ctx: CommandContext) => Result<Value>,
  ): Result<Value> & { readonly replayed?: boolean } {
    this.catchUp()
    const spender = spenderOf(caller, request)
    if (spender === undefined) return this.#transact(caller, request, command)
    const { live, audit, surroundings } = this.#parts
    const wait = live.rates.wait(spender, surroundings.now(), rowsRate)
    if (wait > 0) {
      const detail = `${caller.actor.name} has written ${rowsRate.most} rows of the audit trail within a minute.`
      return fail('rate-limited', detail, { retry_after_ms: wait })
    }
    const before = audit.head.seq
    const done = this.#transact(caller, request, command)
    if (audit.head.seq > before) live.rates.note(spender, surroundings.now(), rowsRate, audit.head.seq - before)
    return done
  }

  /** Runs several commands in one transaction. Each has checked before it writes, so one that fails undoes nothing of the others. */
  runBatch<Value>(caller: Caller, commands: (ctx: CommandContext) => readonly Value[]): readonly Value[] {
    this.catchUp()
    const done = this.#transact(caller, internalRequest, (ctx) => ok(commands(ctx)))
    return done.ok ? done.value : []
  }

  /** Does what has become due, in a transaction of its own. Cheap while nothing is. */
  catchUp(): void {
    const { live, store, surroundings } = this.#parts
    if (surroundings.now() < live.due.at) return
    this.#transact(systemCaller, internalRequest, (ctx) => {
      sweep(ctx)
      // Before anybody arms the clock by it: what is not known yet after a cold start would ring for nothing, again and again.
      ctx.onCommit(() => live.due.set(nextDue({ at: ctx.at, store, live })))
      return ok(undefined)
    })
  }

  #transact<Value>(
    caller: Caller,
    request: Request,
    command: (ctx: CommandContext) => Result<Value>,
  ): Result<Value> & { readonly replayed?: boolean } {
    const { storage, audit, live, store, surroundings } = this.#parts
    const at = surroundings.now()
    const effects: Effect[] = []
    const changes: (() => void)[] = []
    const head = audit.head
    let replayed = false
    let kept = false
    const ctx: CommandContext = {
      at,
      tenant: this.#parts.tenant,
      caller,
      request_id: request.request_id,
      minted: request.minted,
      visit: request.visit,
      stored_result: request.stored_result,
      store,
      live,
      key: this.#parts.key,
      random: surroundings.random,
      randomText: surroundings.randomText,
      sha256: sha256Hex,
      record: (note) => audit.append(note, caller, at).seq,
      after: (effect) => void effects.push(effect),
      onCommit: (change) => void changes.push(change),
      keep: () => {
        kept = true
      },
      allowedHosts: this.#parts.allowedHosts,
      replayed: () => {
        replayed = true
      },
    }
    let result: Result<Value> | undefined
    try {
      storage.transactionSync(() => {
        result = command(ctx)
        if (!result.ok && !kept) throw new RolledBack()
      })
    } catch (error) {
      audit.rewind(head)
      store.workers.forget()
      store.jobs.forget()
      store.pools.forget()
      store.credentials.forget()
      store.sessions.forget()
      store.meta.forget()
      store.reviews.forget()
      store.webhooks.forget()
      if (!(error instanceof RolledBack) || result === undefined) throw error
      return result
    }
    if (result === undefined) throw new Error('A command returned nothing')
    for (const change of changes) change()
    this.#parts.react(effects, at)
    return replayed ? { ...result, replayed } : result
  }
}
