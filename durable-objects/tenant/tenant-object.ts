/**
 * Responsible for exposing one tenant: RPC for commands, fetch for WebSockets, alarms. It connects the parts and contains no rules; see
 * ARCHITECTURE.md, "The tenant object in five parts".
 */
import { DurableObject } from 'cloudflare:workers'
import { closeCodes, operations, problems } from '@modelreins/contract'
import type { Failure, Parsed, Scope, TenantOperationId } from '@modelreins/contract'
import { parseSigningKeys } from '../../src/domain/access/signing-keys.ts'
import { parseAllowedHosts } from '../../src/domain/outbound.ts'
import { fail, ok } from '../../src/domain/result.ts'
import type { Result } from '../../src/domain/result.ts'
import { isWorthTouching } from '../../src/domain/session/session.ts'
import type { JobEnd, JobEndGate } from '../job-stream/gate.ts'
import { followEvents } from './events/connect.ts'
import { keepArtifact, locateArtifact, releaseArtifact, reserveArtifact } from './artifacts/commands.ts'
import { AlarmClock } from './kernel/alarm-clock.ts'
import type { AnsweredInJson, Authorized, CallCredential, ResultPlace, TenantAnswer, TenantCall, TenantGate, TenantReply } from './call.ts'
import { clockAndRandom } from './kernel/clock.ts'
import { isoTime, systemCaller } from './kernel/context.ts'
import type { Caller, CommandContext, Store } from './kernel/context.ts'
import { openStores } from './kernel/open-stores.ts'
import { Rollback } from './kernel/rollback.ts'
import type { Room } from './kernel/room.ts'
import { afterStoring, SharedCommit } from './kernel/shared-commit.ts'
import { hmacBytes } from './kernel/sha256.ts'
import { startTenant } from './kernel/tenant.ts'
import type { RunningTenant } from './kernel/tenant.ts'
import { authenticate, mayCall, tokenSince } from './members/authenticate.ts'
import { addMember } from './members/commands.ts'
import { masterCaller, setSuspended } from './members/suspension.ts'
import { inHandOf } from './queue/workforce/acting-worker.ts'
import { mayWriteOutput, noteStreamed, watchJob } from './queue/commands/jobs.ts'
import { endOf, resultPlace } from './queue/job-view.ts'
import { rooms } from './rooms.ts'
import { admitNote } from './work/note.ts'
import { addressSubject, countFailure } from './sessions/sign-in.ts'

const refused = fail('unauthorized', 'The token is not valid: unknown, expired, rotated or revoked.')

/** A failure of `fetch`, which cannot return a result; the edge makes a problem document of it. */
const refusal = ({ failure }: { readonly failure: Failure }): Response =>
  Response.json(failure, { status: problems[failure.code].status, headers: { 'x-modelreins-failure': failure.code } })

/** Operations that end somebody's rights: they answer only after open streams have been told, so that the caller can rely on it. */
const endsRights: ReadonlySet<string> = new Set(['members.revoke', 'members.rotate', 'sessions.end', 'sessions.end_many'])

/** Serializes the value when the caller asked for JSON; such a caller reads only `json`, which the declared type does not have. */
function asAsked<Id extends TenantOperationId>(call: TenantCall<Id>, answer: TenantAnswer<Id>): TenantAnswer<Id> {
  if (call.as_json !== true || !answer.ok) return answer
  const { value, ...more } = answer
  const told: AnsweredInJson = { ...more, json: JSON.stringify(value) }
  return told as unknown as TenantAnswer<Id>
}

/** The room of each operation, by operation id. */
const roomOf: ReadonlyMap<string, Room> = new Map(
  rooms.flatMap((room) => Object.keys(room.commands ?? {}).map((operation): [string, Room] => [operation, room])),
)

const { now } = clockAndRandom

