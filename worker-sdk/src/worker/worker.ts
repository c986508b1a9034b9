/** Responsible for composing a worker from its parts and for its life cycle: start, ready, stop. The parts do the work. */
import { hostname } from 'node:os'
import type { KillswitchBrief, Offer } from '@modelreins/contract'
import { proxyFetch } from '../net/proxy-fetch.ts'
import { Client } from '../client/client.ts'
import { atMost, pause, systemClock, type Clock } from '../client/clock.ts'
import type { ModelReinsError } from '../client/error.ts'
import { version } from '../version.ts'
import { runAttempt, type AttemptPorts } from './job/attempt.ts'
import { configPath, readConfig } from './settings/config-source.ts'
import { Credit } from './link/credit.ts'
import { debugFor } from './debug.ts'
import { Delivery } from './delivery/delivery.ts'
import { Directives } from './presence/directives.ts'
import { Emitter } from './emitter.ts'
import { AttemptStopped, type Executor } from './job/executor.ts'
import { Heartbeat } from './presence/heartbeat.ts'
import { Identity, type SelfReport } from './presence/identity.ts'
import { runConnection } from './link/connection.ts'
import { Intake } from './link/intake.ts'
import { LiveSettings, type AppliedSetting } from './settings/live-settings.ts'
import { applyKillswitch, type KillswitchPorts } from './presence/killswitch.ts'
import { refuseViewUrl, resolveOptions, type Environment, type ResolvedOptions, type WorkerOptions } from './settings/options.ts'
import { OperatorConfig } from './settings/operator-config.ts'
import { fileOutbox, memoryOutbox } from './delivery/outbox.ts'
import { pollForWork } from './link/poll-transport.ts'
import { ProviderChoice } from './settings/provider-choice.ts'
import { canStartAhead, StartedAhead } from './job/started-ahead.ts'
import { refuseToRun } from './job/provider-executor.ts'
import { Redactor } from './delivery/redactor.ts'
import { LeaseKeeper } from './presence/lease-keeper.ts'
import { ServerClock } from './presence/server-clock.ts'
import { isRefusal, nameTaken, NameTakenRetry, alreadyStarted, stoppedBeforeReady } from './presence/refusals.ts'
import { RepeatFilter } from './repeat-filter.ts'
import { LiveAttempts } from './job/live-attempts.ts'
import { declaredSecrets, environmentSecrets, secretResolver } from './job/secrets.ts'
import { socketThrough, type OpenSocket } from './link/socket.ts'
import { SocketLink, type PushFrame } from './link/socket-link.ts'

export type WorkerState = 'new' | 'starting' | 'ready' | 'stopping' | 'stopped'

export interface StopOptions {
  /** Milliseconds to wait for running jobs before they are handed back. */
  readonly graceMs?: number
}

/** How long a killed child and its handler may take to end, in addition to the time between TERM and KILL. */
const windDownMs = 5_000
/** How long a stopping worker may take to deliver remaining results and to say goodbye. */
const lastWordsMs = 5_000

export class Worker extends Emitter {
  readonly options: ResolvedOptions
  /** A client for every operation of the server, with this worker's token. */
  readonly client: Client
  readonly #clock: Clock
  readonly #env: Environment
  readonly #openSocket: OpenSocket
  readonly #identity: Identity
  readonly #redactor = new Redactor()
  readonly #live: LiveSettings
  readonly #providers: ProviderChoice
  readonly #liveAttempts: LiveAttempts
  readonly #credit: Credit
  readonly #intake: Intake
  readonly #directives: Directives
  readonly #delivery: Delivery
  readonly #heartbeat: Heartbeat
  readonly #leaseKeeper: LeaseKeeper
  readonly #attempts: AttemptPorts
  readonly #obedience: KillswitchPorts
  readonly #connectionAbort = new AbortController()
  readonly #hurry = new AbortController()
  readonly #told: RepeatFilter
  readonly #patience: NameTakenRetry
  readonly #debug
  #state: WorkerState = 'new'
  #link: SocketLink | undefined
  #executor: Executor | undefined
  #greeted = false
  #refusal: ModelReinsError | undefined
  #contact: { resolve: () => void; reject: (error: unknown) => void } = { resolve: () => undefined, reject: () => undefined }
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #connectionDone: Promise<void> = Promise.resolve()

