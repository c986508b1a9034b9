/**
 * Responsible for exposing one tenant: RPC for commands, fetch for the worker socket, alarms. It wires the parts and decides
 * nothing; see ARCHITECTURE.md, "The tenant object in five parts".
 */
import { createHmac } from 'node:crypto'
import { DurableObject } from 'cloudflare:workers'
import { closeCodes, operations } from '@modelreins/contract'
import type { Scope, TenantOperationId } from '@modelreins/contract'
import { auditMacKey } from '../../src/domain/audit/audit-keys.ts'
import { parseAllowedHosts } from '../../src/domain/outbound.ts'
import { fail, ok } from '../../src/domain/result.ts'
import type { Result } from '../../src/domain/result.ts'
import { Rates } from '../../src/domain/access/rates.ts'
import { parseSigningKeys } from '../../src/domain/access/signing-keys.ts'
import type { SigningKeys } from '../../src/domain/access/signing-keys.ts'
import type { JobEnd, JobEndGate } from '../job-stream/gate.ts'
import { AlarmClock } from './kernel/alarm-clock.ts'
import { ArtifactEraser } from './artifacts/artifact-eraser.ts'
import { bringBeforeHuman } from './reviews/missing-reviews.ts'
import { AuditWriter, sha256Hex } from './audit/audit-writer.ts'
import { authenticate, mayCall } from './members/authenticate.ts'
import type { Authorized, CallCredential, ResultPlace, TenantAnswer, TenantCall, TenantGate, TenantReply } from './kernel/call.ts'
import { setTimer, surroundings } from './kernel/clock.ts'
import { tenantCommands } from './commands.ts'
import { keepArtifact, locateArtifact, releaseArtifact, reserveArtifact } from './artifacts/commands.ts'
import { mayWriteOutput, noteStreamed, watchJob } from './queue/commands/jobs.ts'
import { endOf, resultPlace } from './queue/job-view.ts'
import { masterCaller, setSuspended } from './members/suspension.ts'
import { addMember } from './members/commands.ts'
import { disableWebhook } from './webhooks/commands.ts'
import { Connections } from './connections/sockets.ts'
import type { Caller, CommandContext, Live } from './kernel/context.ts'
import { isWorthTouching } from '../../src/domain/session/session.ts'
import { addressSubject, countFailure } from './sessions/sign-in.ts'
import { isoTime, systemCaller } from './kernel/context.ts'
import { Effects } from './kernel/effects.ts'
import { Executor } from './kernel/execute.ts'
import { heldFor, undecided, waiterOf } from './connections/held-poll.ts'
import { AuditGate } from './audit/heads-gate.ts'
import { DueClock } from './kernel/due-clock.ts'
import { WatchBook } from './connections/watch-book.ts'
import { LeaseBook } from './queue/lease-book.ts'
import { PresenceBook } from './workers/presence-book.ts'
import { SocketBook } from './connections/socket-book.ts'
import { OutboxShipper } from './audit/outbox-shipper.ts'
import type { Store } from './kernel/open-store.ts'
import { openStore } from './kernel/open-store.ts'
import { takeStock, Upkeep } from './kernel/upkeep.ts'
import { Topic, Waiters } from './connections/waiters.ts'
import { WebhookSender } from './webhooks/webhook-sender.ts'

/** Everything that exists once the tenant is known: an object that was never provisioned answers 401 and writes nothing. */
interface Parts {
  readonly tenant: string
  readonly executor: Executor
  readonly effects: Effects
  readonly connections: Connections
  readonly upkeep: Upkeep
  readonly audit: AuditGate
  readonly keys: SigningKeys
}

const refused = fail('unauthorized', 'The token is not in force.')

/** Whoever is answered these may rely on it: open streams have been told. */
const endsRights: ReadonlySet<string> = new Set(['members.revoke', 'members.rotate', 'sessions.end', 'sessions.end_many'])

const hmac = (secret: string, text: string): Uint8Array => createHmac('sha256', secret).update(text).digest()

