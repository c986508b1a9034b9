/**
 * Responsible for one attempt from offer to settlement: start, context, handler, output, outcome. It owns the attempt's signal and knows neither
 * socket nor poll.
 */
import { limits, type Job, type Offer, type OutputChunk } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import type { Clock } from '../../client/clock.ts'
import { mayHaveSucceeded } from '../../client/retry.ts'
import type { Debug } from '../debug.ts'
import type { Delivery, Started } from '../delivery/delivery.ts'
import type { Emit } from '../emitter.ts'
import { AttemptStopped, endsForGood, type Executor } from './executor.ts'
import { jobContext } from './job-context.ts'
import type { Settlement } from '../delivery/outbox.ts'
import { boundedMessage, outcomeOfReturn, outcomeOfStop, outcomeOfThrow, type AttemptError, type AttemptOutcome } from './outcome.ts'
import { lastBytes, OutputBuffer, type OutputEnd } from '../delivery/output-buffer.ts'
import type { SilenceLimits } from '../../providers/provider.ts'
import type { Redactor } from '../delivery/redactor.ts'
import type { ServerClock } from '../presence/server-clock.ts'
import type { BeginningAttempt, LiveAttempt, LiveAttempts } from './live-attempts.ts'
import { hasConnector } from '../../connectors/index.ts'
import type { SecretResolver } from './secrets.ts'
import { Silence } from './silence.ts'
import { UsageTotal } from './usage-total.ts'

export interface AttemptPorts {
  readonly client: Client
  readonly clock: Clock
  /** The server's clock, against which reported times are compared. */
  readonly time: Pick<ServerClock, 'now'>
  readonly delivery: Delivery
  readonly liveAttempts: LiveAttempts
  readonly redactor: Redactor
  readonly resolveSecret: SecretResolver
  readonly executor: () => Executor
  /** Whether a provider runs the jobs, and not an executor of the caller. */
  readonly usesProvider: () => boolean
  readonly contextBudget: number | undefined
  /** How long an attempt may be silent if its job sets no limit. */
  readonly silence: () => SilenceLimits | null
  /** Called when the account that runs jobs has reached a limit; `until` in ISO 8601. */
  readonly onParked: (until: string) => void
  readonly emit: Emit
  readonly onTrouble: (type: string, error: unknown) => void
  /** Called when an attempt gives its slot back, with its duration in milliseconds. */
  readonly onEnded: (ms: number) => void
  /** Called for a bug of the worker itself. */
  readonly onBroken: (error: unknown) => void
  /** Called when the handler of an attempt that the server stopped has ended. */
  readonly onStopped: (attempt: { readonly job_id: number; readonly attempt: number }) => void
  readonly debug: Debug
}

const silenceHint = ' (silence_timeout of the job, or --silence-timeout of the worker, sets another limit)'

/** How long the last output is retried before the completion is sent without it. */
const lastOutputMs = 10_000

/** Starts an offer, and runs it in a slot that `release` gives back. Never rejects. */
export async function runAttempt(ports: AttemptPorts, offer: Offer, release: () => void): Promise<void> {
  const lease = { job_id: offer.job.id, attempt: offer.lease.attempt }
  const beginning = ports.liveAttempts.begin(lease)
  let started: Started
  try {
    started = await ports.delivery.start(offer)
  } catch (error) {
    ports.debug(`offer of job ${offer.job.id} not taken: ${error instanceof Error ? error.message : String(error)}`)
    beginning.over()
    release()
    return
  }
  runStarted(ports, started, beginning, release)
}

/** Runs a started attempt. Never throws; if the attempt itself rejects, that is a bug, which stops the worker. */
export function runStarted(ports: AttemptPorts, started: Started, beginning: BeginningAttempt, release: () => void): void {
  const ended = new Attempt(ports, started).run(release, beginning.stopped())
  beginning.over()
  ports.liveAttempts.dropLease({ job_id: started.job.id, attempt: started.attempt })
  ended.catch(ports.onBroken)
}

class Attempt {
  readonly #ports: AttemptPorts
  readonly #job: Job
  readonly #token: string
  readonly #attempt: number
  readonly #controller = new AbortController()
  readonly #output: OutputBuffer
  readonly #silence: Silence
  readonly #usage = new UsageTotal()
  #stopped: AttemptStopped | undefined