  /** Throws `invalid-request` that names every missing or wrong option and its source. */
  constructor(options: WorkerOptions = {}) {
    super()
    this.#env = options.env ?? process.env
    this.options = resolveOptions(options, this.#env, readConfig(configPath(this.#env)))
    const { url, token, outboxFile } = this.options
    refuseViewUrl(token)
    for (const secret of [token, ...this.options.redact, ...environmentSecrets(this.#env)]) this.#redactor.add(secret)
    this.#debug = (part: string) => debugFor(part, this.#env['DEBUG'], (line) => void process.stderr.write(this.#redactor.redact(line)))
    this.#clock = options.clock ?? systemClock
    this.#told = new RepeatFilter(this.#clock)
    this.#patience = new NameTakenRetry(this.#clock)
    this.#openSocket = options.openSocket ?? socketThrough(this.#env)
    this.#executor = options.executor
    const time = new ServerClock(this.#clock)
    this.#identity = new Identity(this.options, this.#clock, time)
    this.client = new Client({ url, token, clock: this.#clock, fetch: options.fetch ?? proxyFetch(this.#env) })
    this.#live = new LiveSettings(this.options)
    this.#providers = new ProviderChoice(this.options, this.#live, this.#env, (text) => this.#redactor.redact(text))
    const link = (): SocketLink | undefined => (this.#link?.open === true ? this.#link : undefined)
    const onTrouble = (type: string, error: unknown): void => this.#trouble(type, error)
    const onApplied = this.#applied.bind(this)
    const { lockProvider: locked } = this.options
    const operator = new OperatorConfig({ live: this.#live, providers: this.#providers, locked, onApplied, onTrouble })
    const onKillswitch = (brief: KillswitchBrief): void => void applyKillswitch(this.#obedience, brief)
    const [onConfig, onClosedChange] = [operator.apply.bind(operator), () => this.#intake.look()]
    this.#directives = new Directives({ onKillswitch, onConfig, onAbort: (abort) => this.#abort(abort), onClosedChange }, time)
    this.#credit = new Credit({ free: () => this.#liveAttempts.free, closed: () => this.#directives.closed, link })
    this.#liveAttempts = new LiveAttempts(
      this.#live.values.slots,
      () => this.#intake.look(),
      // Providers run in other processes or on servers, so only an executor can block this loop.
      (attempt) => {
        if (!this.#providers.inUse) this.#leaseKeeper.follow(attempt, this.#liveAttempts.waiting)
      },
    )
    this.#intake = new Intake({
      clock: this.#clock,
      slots: this.#liveAttempts,
      credit: this.#credit,
      run: (offer, release) => void runAttempt(this.#attempts, offer, release),
      canStartAhead: (offer) => this.#live.values.place === undefined && canStartAhead(offer),
      startAhead: (offer, onGone) => new StartedAhead(this.#attempts, offer, onGone),
      link,
      debug: this.#debug('attempt'),
    })
    this.#leaseKeeper = new LeaseKeeper({
      clock: this.#clock,
      url: this.client.url,
      token,
      report: () => this.#report(),
      running: () => this.#liveAttempts.running,
      onBlocked: (ms) => onTrouble('blocked', new Error(`a handler blocked the event loop for ${Math.round(ms / 1000)} s (lease kept)`)),
      onTrouble: (error) => onTrouble('pulse', error),
    })
    this.#delivery = new Delivery({
      client: this.client,
      clock: this.#clock,
      outbox: outboxFile === undefined ? memoryOutbox() : fileOutbox(outboxFile),
      liveAttempts: this.#liveAttempts,
      link,
      worker: () => this.#directives.worker,
      onTrouble,
      debug: this.#debug('delivery'),
    })
    this.#heartbeat = new Heartbeat({
      client: this.client,
      clock: this.#clock,
      link,
      report: () => this.#report(),
      pollMs: () => this.#live.values.poll_ms,
      directives: this.#directives,
      liveAttempts: this.#liveAttempts,
      onLost: this.options.onLost,
      onReply: (reply) => this.#acknowledged(() => this.#directives.applyReply(reply)),
      onTrouble: (error) => this.#trouble('heartbeat', error),
      debug: this.#debug('heartbeat'),
    })
    this.#attempts = {
      client: this.client,
      clock: this.#clock,
      time,
      delivery: this.#delivery,
      liveAttempts: this.#liveAttempts,
      redactor: this.#redactor,
      resolveSecret: secretResolver(this.#env, this.#redactor, this.options, () => declaredSecrets(this.#directives.worker)),
      executor: () => this.#executor ?? refuseToRun,
      usesProvider: () => this.#providers.inUse,
      contextBudget: this.options.contextBudget,
      silence: () => this.#providers.silence(),
      onParked: (until) => this.#identity.park(until, () => link()?.send({ type: 'presence', ...this.#report() })),
      emit: this.emit,
      onTrouble,
      onEnded: (ms) => this.#intake.ended(ms),
      onBroken: (error) => this.#broken(error),
      onStopped: (attempt) => link()?.send({ type: 'abort_ack', ...attempt }),
      debug: this.#debug('attempt'),
    }
    this.#obedience = {
      client: this.client,
      link,
      companion: this.#identity.companion,
      onActive: (brief, error) => {
        this.#credit.shut()
        this.emit('killswitch', { reason: brief.reason })
        this.#contact.reject(error)
      },
      stopAll: (why) => this.#liveAttempts.stopAll(why),
      waitUntilIdle: () => this.#liveAttempts.idleWithin(this.#clock, windDownMs),
      stop: () => this.stop({ graceMs: 0 }),
      onTrouble,
    }
  }

  /** The name from the options, else the name that the server knows. */
  get name(): string {
    return this.options.name ?? this.#directives.worker?.name ?? hostname()
  }

  get state(): WorkerState {
    return this.#state
  }

  /** Resolves when the worker is ready for work. Rejects when it cannot become ready: unusable provider, rejected token, killswitch. */
  start(): Promise<void> {
    // A second `start()` during the first returns the same promise. After the end it is an error, which must not look like success.
    if (this.#stopping !== undefined) return Promise.reject(alreadyStarted())
    this.#starting ??= this.#start().catch((error: unknown) => {
      void this.stop({ graceMs: 0 })
      throw error
    })
    return this.#starting
  }

  /** Takes no more work, waits for running jobs, and hands back those that do not end in time. May be called again with a shorter `graceMs`. */
  stop(options: StopOptions = {}): Promise<void> {
    if (this.#stopping !== undefined && options.graceMs !== undefined)
      void pause(this.#clock, options.graceMs).then(() => this.#hurry.abort())
    this.#stopping ??= this.#stop(options.graceMs ?? this.options.graceMs)
    return this.#stopping
  }

  async #start(): Promise<void> {
    this.#state = 'starting'
    this.emit('starting', { name: this.name, url: this.options.url })
    this.#executor ??= await this.#providers.prepare()
    this.#assertNotStopped()
    const contact = new Promise<void>((resolve, reject) => {
      this.#contact = { resolve, reject }
    })
    this.#heartbeat.start()
    this.#connectionDone = this.#openConnection().catch((error: unknown) => this.#broken(error))
    await contact
    this.emit('connected', { name: this.name })
    await this.#delivery.redeliverOnce()
    this.#assertNotStopped()
    this.#state = 'ready'
    this.emit('ready', { name: this.name })
    this.#credit.open()
  }

  #assertNotStopped(): void {
    if (this.#stopping !== undefined) throw this.#refusal ?? stoppedBeforeReady()
  }

  #openConnection(): Promise<void> {
    const poll = {
      client: this.client,
      clock: this.#clock,
      identity: () => ({ instance: this.#identity.instance, ...this.#identity.companion }),
      credit: () => this.#credit.now,
      creditChange: (signal: AbortSignal) => this.#credit.nextChange(signal),
      waitS: () => this.#directives.pollWaitS,
      pollMs: () => this.#live.values.poll_ms,
      onOffer: (offer: Offer) => this.#intake.take(offer),
      onReply: (reply: Parameters<Parameters<typeof pollForWork>[0]['onReply']>[0]) => this.#directives.applyKillswitch(reply.killswitch),
      onTrouble: (error: unknown) => this.#trouble('poll', error),
      debug: this.#debug('poll'),
    }
    return runConnection(
      {
        clock: this.#clock,
        transport: this.#identity.transportFor(this.options.transport),
        connect: () => this.#connect(),
        onLink: (link) => {
          this.#link = link
          this.#intake.forget()
        },
        poll: (signal, done) => pollForWork(poll, signal, done),
        sendHeartbeat: () => this.#heartbeat.beat(),
        onFatal: (error) => this.#fatal(error),
        onTrouble: (type, error) => this.#trouble(type, error),
        debug: this.#debug('connection'),
      },
      this.#connectionAbort.signal,
    )
  }

  #connect(): SocketLink {
    return new SocketLink({
      open: this.#openSocket,
      clock: this.#clock,
      url: this.client.url,
      token: this.options.token,
      hello: () => ({ type: 'hello', version, ...this.#report() }),
      credit: () => this.#intake.room,
      onPush: (frame) => this.#receive(frame),
      onUnread: (why) => this.#trouble('protocol', new Error(why)),
      onProblem: (problem) => this.#trouble('socket', new Error(problem.detail ?? problem.title)),
    })
  }

  #receive(frame: PushFrame): void {
    if (frame.type === 'welcome') {
      this.#acknowledged(() => this.#directives.applyReply(frame))
      this.#credit.changed()
      void this.#delivery.redeliver()
    } else if (frame.type === 'offer') this.#intake.take(frame)
    else if (frame.type === 'abort') this.#abort(frame)
    else if (frame.type === 'killswitch') this.#directives.applyKillswitch(frame.killswitch)
    else if (frame.type === 'config') this.#directives.applyConfigPush(frame)
  }

  /** Called for every reply that shows that the server knows this worker. */
  #acknowledged(apply: () => void): void {
    apply()
    this.#providers.declares(this.#directives.worker?.capabilities)
    this.#greeted = true
    this.#contact.resolve()
  }

  #abort(abort: { readonly job_id: number; readonly attempt: number; readonly reason: string }): void {
    for (const attempt of this.#liveAttempts.attemptsOf(abort.job_id, abort.attempt)) {
      attempt.stop(new AttemptStopped('abort', `aborted: ${abort.reason}`))
    }
    this.#liveAttempts.dropLease(abort)
  }

  #applied(applied: readonly AppliedSetting[], whole: boolean): void {
    for (const { key, value } of applied) {
      if (key === 'slots') this.#liveAttempts.resize(this.#live.values.slots)
      this.emit('config:applied', { key, value })
    }
    // The worker must report the values by which the server routes.
    const news = whole && this.#identity.receipt.inForce(this.#directives.configured)
    if ((applied.length > 0 || news) && this.#link?.open === true) this.#link.send({ type: 'presence', ...this.#report() })
  }

  #report(): SelfReport {
    const status = this.#state === 'stopped' || this.#state === 'stopping' ? this.#state : this.#liveAttempts.running > 0 ? 'busy' : 'idle'
    // Only once: a worker that was itself taken over must not take the name back.
    const takeover = this.options.takeover && !this.#greeted
    return this.#identity.report({ live: this.#live.values, status, leases: this.#liveAttempts.leases(), takeover })
  }

  #trouble(type: string, error: unknown): void {
    if ((type === 'heartbeat' || type === 'poll') && isRefusal(error)) {
      const waiting = this.#greeted ? undefined : this.#patience.wait(error)
      if (waiting === undefined) this.#fatal(error.code === 'name-taken' ? nameTaken(error, this.#greeted) : error)
      else this.#trouble('name-taken', waiting)
      return
    }
    const message = this.#redactor.redact(error instanceof Error ? error.message : String(error))
    if (this.#told.isNews(type, message)) this.emit('error', { type, error: message })
    else this.#debug(type)(message)
  }

  /** The server permanently rejects this worker: its leases are void, and asking again is useless. */
  #fatal(error: ModelReinsError): void {
    if (this.#stopping !== undefined) return
    this.#refusal = error
    this.#contact.reject(error)
    // Reported once: callers of `start()` get the rejection instead.
    if (this.#state !== 'starting') this.emit('error', { type: error.code, error: error.message })
    this.#liveAttempts.stopAll(new AttemptStopped('lease-lost', error.message))
    void this.stop({ graceMs: 0 })
  }

  /** Handles a bug of the worker itself by stopping: a stopped worker is noticed, while one that continues without its intake or a slot is not. */
  #broken(error: unknown): void {
    this.#trouble('internal', error)
    this.#contact.reject(error)
    void this.stop({ graceMs: 0 })
  }

  async #stop(graceMs: number): Promise<void> {
    const started = this.#state !== 'new'
    this.#state = 'stopping'
    this.#contact.reject(stoppedBeforeReady())
    this.#credit.shut()
    this.#intake.look()
    if (this.#greeted && !this.#liveAttempts.quiet) this.#heartbeat.tell()
    // Without a socket the long poll can be cancelled without loss; an open socket still carries completions.
    if (this.#link?.open !== true) this.#connectionAbort.abort()
    if (!(await this.#liveAttempts.idleWithin(this.#clock, graceMs, this.#hurry.signal))) {
      this.#liveAttempts.stopAll(new AttemptStopped('shutdown', 'the worker was stopped; the job is handed back'))
      await this.#liveAttempts.idleWithin(this.#clock, windDownMs)
      if (this.#liveAttempts.running > 0) this.#trouble('stop', new Error('a job ignores its abort signal'))
    }
    await atMost(this.#clock, lastWordsMs, this.#delivery.redeliverOnce())
    this.#delivery.giveUp.abort()
    this.#heartbeat.stop()
    this.#intake.stop()
    this.#connectionAbort.abort()
    await Promise.all([this.#connectionDone, this.#leaseKeeper.stop()])
    this.#state = 'stopped'
    if (started && this.#greeted) await this.#heartbeat.goodbye(lastWordsMs)
    if (started) this.emit('stopped', { name: this.name })
  }
}
