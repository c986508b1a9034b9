/** Responsible for composing a worker from its parts and for its life: start, ready, stop. The parts do the work. */
import { hostname } from 'node:os'
import { parseCredentialToken, type KillswitchBrief, type Offer, type PresenceReport, type WorkerConfig } from '@modelreins/contract'
import { Client } from '../client/client.ts'
import { pause, systemClock, type Clock } from '../client/clock.ts'
import { ModelReinsError } from '../client/error.ts'
import type { Provider } from '../providers/provider.ts'
import { version } from '../version.ts'
import { runAttempt, type AttemptPorts } from './attempt.ts'
import { configPath, readConfig } from './config-source.ts'
import { debugFor } from './debug.ts'
import { Delivery } from './delivery.ts'
import { Directives } from './directives.ts'
import { Emitter } from './emitter.ts'
import { AttemptStopped, type Executor } from './executor.ts'
import { Heartbeat } from './heartbeat.ts'
import { isRefusal, runIntake } from './intake.ts'
import { LiveSettings } from './live-settings.ts'
import { resolveOptions, type Environment, type ResolvedOptions, type WorkerOptions } from './options.ts'
import { fileOutbox, memoryOutbox } from './outbox.ts'
import { pollForWork } from './poll-transport.ts'
import { providerSettings, usableProvider } from './provider-choice.ts'
import { providerExecutor } from './provider-executor.ts'
import { Redactor } from './redactor.ts'
import { Roster } from './roster.ts'
import { environmentSecrets, secretResolver } from './secrets.ts'
import { openWebSocket, SocketLink, type OpenSocket, type PushFrame } from './socket-link.ts'

export type WorkerState = 'new' | 'starting' | 'ready' | 'stopping' | 'stopped'

export interface StopOptions {
  /** Milliseconds to wait for running jobs before they are handed back. */
  readonly graceMs?: number
}

/** What a killed child and its handler get to end, beyond TERM and KILL. */
const windDownMs = 5_000
/** What a stopping worker spends on delivering what is left in its outbox. */
const lastDeliveryMs = 5_000

export class Worker extends Emitter {
  readonly options: ResolvedOptions
  /** Every operation of the server, with this worker's token. */
  readonly client: Client
  readonly #clock: Clock
  readonly #env: Environment
  readonly #openSocket: OpenSocket
  readonly #instance: string
  readonly #redactor = new Redactor()
  readonly #live: LiveSettings
  readonly #roster: Roster
  readonly #directives: Directives
  readonly #delivery: Delivery
  readonly #heartbeat: Heartbeat
  readonly #attempts: AttemptPorts
  readonly #intake = new AbortController()
  readonly #hurry = new AbortController()
  readonly #debug
  #state: WorkerState = 'new'
  #link: SocketLink | undefined
  #executor: Executor | undefined
  #provider: Provider | undefined
  #greeted = false
  #creditWaiters: (() => void)[] = []
  #contact: { resolve: () => void; reject: (error: unknown) => void } = { resolve: () => undefined, reject: () => undefined }
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #intakeDone: Promise<void> = Promise.resolve()