  constructor(ports: AttemptPorts, started: Started) {
    this.#ports = ports
    this.#job = started.job
    this.#token = started.token
    this.#attempt = started.attempt
    const own = this.#job.silence_timeout ?? null
    const silence = own === null ? ports.silence() : { first: own * 1_000, next: own * 1_000 }
    this.#silence = new Silence(ports.clock, silence, (ms) =>
      this.#stop(new AttemptStopped('timeout', `timeout: the attempt said nothing for ${ms / 1_000} s${own === null ? silenceHint : ''}`)),
    )
    this.#output = new OutputBuffer({
      clock: ports.clock,
      redactor: ports.redactor,
      send: (chunks, signal) => this.#sendOutput(chunks, signal),
      onText: (content, stream) => {
        this.#silence.heard()
        ports.emit('output', { jobId: this.#job.id, content, stream })
      },
      onClosed: () => this.#stop(new AttemptStopped('lease-lost', 'the server takes no more output of this attempt')),
      onTrouble: (error) => ports.onTrouble('output', error),
    })
  }

  /** `stopped`: the reason if the attempt was stopped before it began. */
  async run(release: () => void, stopped?: AttemptStopped): Promise<void> {
    const { clock, emit, liveAttempts } = this.#ports
    const id = this.#job.id
    let finish: () => void = () => undefined
    const live: LiveAttempt = {
      job_id: id,
      attempt: this.#attempt,
      stop: (why) => this.#stop(why),
      finished: new Promise((resolve) => {
        finish = resolve
      }),
    }
    const begun = clock.now()
    liveAttempts.enter(live)
    emit('job:start', { id, prompt: this.#job.prompt })
    const cancelTimeout = clock.after(this.#job.timeout * 1_000, () =>
      this.#stop(new AttemptStopped('timeout', `timeout: the attempt took longer than ${this.#job.timeout} s`)),
    )
    this.#silence.begin()
    if (stopped !== undefined) this.#stop(stopped)
    const outcome = await this.#execute()
    cancelTimeout()
    this.#silence.end()
    const giveUp = new AbortController()
    const cancelGiveUp = clock.after(lastOutputMs, () => giveUp.abort())
    if (this.#isVoid()) giveUp.abort()
    const output = await this.#output.end(giveUp.signal)
    cancelGiveUp()
    // The slot is released first, so that the next credit is sent in the same message as the completion.
    const settled = this.#isVoid() ? undefined : this.#ports.delivery.settle(this.#settlement(outcome, output))
    liveAttempts.leave(live)
    this.#ports.onEnded(clock.now() - begun)
    release()
    if (this.#isVoid()) this.#ports.onStopped({ job_id: id, attempt: this.#attempt })
    this.#tell(outcome, await settled)
    finish()
  }

  #isVoid(): boolean {
    return this.#stopped !== undefined && endsForGood(this.#stopped)
  }

  #stop(why: AttemptStopped): void {
    // The server's reasons take precedence over the worker's own: the result of a void lease must not be reported.
    if (this.#stopped === undefined || endsForGood(why)) this.#stopped = why
    this.#controller.abort(why)
  }

  async #execute(): Promise<AttemptOutcome> {
    const now = (): Date => new Date(this.#ports.time.now())
    try {
      // Secrets of this machine are registered with the redactor before anything runs. An executor of the caller may use other connectors itself; a
      // provider cannot, and must not run without the secrets that its job requires.
      for (const reference of this.#job.requires_secrets)
        if (hasConnector(reference) || this.#ports.usesProvider()) await this.#ports.resolveSecret(reference)
      const context = await this.#loadContext()
      if (this.#stopped !== undefined) throw this.#stopped
      const { client, clock, resolveSecret } = this.#ports
      const ctx = jobContext({
        job: this.#job,
        attempt: this.#attempt,
        token: this.#token,
        signal: this.#controller.signal,
        context,
        client,
        clock,
        output: this.#output,
        resolveSecret,
        onHeard: () => this.#silence.heard(),
        redactor: this.#ports.redactor,
        onUsage: (usage) => {
          const wrong = this.#usage.add(usage)
          if (wrong !== undefined) this.#ports.onTrouble('usage', new Error(`job ${this.#job.id}: ${wrong}`))
        },
      })
      const authorize: typeof ctx.authorize = (...asked) => this.#silence.whileAsking(() => ctx.authorize(...asked))
      const returned = await this.#ports.executor()(this.#job, { ...ctx, authorize })
      const outcome = outcomeOfReturn(returned)
      return this.#stopped === undefined || outcome.ok
        ? outcome
        : { ok: false, exitCode: outcome.exitCode, error: outcomeOfStop(this.#stopped) }
    } catch (error) {
      if (this.#stopped !== undefined) return { ok: false, exitCode: null, error: outcomeOfStop(this.#stopped) }
      return outcomeOfThrow(error, now())
    }
  }

  async #loadContext(): Promise<string> {
    if (this.#job.context === 'none') return ''
    const budget = this.#ports.contextBudget
    const reply = await this.#ports.client.context.get(
      { job_id: this.#job.id, ...(budget === undefined ? {} : { budget }) },
      { signal: this.#controller.signal },
    )
    this.#ports.emit('context', { policy: reply.policy, size: reply.size, context: reply.context })
    return reply.context
  }

  async #sendOutput(chunks: readonly OutputChunk[], signal: AbortSignal): Promise<{ closed: boolean }> {
    try {
      const reply = await this.#ports.client.claims.output(
        { job_id: this.#job.id, chunks: [...chunks] },
        { token: this.#token, retry: false },
      )
      return { closed: reply.closed }
    } catch (error) {
      // Any error that is not transient means that the server does not want this attempt's output any more.
      if (mayHaveSucceeded(error) || signal.aborted) throw error
      this.#ports.debug(`output of job ${this.#job.id} refused: ${error instanceof Error ? error.message : String(error)}`)
      return { closed: true }
    }
  }

  #settlement(outcome: AttemptOutcome, output: OutputEnd): Settlement {
    const { redactor } = this.#ports
    const usage = this.#usage.total
    const model = usage?.model
    const common = {
      job_id: this.#job.id,
      ...(usage === undefined ? {} : { usage: model === undefined ? usage : { ...usage, model: redactor.redact(model) } }),
      ...(output.tail.text === '' && !output.tail.truncated ? {} : { tail: output.tail }),
      ...(output.chunks === undefined ? {} : { chunks: output.chunks }),
    }
    const who = { token: this.#token, attempt: this.#attempt }
    if (outcome.ok) {
      const result = outcome.result === null ? {} : { result: lastBytes(redactor.redact(outcome.result), limits.result_bytes) }
      return { kind: 'complete', ...who, body: { ...common, ...result, exit_code: outcome.exitCode } }
    }
    const { type, message, retryable, retry_at } = outcome.error
    const error = { type, message: boundedMessage(redactor.redact(message)), retryable, ...(retry_at === undefined ? {} : { retry_at }) }
    const parked = type === 'rate_limited' && retryable && retry_at !== undefined ? { parked_until: retry_at } : {}
    if (parked.parked_until !== undefined && this.#ports.usesProvider()) this.#ports.onParked(parked.parked_until)
    return {
      kind: 'fail',
      ...who,
      body: {
        ...common,
        error,
        ...(this.#ports.usesProvider() ? parked : {}),
        ...(outcome.exitCode === null ? {} : { exit_code: outcome.exitCode }),
      },
    }
  }

  /** `instead`: why the attempt ended differently from the outcome. */
  #tell(outcome: AttemptOutcome, instead: AttemptError | undefined): void {
    const id = this.#job.id
    const own = outcome.ok ? undefined : outcome.error
    const error = this.#isVoid() && this.#stopped !== undefined ? outcomeOfStop(this.#stopped) : (instead ?? own)
    if (error === undefined) this.#ports.emit('job:done', { id, exitCode: outcome.exitCode ?? 0 })
    else {
      this.#ports.emit('job:error', {
        id,
        error: this.#ports.redactor.redact(error.message),
        errorType: error.type,
        retryable: error.retryable,
      })
    }
  }
}