export class TenantObject extends DurableObject<Env> implements TenantGate {
  readonly #rollback = new Rollback()
  readonly #commits = new SharedCommit(afterStoring(this.ctx.storage, clockAndRandom.setTimer))
  #store!: Store
  #clock!: AlarmClock
  /** Undefined until the tenant is provisioned: before that, the object answers 401 and writes nothing. */
  #running: RunningTenant | undefined

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    void state.blockConcurrencyWhile(async () => {
      this.#store = await openStores(state.storage, rooms, this.#rollback.forget)
      this.#clock = new AlarmClock(state.storage, { now, set: clockAndRandom.setTimer }, await state.storage.getAlarm(), () =>
        this.#running?.alarmHandler.wakeUp(),
      )
      const identity = this.#store.identity.get()
      if (identity !== undefined) this.#open(identity.tenant, identity.audit_kid)
    })
  }

  #open(tenant: string, auditKid: string): RunningTenant {
    const keys = parseSigningKeys(this.env.MODELREINS_SECRET, hmacBytes)
    if ('reason' in keys) throw new Error(keys.reason)
    const auditKey = keys.find((key) => key.id === auditKid)
    if (auditKey === undefined) throw new Error(`MODELREINS_SECRET no longer has the key ${auditKid} of this tenant's audit trail`)
    this.#running = startTenant({
      ...clockAndRandom,
      tenant,
      keys,
      auditKey,
      env: this.env,
      state: this.ctx,
      rooms,
      store: this.#store,
      rollback: this.#rollback,
      clock: this.#clock,
      allowedHosts: parseAllowedHosts(this.env.MODELREINS_ALLOW_HOSTS),
    })
    return this.#running
  }

  override async alarm(): Promise<void> {
    this.#clock.rang()
    await this.#running?.alarmHandler.alarm()
  }

  #authorized(credential: CallCredential, scope: Scope): Result<{ readonly running: RunningTenant; readonly caller: Caller }> {
    const running = this.#running
    if (running === undefined) return refused
    const at = now()
    const caller = authenticate(this.#store, credential, at)
    if (!caller.ok) return caller
    this.#noteUse(running, caller.value, at)
    if (!mayCall(caller.value, scope)) return fail('forbidden', `${caller.value.actor.name} may not do this: it takes ${scope}.`)
    return ok({ running, caller: caller.value })
  }

  /** Using a session extends it. The last use is written only occasionally, because each write costs a row. */
  #noteUse({ executor }: RunningTenant, caller: Caller, at: number): void {
    const id = caller.kind === 'member' ? caller.session : undefined
    const session = id === undefined ? undefined : this.#store.sessions.find(id)
    if (session === undefined || !isWorthTouching(session, at)) return
    executor.runBatch(systemCaller, (ctx) => (ctx.store.sessions.touch(session.session_id, ctx.at), []))
  }

  async noteFailedSignIn(request: Parameters<TenantGate['noteFailedSignIn']>[0]): Promise<void> {
    this.#running?.executor.runBatch(systemCaller, (ctx) => (countFailure(ctx, addressSubject(request.address)), []))
  }

  async perform<Id extends TenantOperationId>(call: TenantCall<Id>): Promise<TenantAnswer<Id>> {
    const turn = operations[call.operation].method === 'GET' ? undefined : this.#commits.turn()
    // Wait before authenticating: a caller that is revoked during the wait is refused.
    if (turn !== undefined) await turn
    const authorized = this.#authorized(call.credential, operations[call.operation].scope)
    if (!authorized.ok) return authorized
    const { running, caller } = authorized.value
    const { host, executor } = running
    const room = roomOf.get(call.operation)
    // The operations table ties input and output to each operation; the compiler cannot follow that through the list of rooms.
    const command = room?.commands?.[call.operation] as ((ctx: CommandContext, input: unknown) => Result<TenantReply<Id>>) | undefined
    if (command === undefined) return fail('not-found', `There is no operation ${call.operation}.`)
    const runAs = (who: Caller): TenantAnswer<Id> =>
      this.#withKillswitch(
        who,
        executor.run(who, call, (ctx) => command(ctx, call.input)),
      )
    const first = runAs(caller)
    if (endsRights.has(call.operation)) await host.live.streamTrust.told()
    const waiting = first.ok ? room?.waits?.[call.operation]?.(host, caller, call.input, first.value) : undefined
    if (waiting === undefined) return asAsked(call, first)
    const afterwards = await waiting
    // Authenticate again: a caller revoked during the wait gets nothing (I14), and other changes to the caller (paused, resumed) apply.
    const still = this.#authorized(call.credential, operations[call.operation].scope)
    const answer = still.ok ? runAs(still.value.caller) : still
    afterwards?.()
    return asAsked(call, answer)
  }

  /** Every answer to a worker carries the state of the killswitch. */
  #withKillswitch<Id extends TenantOperationId>(caller: Caller, answer: TenantAnswer<Id>): TenantAnswer<Id> {
    if (!('worker' in caller)) return answer
    const { level, generation } = this.#store.killswitch.state()
    return { ...answer, killswitch: { level, generation } }
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
    const { running, caller } = authorized.value
    const watched = running.executor.run(caller, request, (ctx) => watchJob(ctx, request.job_id))
    if (watched.ok && 'credential' in request.credential)
      running.host.live.watches.note(request.job_id, caller.actor.id, request.credential.credential)
    return watched
  }

  async keptJobs(request: Parameters<TenantGate['keptJobs']>[0]): ReturnType<TenantGate['keptJobs']> {
    const authorized = this.#authorized(request.credential, 'jobs.read')
    if (!authorized.ok) return authorized
    const { jobs, erased, erasures } = this.#store
    const isOfDeleted = (id: number, at: number): boolean => {
      const thread = request.threads?.[at]
      return thread != null && erasures.covers(thread, id)
    }
    return ok(request.ids.filter((id, at) => jobs.get(id) !== undefined || erased.get(id) !== undefined || isOfDeleted(id, at)))
  }

  async noteWork(request: Parameters<TenantGate['noteWork']>[0]): ReturnType<TenantGate['noteWork']> {
    const authorized = this.#authorized(request.credential, 'jobs.take')
    if (!authorized.ok) return authorized
    return authorized.value.running.executor.run(authorized.value.caller, request, (ctx) => admitNote(ctx, request))
  }

  async noteStream(request: Parameters<TenantGate['noteStream']>[0]): Promise<void> {
    this.#running?.executor.runBatch(systemCaller, (ctx) => (noteStreamed(ctx, request), []))
  }

  /** Called by a job's stream object before it accepts output of an attempt, so that an attempt that lost its rights is refused there. */
  async mayWrite(request: Parameters<JobEndGate['mayWrite']>[0]): ReturnType<JobEndGate['mayWrite']> {
    if (this.#running === undefined || this.#store.identity.get()?.suspended === true) return refused
    return this.#running.executor.run(systemCaller, { request_id: 'internal' }, (ctx) =>
      mayWriteOutput(ctx, request, (workerId) => tokenSince(ctx.store, workerId)),
    )
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
    return this.#uploading(request, request.place.job_id, (ctx) => reserveArtifact(ctx, request))
  }

  async keepArtifact(request: Parameters<TenantGate['keepArtifact']>[0]): ReturnType<TenantGate['keepArtifact']> {
    return this.#uploading(request, request.upload.job_id, (ctx) => keepArtifact(ctx, request.slug, request.upload))
  }

  async releaseArtifact(request: Parameters<TenantGate['releaseArtifact']>[0]): ReturnType<TenantGate['releaseArtifact']> {
    return this.#uploading(request, 'own', (ctx) => releaseArtifact(ctx, request.slug))
  }

  /**
   * A person may add files to the job that they hold even when their role lacks `artifacts.write`. `of`: the job's number; `own`: the call
   * concerns an artifact that the caller reserved.
   */
  #mayUpload(
    credential: CallCredential,
    of: number | 'own' | undefined,
  ): Result<{ readonly running: RunningTenant; readonly caller: Caller }> {
    const byRole = this.#authorized(credential, 'artifacts.write')
    if (byRole.ok || of === undefined) return byRole
    const asPerson = this.#authorized(credential, 'jobs.take')
    if (!asPerson.ok) return byRole
    const job = of === 'own' ? undefined : this.#store.jobs.get(of)
    const inHand = job !== undefined && inHandOf({ caller: asPerson.value.caller, store: this.#store }, job) !== undefined
    return of === 'own' || inHand ? asPerson : byRole
  }

  #uploading<Value>(
    request: { readonly credential: CallCredential; readonly request_id: string },
    of: number | 'own' | undefined,
    command: (ctx: CommandContext) => Result<Value>,
  ): Result<Value> {
    const authorized = this.#mayUpload(request.credential, of)
    return authorized.ok ? authorized.value.running.executor.run(authorized.value.caller, request, command) : authorized
  }

  async locateArtifact(request: Parameters<TenantGate['locateArtifact']>[0]): ReturnType<TenantGate['locateArtifact']> {
    // Without a token, or with a lease, `locateArtifact` decides by the artifact itself.
    const { kind } = request.credential
    const authorized = this.#authorized(
      request.credential,
      kind === 'none' ? 'public' : kind === 'lease' ? 'artifacts.write' : 'artifacts.read',
    )
    if (!authorized.ok) return authorized
    const reading = { at: now(), caller: authorized.value.caller, store: this.#store }
    return locateArtifact(reading, request.slug, this.#store.identity.get()?.suspended === true)
  }

  /** Called by a job's stream object that was silent for a while: if the message of the job's end was lost, its viewers would wait forever. */
  async jobEnd(request: { readonly job_id: number }): Promise<JobEnd | null> {
    return endOf(this.#store.jobs.get(request.job_id))
  }

  async auditStatus(request: Parameters<TenantGate['auditStatus']>[0]): ReturnType<TenantGate['auditStatus']> {
    const authorized = this.#authorized(request.credential, 'audit.read')
    return authorized.ok ? ok(await authorized.value.running.host.live.auditGate.status(request.sign)) : authorized
  }

  async auditGauges(request: Parameters<TenantGate['auditGauges']>[0]): ReturnType<TenantGate['auditGauges']> {
    const authorized = this.#authorized(request.credential, 'workers.read')
    return authorized.ok ? ok(authorized.value.running.host.live.auditGate.gauges()) : authorized
  }

  async sealExport(request: Parameters<TenantGate['sealExport']>[0]): ReturnType<TenantGate['sealExport']> {
    const authorized = this.#authorized(request.credential, 'audit.read')
    return authorized.ok ? ok(authorized.value.running.host.live.auditGate.seal(request.seal)) : authorized
  }

  async provision(request: Parameters<TenantGate['provision']>[0]): ReturnType<TenantGate['provision']> {
    if (this.#store.identity.get() !== undefined) return fail('name-taken', `The tenant ${request.tenant} exists.`)
    const keys = parseSigningKeys(this.env.MODELREINS_SECRET, hmacBytes)
    if ('reason' in keys) return fail('unavailable', keys.reason)
    const at = now()
    const audit_kid = keys[0].id
    const running = this.#open(request.tenant, audit_kid)
    const made = running.executor.run(masterCaller, request, (ctx) => {
      ctx.store.identity.set({ tenant: request.tenant, name: request.name, created_at: ctx.at, suspended: false, audit_kid })
      if (request.require_capability !== undefined) ctx.store.settings.setRequireCapability(request.require_capability)
      ctx.record({ action: 'tenant.create', subject: `tenant:${request.tenant}`, summary: request.name })
      return ok(addMember(ctx, request.owner_name, 'owner'))
    })
    return made.ok ? ok({ member_id: made.value.member.member_id, created_at: isoTime(at), expires_at: made.value.expires_at }) : made
  }

  async setSuspended(request: { readonly suspended: boolean; readonly request_id: string }): ReturnType<TenantGate['setSuspended']> {
    const running = this.#running
    if (running === undefined) return fail('not-found', 'There is no such tenant.')
    const { live } = running.host
    const changed = running.executor.run(masterCaller, request, (ctx) => setSuspended(ctx, request.suspended))
    if (request.suspended) {
      live.workerSockets.disconnectAll(closeCodes.revoked, 'The tenant is suspended.')
      await live.streamTrust.told()
    }
    return changed
  }

  /**
   * Opens WebSockets for workers and for followers of events. The edge has checked the token's MAC; only the edge can reach this method, so
   * the headers that identify the caller can be trusted.
   */
  override async fetch(request: Request): Promise<Response> {
    const credential = JSON.parse(request.headers.get('x-modelreins-credential') ?? '{"kind":"none"}') as CallCredential
    const asked = request.headers.get('x-modelreins-feed')
    const authorized = this.#authorized(credential, asked === null ? 'work' : 'self')
    if (!authorized.ok) return refusal(authorized)
    const { caller, running } = authorized.value
    if (asked !== null) {
      const opened = followEvents(running.host, caller, credential, JSON.parse(asked) as Parsed<'events.follow'>)
      return opened.ok ? new Response(null, { status: 101, webSocket: opened.value }) : refusal(opened)
    }
    if (caller.kind !== 'worker' || credential.kind !== 'worker')
      return refusal(fail('forbidden', 'The socket is for workers with a token of their own.'))
    return running.host.live.workerSockets.accept(caller.worker, credential.credential, now())
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    if (this.#running?.host.live.feed.has(socket) === true) return
    this.#running?.host.live.workerSockets.message(socket, data)
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    const live = this.#running?.host.live
    if (live?.feed.has(socket) === true) live.feed.left(socket)
    else live?.workerSockets.left(socket)
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    const live = this.#running?.host.live
    if (live?.feed.has(socket) === true) live.feed.left(socket)
    else live?.workerSockets.closed(socket)
  }
}
