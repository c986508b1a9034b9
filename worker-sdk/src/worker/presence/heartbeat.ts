/**
 * Responsible for the heartbeat: a ping while the socket is open, else `PUT /presence` with the leases; first to start and
 * last to stop, whatever the handlers do. It hands replies on and decides nothing.
 */
import { limits, type KillswitchBrief, type PresenceReply, type PresenceReport } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { atMost, type Clock } from '../../client/clock.ts'
import type { Debug } from '../debug.ts'
import { AttemptStopped } from '../job/executor.ts'
import type { LiveAttempts } from '../job/live-attempts.ts'
import type { SocketLink } from '../link/socket-link.ts'
import { cutOffMs, LeaseWatch } from './lease-watch.ts'

/** One look at the killswitch in so many beats while polling: every 60 s at 5 s a beat, as workers have always done. */
const killswitchEvery = 12
const beatTimeoutMs = 10_000
const unreadMs = 1_000
/** Later than this by its own clock, the machine was asleep: leases may have ended meanwhile. */
const asleepMs = limits.lease_ms / 2

export interface HeartbeatPorts {
  readonly client: Client
  readonly clock: Clock
  readonly link: () => SocketLink | undefined
  readonly report: () => PresenceReport
  /** Milliseconds to the next beat over HTTP. */
  readonly pollMs: () => number
  readonly directives: {
    /** As the server set it for whichever way the worker last spoke. */
    readonly heartbeatMs: number | undefined
    applyKillswitch(brief: KillswitchBrief): void
  }
  readonly liveAttempts: Pick<LiveAttempts, 'running' | 'stopAll'>
  /** What becomes of attempts whose leases cannot be renewed any more. */
  readonly onLost: 'stop' | 'finish'
  readonly onReply: (reply: PresenceReply) => void
  readonly onTrouble: (error: unknown) => void
  readonly debug: Debug
}

export class Heartbeat {
  readonly #ports: HeartbeatPorts
  #cancel: (() => void) | undefined
  #running = false
  #beats = 0
  #sending: Promise<boolean> | undefined
  readonly #watch = new LeaseWatch()
  #heardAt = 0

  constructor(ports: HeartbeatPorts) {
    this.#ports = ports
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#arm()
  }

  stop(): void {
    this.#running = false
    this.#cancel?.()
  }

  /** One beat over HTTP, now. True: acknowledged. Beats never overlap: a slow server is not asked twice. */
  beat(): Promise<boolean> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  /** Says what is so now, not at the next beat: what waits for a worker that begins to stop is anybody's from then on, not from its goodbye. */
  tell(): void {
    const link = this.#ports.link()
    if (link !== undefined) link.send({ type: 'presence', ...this.#ports.report() })
    // A beat on its way says what was so before.
    else void (this.#sending ?? Promise.resolve()).then(() => this.beat())
  }

  /** The last beat: a worker is believed to be there until it says otherwise, or for half a minute. */
  async goodbye(timeoutMs: number): Promise<void> {
    try {
      // One that arrives behind the goodbye would take it back.
      if (this.#sending !== undefined) await atMost(this.#ports.clock, timeoutMs, this.#sending)
      await this.#ports.client.presence.report(this.#ports.report(), { retry: false, timeoutMs })
    } catch (error) {
      this.#ports.debug(`goodbye: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #arm(): void {
    if (!this.#running) return
    const onSocket = this.#ports.link() !== undefined
    this.#armIn(this.#ports.directives.heartbeatMs ?? (onSocket ? limits.heartbeat_socket_ms : this.#ports.pollMs()))
  }

  #armIn(ms: number): void {
    const { clock } = this.#ports
    const due = clock.now() + ms
    this.#cancel = clock.after(ms, () => {
      const late = clock.now() - due
      this.#lookAtLeases(ms + late, ms + unreadMs)
      // Asleep, it may have lost leases that are still to be had: the server hears of them before anything else is judged.
      if (late > asleepMs) this.tell()
      // The loop was blocked, so a pong may lie unread: judging the socket now would give up a healthy one.
      if (late > unreadMs) {
        this.#armIn(unreadMs)
        return
      }
      this.#tick()
      this.#arm()
    })
  }

  #lookAtLeases(ms: number, awakeMs: number): void {
    const { link, liveAttempts, onLost, onTrouble } = this.#ports
    const heardAt = link()?.heardAt ?? 0
    if (heardAt !== 0 && heardAt !== this.#heardAt) this.#watch.heard()
    this.#heardAt = heardAt
    if (liveAttempts.running === 0) this.#watch.heard()
    else if (this.#watch.passed(ms, awakeMs)) {
      const what = `the server was not reached for ${cutOffMs / 1_000} s, so the leases of running jobs have ended and others may run them`
      onTrouble(new Error(`${what}: they ${onLost === 'stop' ? 'are stopped' : 'go on'} (on_lost: ${onLost})`))
      if (onLost === 'stop') liveAttempts.stopAll(new AttemptStopped('lease-lost', what))
    }
  }

  #tick(): void {
    const link = this.#ports.link()
    if (link?.ping() === true) return
    if (link !== undefined) {
      this.#ports.debug('the socket does not answer: giving it up')
      link.abandon()
    }
    void this.beat()
    this.#beats += 1
    if (this.#beats % killswitchEvery === 0) void this.#lookAtKillswitch()
  }

  async #send(): Promise<boolean> {
    try {
      this.#ports.onReply(await this.#ports.client.presence.report(this.#ports.report(), { retry: false, timeoutMs: beatTimeoutMs }))
      this.#watch.heard()
      return true
    } catch (error) {
      this.#ports.onTrouble(error)
      return false
    }
  }

  async #lookAtKillswitch(): Promise<void> {
    try {
      this.#ports.directives.applyKillswitch(await this.#ports.client.killswitch.get({}, { retry: false, timeoutMs: beatTimeoutMs }))
    } catch (error) {
      this.#ports.debug(`killswitch: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
