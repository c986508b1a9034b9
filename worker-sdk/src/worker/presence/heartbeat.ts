/**
 * Responsible for the heartbeat: a ping while the socket is open, else `PUT /presence` with the leases. It starts first and stops last, whatever the
 * handlers do. It passes replies on and decides nothing.
 */
import { limits, type KillswitchBrief, type PresenceReply, type PresenceReport } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { atMost, type Clock } from '../../client/clock.ts'
import type { Debug } from '../debug.ts'
import { AttemptStopped } from '../job/executor.ts'
import type { LiveAttempts } from '../job/live-attempts.ts'
import type { SocketLink } from '../link/socket-link.ts'
import { cutOffMs, LeaseWatch } from './lease-watch.ts'

/** While polling, the killswitch is read once in this many beats: every 60 s at 5 s per beat, as earlier workers did. */
const killswitchEvery = 12
const beatTimeoutMs = 10_000
const unreadMs = 1_000
/** When a timer fires later than this, the machine was asleep, and leases may have ended. */
const asleepMs = limits.lease_ms / 2

export interface HeartbeatPorts {
  readonly client: Client
  readonly clock: Clock
  readonly link: () => SocketLink | undefined
  readonly report: () => PresenceReport
  /** Milliseconds to the next beat over HTTP. */
  readonly pollMs: () => number
  readonly directives: {
    /** As the server set it for the transport that was used last. */
    readonly heartbeatMs: number | undefined
    applyKillswitch(brief: KillswitchBrief): void
  }
  readonly liveAttempts: Pick<LiveAttempts, 'running' | 'stopAll'>
  /** What happens to attempts whose leases can no longer be renewed. */
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

  /** Sends one beat over HTTP now. True: acknowledged. Beats never overlap, so that a slow server is not asked twice. */
  beat(): Promise<boolean> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  /**
   * Reports the present state at once instead of at the next beat: when a worker begins to stop, jobs that wait for it are offered to others from
   * this report on, not only after its goodbye.
   */
  tell(): void {
    const link = this.#ports.link()
    if (link !== undefined) link.send({ type: 'presence', ...this.#ports.report() })
    // A beat that is already in flight carries the earlier state.
    else void (this.#sending ?? Promise.resolve()).then(() => this.beat())
  }

  /** The last beat: without it the worker counts as live for another half minute. */
  async goodbye(timeoutMs: number): Promise<void> {
    try {
      // A beat that arrives after the goodbye would cancel it.
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
      // While asleep the worker may have lost leases that can still be recovered, so it reports to the server before anything else is judged.
      if (late > asleepMs) this.tell()
      // The loop was blocked, so a pong may be waiting unread. Judging the socket now could drop a healthy one.
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
