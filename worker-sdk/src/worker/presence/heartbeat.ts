/**
 * Responsible for the sign of life: a ping while the socket is open, else `PUT /presence` with the leases; first to start and
 * last to stop, whatever the handlers do. It hands replies on and decides nothing.
 */
import { limits, type KillswitchBrief, type PresenceReply, type PresenceReport } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import type { Clock } from '../../client/clock.ts'
import type { Debug } from '../debug.ts'
import type { SocketLink } from '../link/socket-link.ts'

/** One look at the killswitch in so many beats while polling: every 60 s at 5 s a beat, as workers have always done. */
const killswitchEvery = 12
const beatTimeoutMs = 10_000
const unreadMs = 1_000

export interface HeartbeatPorts {
  readonly client: Client
  readonly clock: Clock
  readonly link: () => SocketLink | undefined
  readonly report: () => PresenceReport
  /** Milliseconds to the next beat over HTTP. */
  readonly pollMs: () => number
  /** As the server set it for whichever way the worker last spoke. */
  readonly serverMs: () => number | undefined
  readonly onReply: (reply: PresenceReply) => void
  readonly onKillswitch: (brief: KillswitchBrief) => void
  readonly onTrouble: (error: unknown) => void
  readonly debug: Debug
}

export class Heartbeat {
  readonly #ports: HeartbeatPorts
  #cancel: (() => void) | undefined
  #running = false
  #beats = 0
  #sending: Promise<boolean> | undefined

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

  /** The last beat: a worker is believed to be there until it says otherwise, or for half a minute. */
  async goodbye(timeoutMs: number): Promise<void> {
    try {
      await this.#ports.client.presence.report(this.#ports.report(), { retry: false, timeoutMs })
    } catch (error) {
      this.#ports.debug(`goodbye: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #arm(): void {
    if (!this.#running) return
    const onSocket = this.#ports.link() !== undefined
    this.#armIn(this.#ports.serverMs() ?? (onSocket ? limits.heartbeat_socket_ms : this.#ports.pollMs()))
  }

  #armIn(ms: number): void {
    const { clock } = this.#ports
    const due = clock.now() + ms
    this.#cancel = clock.after(ms, () => {
      // The loop was blocked, so a pong may lie unread: judging the socket now would give up a healthy one.
      if (clock.now() - due > unreadMs) {
        this.#armIn(unreadMs)
        return
      }
      this.#tick()
      this.#arm()
    })
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
      return true
    } catch (error) {
      this.#ports.onTrouble(error)
      return false
    }
  }

  async #lookAtKillswitch(): Promise<void> {
    try {
      this.#ports.onKillswitch(await this.#ports.client.killswitch.get({}, { retry: false, timeoutMs: beatTimeoutMs }))
    } catch (error) {
      this.#ports.debug(`killswitch: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