  /** Throws `invalid-request` naming every option that is missing or wrong, and where it came from. */
  constructor(options: WorkerOptions = {}) {
    super()
    this.#env = options.env ?? process.env
    this.options = resolveOptions(options, this.#env, readConfig(configPath(this.#env)))
    this.#clock = options.clock ?? systemClock
    this.#openSocket = options.openSocket ?? openWebSocket
    this.#executor = options.executor
    const { url, token } = this.options
    this.client = new Client({ url, token, clock: this.#clock, ...(options.fetch === undefined ? {} : { fetch: options.fetch }) })
    this.#instance = `${hostname()}:${process.pid}:${Math.floor(this.#clock.random() * 0xffff_ffff).toString(36)}`
    for (const secret of [token, ...this.options.redact, ...environmentSecrets(this.#env)]) this.#redactor.add(secret)

    const selection = this.#env['DEBUG']
    this.#debug = (part: string) => debugFor(part, selection, (line) => void process.stderr.write(this.#redactor.redact(line)))
    this.#live = new LiveSettings(this.options)
    this.#roster = new Roster(this.#live.values.slots, () => this.#creditChanged())
    this.#directives = new Directives({
      onKillswitch: (brief) => void this.#obeyKillswitch(brief),
      onConfig: (config) => this.#applyConfig(config),
      onAbort: (abort) => this.#abort(abort),
      onIntake: () => this.#creditChanged(),
    })
    const openLink = (): SocketLink | undefined => (this.#link?.open === true ? this.#link : undefined)
    const trouble = (type: string, error: unknown): void => this.#trouble(type, error)
    this.#delivery = new Delivery({
      client: this.client,
      clock: this.#clock,
      outbox: this.options.outboxFile === undefined ? memoryOutbox() : fileOutbox(this.options.outboxFile),
      roster: this.#roster,
      link: openLink,
      onTrouble: trouble,
      debug: this.#debug('delivery'),
    })
    this.#heartbeat = new Heartbeat({
      client: this.client,
      clock: this.#clock,
      link: openLink,
      report: () => this.#report(),
      pollMs: () => this.#live.values.poll_ms,
      serverMs: () => this.#directives.heartbeatMs,
      onReply: (reply) => this.#acknowledged(() => this.#directives.applyReply(reply)),
      onKillswitch: (brief) => this.#directives.applyKillswitch(brief),
      onTrouble: (error) => this.#trouble('heartbeat', error),
      debug: this.#debug('heartbeat'),
    })
    this.#attempts = {
      client: this.client,
      clock: this.#clock,
      delivery: this.#delivery,
      roster: this.#roster,
      redactor: this.#redactor,
      resolveSecret: secretResolver(this.#env, this.#redactor),
      executor: () => this.#executor ?? refuseToRun,
      contextBudget: this.options.contextBudget,
      emit: this.emit,
      onTrouble: trouble,
      onStopped: (attempt) => openLink()?.send({ type: 'abort_ack', ...attempt }),
      debug: this.#debug('attempt'),
    }
  }

  /** As it calls itself, or as the server knows it. */
  get name(): string {
    return this.options.name ?? this.#directives.worker?.name ?? hostname()
  }

  get state(): WorkerState {
    return this.#state
  }

  /** Resolves when the worker is ready for work. Rejects when it cannot become so: unusable provider, refused token, killswitch. */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      void this.stop({ graceMs: 0 })
      throw error
    })
    return this.#starting
  }

  /** Takes no more work, waits for what runs, hands back what does not end in time. May be called again, with less patience. */
  stop(options: StopOptions = {}): Promise<void> {
    if (this.#stopping !== undefined && options.graceMs !== undefined)
      void pause(this.#clock, options.graceMs).then(() => this.#hurry.abort())
    this.#stopping ??= this.#stop(options.graceMs ?? this.options.graceMs)
    return this.#stopping
  }

  async #start(): Promise<void> {
    if (this.#state !== 'new') throw new ModelReinsError('A worker is started once; make a new one', { code: 'conflict', status: 0 })
    this.#state = 'starting'
    this.emit('starting', { name: this.name, url: this.options.url })
    await this.#prepareProvider()
    this.#assertNotStopped()
    const contact = new Promise<void>((resolve, reject) => {
      this.#contact = { resolve, reject }
    })
    this.#heartbeat.start()
    this.#intakeDone = this.#runIntake()
    await contact
    this.emit('connected', { name: this.name })
    await this.#delivery.redeliverOnce()
    if (this.#stopping !== undefined)
      throw new ModelReinsError('The worker was stopped before it was ready', { code: 'conflict', status: 0 })
    this.#state = 'ready'
    this.emit('ready', { name: this.name })
    this.#creditChanged()
  }

  #assertNotStopped(): void {
    if (this.#stopping !== undefined) throw stoppedEarly()
  }

  async #prepareProvider(): Promise<void> {
    if (this.#executor !== undefined) return
    const settings = () => providerSettings(this.options, this.#live, this.#env)
    const provider = await usableProvider(this.options.type ?? '', settings())
    this.#provider = provider
    this.#executor = providerExecutor(() => this.#provider ?? provider, settings)
  }

  #runIntake(): Promise<void> {
    const trouble = (type: string, error: unknown): void => this.#trouble(type, error)
    return runIntake(
      {
        clock: this.#clock,
        transport: this.options.transport,
        connect: () => this.#connect(),
        onLink: (link) => {
          this.#link = link
        },
        poll: (signal, done) =>
          pollForWork(
            {
              client: this.client,
              clock: this.#clock,
              identity: () => ({ instance: this.#instance, ...this.#companion() }),
              credit: () => this.#credit(),
              creditChange: (signal) => this.#nextCreditChange(signal),
              waitS: () => this.#directives.pollWaitS,
              pollMs: () => this.#live.values.poll_ms,
              onOffer: (offer) => this.#take(offer),
              onReply: (reply) => this.#directives.applyKillswitch(reply.killswitch),
              onTrouble: (error) => trouble('poll', error),
              debug: this.#debug('poll'),
            },
            signal,
            done,
          ),
        beat: () => this.#heartbeat.beat(),
        onFatal: (error) => this.#fatal(error),
        onTrouble: trouble,
        debug: this.#debug('intake'),
      },
      this.#intake.signal,
    )
  }

  #connect(): SocketLink {
    return new SocketLink({
      open: this.#openSocket,
      clock: this.#clock,
      url: this.options.url,
      token: this.options.token,
      hello: () => ({ type: 'hello', version, ...this.#report(), instance: this.#instance }),
      credit: () => this.#credit(),
      onPush: (frame) => this.#receive(frame),
      onProblem: (problem) => this.#trouble('socket', new Error(problem.detail ?? problem.title)),
    })
  }

  #receive(frame: PushFrame): void {
    if (frame.type === 'welcome') {
      this.#acknowledged(() => this.#directives.applyReply(frame))
      this.#creditChanged()
      void this.#delivery.redeliver()
    } else if (frame.type === 'offer') this.#take(frame)
    else if (frame.type === 'abort') this.#abort(frame)
    else if (frame.type === 'killswitch') this.#directives.applyKillswitch(frame.killswitch)
    else if (frame.type === 'config') this.#directives.applyConfigPush(frame)
  }

  /** A reply has come: the server knows this worker. */
  #acknowledged(apply: () => void): void {
    apply()
    this.#greeted = true
    this.#contact.resolve()
  }

  #take(offer: Offer): void {
    const release = this.#credit() > 0 ? this.#roster.admit() : undefined
    if (release === undefined) {
      this.#debug('attempt')(`offer of job ${offer.job.id} left to lapse: no free slot`)
      return
    }
    this.#creditChanged()
    void runAttempt(this.#attempts, offer, release)
  }

  #abort(abort: { readonly job_id: number; readonly attempt: number; readonly reason: string }): void {
    const found = this.#roster.attemptsOf(abort.job_id, abort.attempt)
    for (const attempt of found) attempt.stop(new AttemptStopped('abort', `aborted: ${abort.reason}`))
    this.#roster.dropLease(abort)
    // Nothing of it runs here: the server may count it as stopped.
    if (found.length === 0 && this.#link?.open === true)
      this.#link.send({ type: 'abort_ack', job_id: abort.job_id, attempt: abort.attempt })
  }

  async #obeyKillswitch(brief: KillswitchBrief): Promise<void> {
    if (!brief.active) {
      if (brief.level > 0) await this.#acknowledgeKill(brief.generation)
      return
    }
    const error = new ModelReinsError(`The killswitch is raised${brief.reason === null ? '' : `: ${brief.reason}`}`, { code: 'killswitch' })
    this.#contact.reject(error)
    if (this.#state === 'stopped') return
    this.#state = 'stopping'
    this.emit('killswitch', { reason: brief.reason })
    this.#creditChanged()
    this.#roster.stopAll(new AttemptStopped('killswitch', error.message))
    // Acknowledged means stopped: a handler that ignores its signal leaves this worker among the stragglers.
    if (await this.#idleWithin(windDownMs)) await this.#acknowledgeKill(brief.generation)
    else this.#trouble('killswitch', new Error('a job ignores its abort signal'))
    await this.stop({ graceMs: 0 })
  }

  async #acknowledgeKill(generation: number): Promise<void> {
    if (this.#link?.open === true) {
      this.#link.send({ type: 'killswitch_ack', generation })
      return
    }
    try {
      await this.client.killswitch.ack({ generation, ...this.#companion() })
    } catch (error) {
      this.#trouble('killswitch', error)
    }
  }

  #applyConfig(config: WorkerConfig): void {
    const applied = this.#live.apply(config)
    for (const { key, value } of applied) {
      if (key === 'slots') this.#roster.resize(this.#live.values.slots)
      if (key === 'provider' && typeof value === 'string' && this.#provider !== undefined) void this.#changeProvider(value)
      this.emit('config:applied', { key, value })
    }
    // What the server routes by must be what the worker says of itself.
    if (applied.length > 0 && this.#link?.open === true) this.#link.send({ type: 'presence', ...this.#report() })
  }

  async #changeProvider(name: string): Promise<void> {
    try {
      this.#provider = await usableProvider(name, providerSettings(this.options, this.#live, this.#env))
    } catch (error) {
      this.#trouble('config', error)
    }
  }

  #report(): PresenceReport {
    const { slots, tags, networks, provider, model } = this.#live.values
    return {
      instance: this.#instance,
      status: this.#state === 'stopping' ? 'stopping' : this.#roster.running > 0 ? 'busy' : 'idle',
      tags: [...tags],
      networks: [...networks],
      slots,
      ...(provider === undefined ? {} : { provider }),
      ...(model === undefined ? {} : { model }),
      details: { sdk: `node ${version}`, runtime: process.version, platform: `${process.platform}-${process.arch}` },
      leases: this.#roster.leases().slice(0, 256),
      ...this.#companion(),
      // Once: a worker that has been taken over itself must not fight back.
      ...(this.options.takeover && !this.#greeted ? { takeover: true } : {}),
    }
  }

  /** With a member key the name says which worker this is; a worker token says it itself. */
  #companion(): { worker?: string } {
    return parseCredentialToken(this.options.token)?.kind === 'member' ? { worker: this.options.name ?? hostname() } : {}
  }

  #credit(): number {
    return this.#state === 'ready' && !this.#directives.closed ? this.#roster.free : 0
  }

  #creditChanged(): void {
    this.#link?.creditChanged()
    const waiters = this.#creditWaiters
    this.#creditWaiters = []
    for (const resolve of waiters) resolve()
  }

  #nextCreditChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#creditWaiters.push(resolve)
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #trouble(type: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    this.emit('error', { type, error: this.#redactor.redact(message) })
    if ((type === 'heartbeat' || type === 'poll') && isRefusal(error)) this.#fatal(error)
  }

  /** The server will not have this worker: its leases are void, and asking again changes nothing. */
  #fatal(error: ModelReinsError): void {
    if (this.#stopping !== undefined) return
    this.#contact.reject(error)
    this.emit('error', { type: error.code, error: error.message })
    this.#roster.stopAll(new AttemptStopped('lease-lost', error.message))
    void this.stop({ graceMs: 0 })
  }

  async #stop(graceMs: number): Promise<void> {
    if (this.#state === 'new') {
      this.#state = 'stopped'
      return
    }
    this.#state = 'stopping'
    this.#contact.reject(stoppedEarly())
    this.#creditChanged()
    // Without a socket nothing is lost by cutting the long poll; an open socket still carries completions.
    if (this.#link?.open !== true) this.#intake.abort()
    if (!(await this.#idleWithin(graceMs))) {
      this.#roster.stopAll(new AttemptStopped('shutdown', 'the worker was stopped; the job is handed back'))
      if (!(await this.#idleWithin(windDownMs))) this.#trouble('stop', new Error('a job ignores its abort signal'))
    }
    await Promise.race([this.#delivery.redeliverOnce(), pause(this.#clock, lastDeliveryMs)])
    this.#delivery.giveUp.abort()
    this.#heartbeat.stop()
    this.#intake.abort()
    await this.#intakeDone
    this.#state = 'stopped'
    this.emit('stopped', { name: this.name })
  }

  /** True: nothing runs any more. */
  async #idleWithin(ms: number): Promise<boolean> {
    if (this.#roster.running === 0) return true
    const cancel = new AbortController()
    const late = pause(this.#clock, ms, cancel.signal)
    const hurried = new Promise<void>((resolve) => this.#hurry.signal.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([this.#roster.idle(), late, hurried])
    cancel.abort()
    return this.#roster.running === 0
  }
}

const stoppedEarly = (): ModelReinsError =>
  new ModelReinsError('The worker was stopped before it was ready', { code: 'conflict', status: 0 })

const refuseToRun: Executor = () => {
  throw new ModelReinsError('The worker has nothing to run jobs with', { code: 'internal', status: 0, retryable: false })
}
