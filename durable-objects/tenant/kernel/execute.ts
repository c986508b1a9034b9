/**
 * Responsible for running commands: it reads the clock once, runs one synchronous transaction, then changes memory, then performs effects.
 * Nothing awaits inside, so commands of a tenant run strictly one after the other.
 */
import { limits, operations } from '@modelreins/contract'
import type { TenantOperationId } from '@modelreins/contract'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isStorageFull, storageFull } from '../../../src/domain/storage-failure.ts'
import type { Minted, Visit } from './credential.ts'
import { systemCaller } from './context.ts'
import type { Caller, CommandContext, Effect } from './context.ts'
import { nextDue, runDuties } from './duties.ts'
import type { Host } from './host.ts'
import type { Rollback } from './rollback.ts'

export interface Request {
  readonly request_id: string
  readonly minted?: Minted | undefined
  readonly visit?: Visit | undefined
  readonly stored_result?: string | undefined
  readonly operation?: TenantOperationId
}

class RolledBack extends Error {}

/** The request of commands that the object runs by itself. */
export const internalRequest: Request = { request_id: 'internal' }

const rowsRate = { most: limits.worker_rows_per_minute, per_ms: 60_000 }

/**
 * The key under which the caller's audit rows are rate-limited; undefined without a limit. Only workers are limited. Reads are exempt, and so
 * are claims (except `claims.authorize`), because the server decides how many jobs a worker gets.
 */
function spenderOf(caller: Caller, request: Request): string | undefined {
  if (!('worker' in caller)) return undefined
  const { operation } = request
  const given = operation !== undefined && operation.startsWith('claims.') && operation !== 'claims.authorize'
  const reads = operation !== undefined && operations[operation].method === 'GET'
  return given || reads ? undefined : `rows/${caller.worker.worker_id}`
}

export class Executor {
  readonly #host: Host
  readonly #rollback: Rollback
  /** Count of the audit rows that commands have appended. */
  #rows = 0
  readonly #committed: (effects: readonly Effect[]) => void

  /** `committed` is called after each commit. */
  constructor(host: Host, rollback: Rollback, committed: (effects: readonly Effect[]) => void) {
    this.#host = host
    this.#rollback = rollback
    this.#committed = committed
  }

  /** Runs one command in a transaction. A failure rolls back only what this command wrote, unless it called `keep`. */
  run<Value>(
    caller: Caller,
    request: Request,
    command: (ctx: CommandContext) => Result<Value>,
  ): Result<Value> & { readonly replayed?: boolean } {
    this.catchUp()
    const spender = spenderOf(caller, request)
    if (spender === undefined) return this.#transact(caller, request, command)
    const { live, now } = this.#host
    const wait = live.rates.wait(spender, now(), rowsRate)
    if (wait > 0) {
      const detail = `${caller.actor.name} has written ${rowsRate.most} rows of the audit trail within a minute.`
      return fail('rate-limited', detail, { retry_after_ms: wait })
    }
    const before = this.#rows
    const done = this.#transact(caller, request, command)
    if (this.#rows > before) live.rates.note(spender, now(), rowsRate, this.#rows - before)
    return done
  }

  /** Runs several commands in one transaction. Each checks before it writes, so a command that fails has written nothing to roll back. */
  runBatch<Value>(caller: Caller, commands: (ctx: CommandContext) => readonly Value[]): readonly Value[] {
    this.catchUp()
    const done = this.#transact(caller, internalRequest, (ctx) => ok(commands(ctx)))
    return done.ok ? done.value : []
  }

  /** Runs what has become due, in a separate transaction. Cheap when nothing is due. */
  catchUp(): void {
    const { live, now, ticks, rooms } = this.#host
    const jump = live.jumps.note(now(), ticks(), live.due.at)
    if (jump !== undefined) {
      this.#transact(systemCaller, internalRequest, (ctx) => {
        for (const room of rooms) room.onJump?.(ctx, jump)
        return ok(undefined)
      })
    }
    if (now() < live.due.at) return
    this.#transact(systemCaller, internalRequest, (ctx) => {
      runDuties(ctx)
      // Set the bound before anything arms the clock with it: the bound from a cold start lies in the past and would fire the alarm repeatedly.
      ctx.onCommit(() => live.due.set(nextDue(ctx)))
      return ok(undefined)
    })
  }

  #transact<Value>(
    caller: Caller,
    request: Request,
    command: (ctx: CommandContext) => Result<Value>,
  ): Result<Value> & { readonly replayed?: boolean } {
    const { state, live, random, allowedHosts } = this.#host
    const reading = this.#host.read()
    const { at } = reading
    const effects: Effect[] = []
    const changes: (() => void)[] = []
    let replayed = false
    let kept = false
    let discarded = false
    const ctx: CommandContext = {
      ...reading,
      caller,
      request_id: request.request_id,
      minted: request.minted,
      visit: request.visit,
      stored_result: request.stored_result,
      random,
      record: (note) => {
        this.#rows += 1
        return live.trail.append(note, caller, at)
      },
      after: (effect) => void effects.push(effect),
      onCommit: (change) => void changes.push(change),
      keep: () => {
        kept = true
      },
      discard: () => {
        discarded = true
      },
      allowedHosts,
      replayed: () => {
        replayed = true
      },
    }
    let result: Result<Value> | undefined
    this.#rollback.begin()
    try {
      state.storage.transactionSync(() => {
        result = command(ctx)
        if (discarded || (!result.ok && !kept)) throw new RolledBack()
        live.trail.write()
      })
    } catch (error) {
      this.#rollback.undo()
      if (isStorageFull(error)) return storageFull()
      if (!(error instanceof RolledBack) || result === undefined) throw error
      return result
    }
    this.#rollback.commit()
    if (result === undefined) throw new Error('A command returned nothing')
    for (const change of changes) change()
    this.#committed(effects)
    return replayed ? { ...result, replayed } : result
  }
}