export class TenantObject extends DurableObject<Env> implements TenantGate {
  #store!: Store
  #clock!: AlarmClock
  readonly #live: Live
  readonly #waiters = new Waiters(setTimer)
  readonly #reviews = new Topic(setTimer)
  #parts: Parts | undefined

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.#live = {
      since: surroundings.now(),
      presence: new PresenceBook(),
      leases: new LeaseBook(),
      sockets: new SocketBook(state),
      occupied: new Set(),
      due: new DueClock(),
      watches: new WatchBook(),
      rates: new Rates(),
    }
    void state.blockConcurrencyWhile(async () => {
      this.#store = await openStore(state.storage)
      this.#clock = new AlarmClock(state.storage, { now: surroundings.now, set: setTimer }, await state.storage.getAlarm(), () =>
        this.#parts?.upkeep.wakeUp(),
      )
      const identity = this.#store.meta.identity()
      if (identity !== undefined) this.#open(identity.tenant, identity.audit_kid)
    })
  }

  /** Wires the parts, and takes stock after a cold start. */
  #open(tenant: string, auditKid: string): Parts {
    const keys = parseSigningKeys(this.env.MODELREINS_SECRET, hmac)
    if ('reason' in keys) throw new Error(keys.reason)
    const auditKey = keys.find((key) => key.id === auditKid)
    if (auditKey === undefined) throw new Error(`MODELREINS_SECRET no longer has the key ${auditKid} of this tenant's audit trail`)
    const store = this.#store
    const live = this.#live
    const waitUntil = (promise: Promise<unknown>): void => this.ctx.waitUntil(promise)
    const failed = (what: string, error: unknown): void =>
      console.warn(JSON.stringify({ event: what, tenant, error: error instanceof Error ? error.message : String(error) }))
    const archive = this.env.ARCHIVE
    const audit = new AuditWriter(store.audit, auditMacKey(auditKey, tenant))
    const allowedHosts = parseAllowedHosts(this.env.MODELREINS_ALLOW_HOSTS)
    const executor: Executor = new Executor({
      storage: this.ctx.storage,
      store,
      live,
      audit,
      tenant,
      key: keys[0],
      allowedHosts,
      surroundings,
      react: (reactions, at) => {
        effects.perform(reactions, at)
        upkeep.committed()
      },
    })
    const connections = new Connections({ state: this.ctx, store, live, keys, executor })
    const effects = new Effects({
      choosing: (at) => ({ at, tenant, store, live, key: keys[0], randomText: surroundings.randomText, sha256: sha256Hex }),
      ask: (found) => void executor.runBatch(systemCaller, (ctx) => (bringBeforeHuman(ctx, found), [])),
      deliver: () => sender.tend(),
      erase: (slugs) => eraser.tend(slugs),
      connections,
      waiters: this.#waiters,
      reviews: this.#reviews,
      streams: this.env.JOB_STREAM,
      tenant,
      waitUntil,
      failed,
    })
    const shipper = new OutboxShipper({
      database: this.env.REGISTRY,
      tenant,
      seeing: () => ({ at: surroundings.now(), store, live }),
      setTimer,
      waitUntil,
      failed: (reason) => failed('outbox.ship', reason),
    })
    const gate = new AuditGate({
      tenant,
      signingKey: auditKey,
      store,
      audit,
      shipper,
      archive,
      now: surroundings.now,
      waitUntil,
      rearm: () => upkeep.arm(),
      failed: (reason) => failed('audit.head', reason),
    })
    const sender = new WebhookSender({
      tenant,
      store,
      keys,
      allowedHosts,
      now: surroundings.now,
      random: surroundings.random,
      fetch: (url, init) => fetch(url, init),
      waitUntil,
      disable: (hook) => void executor.runBatch(systemCaller, (ctx) => (disableWebhook(ctx, hook), [])),
      rearm: () => upkeep.arm(),
    })
    const eraser = new ArtifactEraser({
      tenant,
      archive,
      store,
      now: surroundings.now,
      waitUntil,
      failed: (reason) => failed('artifact.erase', reason),
    })
    const upkeep = new Upkeep({ clock: this.#clock, store, live, now: surroundings.now, executor, audit, shipper, gate, sender })
    takeStock(store, live, surroundings.now())
    this.#parts = { tenant, executor, effects, connections, upkeep, audit: gate, keys }
    return this.#parts
  }

  override async alarm(): Promise<void> {
    this.#clock.rang()
    await this.#parts?.upkeep.alarm()
  }

  #authorized(credential: CallCredential, scope: Scope): Result<{ readonly parts: Parts; readonly caller: Caller }> {
    const parts = this.#parts
    if (parts === undefined) return refused
    const at = surroundings.now()
    const caller = authenticate(this.#store, credential, at)
    if (!caller.ok) return caller
    this.#noteUse(parts, caller.value, at)
    if (!mayCall(caller.value, scope)) return fail('forbidden', `${caller.value.actor.name} may not do this: it takes ${scope}.`)
    return ok({ parts, caller: caller.value })
  }

  /** A session that is used stays: its last use is written now and then. */
  #noteUse(parts: Parts, caller: Caller, at: number): void {
    const id = caller.kind === 'member' ? caller.session : undefined
    const session = id === undefined ? undefined : this.#store.sessions.find(id)
    if (session === undefined || !isWorthTouching(session, at)) return
    parts.executor.runBatch(systemCaller, (ctx) => (ctx.store.sessions.touch(session.session_id, ctx.at), []))
  }

  async noteFailedSignIn(request: Parameters<TenantGate['noteFailedSignIn']>[0]): Promise<void> {
    this.#parts?.executor.runBatch(systemCaller, (ctx) => (countFailure(ctx, addressSubject(request.address)), []))
  }

  async perform<Id extends TenantOperationId>(call: TenantCall<Id>): Promise<TenantAnswer<Id>> {
    const authorized = this.#authorized(call.credential, operations[call.operation].scope)
    if (!authorized.ok) return authorized
    const { parts, caller } = authorized.value
    const command = tenantCommands[call.operation] as unknown as (ctx: CommandContext, input: unknown) => Result<TenantReply<Id>>
    const runAs = (who: Caller): TenantAnswer<Id> =>
      this.#reined(
        who,
        parts.executor.run(who, call, (ctx) => command(ctx, call.input)),
      )
    const first = runAs(caller)
    if (endsRights.has(call.operation)) await parts.effects.told()
    const waiting = heldFor(call.operation, call.input, first)
    if (waiting === 0) return first
    const review = undecided(call.operation, first)
    const worker = review === undefined ? waiterOf(this.#store, caller, call.input) : undefined
    let woken = false
    if (review !== undefined) await this.#reviews.wait(review, waiting * 1000)
    else if (worker !== undefined) woken = await this.#waiters.wait(worker, waiting * 1000)
    else return first
    // Who was revoked while waiting gets nothing (I14); who was paused, resumed or changed is what he is now.
    const still = this.#authorized(call.credential, operations[call.operation].scope)
    const answer = still.ok ? runAs(still.value.caller) : still
    if (woken) parts.effects.rouse(surroundings.now())
    return answer
  }

  /** Whoever works for the tenant learns of the killswitch whatever it asks. */
  #reined<Id extends TenantOperationId>(caller: Caller, answer: TenantAnswer<Id>): TenantAnswer<Id> {
    if (!('worker' in caller)) return answer
    const { level, generation } = this.#store.meta.killswitch()
    return { ...answer, reins: { level, generation } }
  }

  async authorize(request: { readonly credential: CallCredential; readonly scope: Scope }): Promise<Result<Authorized>> {
    const authorized = this.#authorized(request.credential, request.scope)
    if (!authorized.ok) return authorized
    const { caller } = authorized.value
    if (caller.kind !== 'member' && caller.kind !== 'worker') return refused
    return ok({ kind: caller.kind, id: caller.actor.id, name: caller.actor.name })
  }

  async watch(request: Parameters<TenantGate['watch']>[0]): ReturnType<TenantGate['watch']> {
    const authorized = this.#authorized(request.credential, 'jobs.read')
    if (!authorized.ok) return authorized
    const { parts, caller } = authorized.value
    const watched = parts.executor.run(caller, request, (ctx) => watchJob(ctx, request.job_id))
    if (watched.ok && 'credential' in request.credential)
      this.#live.watches.note(request.job_id, caller.actor.id, request.credential.credential)
    return watched
  }

  async keptJobs(request: Parameters<TenantGate['keptJobs']>[0]): ReturnType<TenantGate['keptJobs']> {
    const authorized = this.#authorized(request.credential, 'jobs.read')
    return authorized.ok ? ok(request.ids.filter((id) => this.#store.jobs.get(id) !== undefined)) : authorized
  }

  async noteStream(request: Parameters<TenantGate['noteStream']>[0]): Promise<void> {
    this.#parts?.executor.runBatch(systemCaller, (ctx) => (noteStreamed(ctx, request), []))
  }

  /** Asked by a job's stream object before it takes an attempt's words: whoever may not write any more is told so there. */
  async mayWrite(request: Parameters<JobEndGate['mayWrite']>[0]): ReturnType<JobEndGate['mayWrite']> {
    if (this.#parts === undefined || this.#store.meta.identity()?.suspended === true) return refused
    return this.#parts.executor.run(systemCaller, { request_id: 'internal' }, (ctx) => mayWriteOutput(ctx, request))
  }

  async mayWatch({ credential }: Parameters<JobEndGate['mayWatch']>[0]): Promise<boolean> {
    return this.#authorized(credential, 'jobs.read').ok
  }

  async locateResult(request: { readonly credential: CallCredential; readonly job_id: number }): Promise<Result<ResultPlace>> {
    const authorized = this.#authorized(request.credential, 'jobs.read')
    if (!authorized.ok) return authorized
    return resultPlace(this.#store, request.job_id)
  }

  async reserveArtifact(request: Parameters<TenantGate['reserveArtifact']>[0]): ReturnType<TenantGate['reserveArtifact']> {
    return this.#uploading(request, (ctx) => reserveArtifact(ctx, request))
  }

  async keepArtifact(request: Parameters<TenantGate['keepArtifact']>[0]): ReturnType<TenantGate['keepArtifact']> {
    return this.#uploading(request, (ctx) => keepArtifact(ctx, request.slug, request.upload))
  }

  async releaseArtifact(request: Parameters<TenantGate['releaseArtifact']>[0]): ReturnType<TenantGate['releaseArtifact']> {
    return this.#uploading(request, (ctx) => releaseArtifact(ctx, request.slug))
  }

  #uploading<Value>(
    request: { readonly credential: CallCredential; readonly request_id: string },
    command: (ctx: CommandContext) => Result<Value>,
  ): Result<Value> {
    const authorized = this.#authorized(request.credential, 'artifacts.write')
    return authorized.ok ? authorized.value.parts.executor.run(authorized.value.caller, request, command) : authorized
  }

  async locateArtifact(request: Parameters<TenantGate['locateArtifact']>[0]): ReturnType<TenantGate['locateArtifact']> {
    // Without a token, and with a lease, the artifact itself says who may.
    const { kind } = request.credential
    const authorized = this.#authorized(
      request.credential,
      kind === 'none' ? 'public' : kind === 'lease' ? 'artifacts.write' : 'artifacts.read',
    )
    if (!authorized.ok) return authorized
    const reading = { at: surroundings.now(), caller: authorized.value.caller, store: this.#store }
    return locateArtifact(reading, request.slug, this.#store.meta.identity()?.suspended === true)
  }

  /** Asked by a job's stream object whose viewers have heard nothing for a while: a lost close must not leave them hanging. */
  async jobEnd(request: { readonly job_id: number }): Promise<JobEnd | null> {
    return endOf(this.#store.jobs.get(request.job_id))
  }

  async auditStatus(request: Parameters<TenantGate['auditStatus']>[0]): ReturnType<TenantGate['auditStatus']> {
    const authorized = this.#authorized(request.credential, 'audit.read')
    return authorized.ok ? ok(await authorized.value.parts.audit.status(request.sign)) : authorized
  }

  async sealExport(request: Parameters<TenantGate['sealExport']>[0]): ReturnType<TenantGate['sealExport']> {
    const authorized = this.#authorized(request.credential, 'audit.read')
    return authorized.ok ? ok(authorized.value.parts.audit.seal(request.seal)) : authorized
  }

  async provision(request: Parameters<TenantGate['provision']>[0]): ReturnType<TenantGate['provision']> {
    if (this.#store.meta.identity() !== undefined) return fail('name-taken', `The tenant ${request.tenant} exists.`)
    const keys = parseSigningKeys(this.env.MODELREINS_SECRET, hmac)
    if ('reason' in keys) return fail('unavailable', keys.reason)
    const at = surroundings.now()
    const audit_kid = keys[0].id
    const parts = this.#open(request.tenant, audit_kid)
    const made = parts.executor.run(masterCaller, request, (ctx) => {
      ctx.store.meta.setIdentity({ tenant: request.tenant, name: request.name, created_at: ctx.at, suspended: false, audit_kid })
      if (request.require_capability !== undefined) ctx.store.meta.setRequireCapability(request.require_capability)
      ctx.record({ action: 'tenant.create', subject: `tenant:${request.tenant}`, summary: request.name })
      return ok(addMember(ctx, request.owner_name, 'owner'))
    })
    return made.ok ? ok({ member_id: made.value.member.member_id, created_at: isoTime(at), expires_at: made.value.expires_at }) : made
  }

  async setSuspended(request: { readonly suspended: boolean; readonly request_id: string }): ReturnType<TenantGate['setSuspended']> {
    const parts = this.#parts
    if (parts === undefined) return fail('not-found', 'There is no such tenant.')
    const changed = parts.executor.run(masterCaller, request, (ctx) => setSuspended(ctx, request.suspended))
    if (request.suspended) {
      parts.connections.disconnectAll(closeCodes.revoked, 'The tenant is suspended.')
      await parts.effects.told()
    }
    return changed
  }

  /** The worker socket. The edge has checked the MAC; the header says who it is, and comes from the edge alone. */
  override async fetch(request: Request): Promise<Response> {
    const credential = JSON.parse(request.headers.get('x-modelreins-credential') ?? '{"kind":"none"}') as CallCredential
    const authorized = this.#authorized(credential, 'work')
    if (!authorized.ok)
      return Response.json(authorized.failure, { status: 401, headers: { 'x-modelreins-failure': authorized.failure.code } })
    const { caller, parts } = authorized.value
    if (caller.kind !== 'worker' || credential.kind !== 'worker') {
      const refusal = fail('forbidden', 'The socket is for workers with a token of their own.').failure
      return Response.json(refusal, { status: 403, headers: { 'x-modelreins-failure': refusal.code } })
    }
    return parts.connections.accept(caller.worker, credential.credential, surroundings.now())
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    this.#parts?.connections.message(socket, data)
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    this.#parts?.connections.left(socket)
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#parts?.connections.closed(socket)
  }
}
