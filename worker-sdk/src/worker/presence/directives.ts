/**
 * Responsible for the directives in every reply of the server: killswitch, configuration, aborts, pause, intervals. It keeps the newest ones and
 * notifies the parts that act on them.
 */
import { limits, type KillswitchBrief, type PresenceReply, type WorkerConfig } from '@modelreins/contract'
import type { Configured } from '../settings/config-receipt.ts'
import type { ServerClock } from './server-clock.ts'

export interface DirectivePorts {
  readonly onKillswitch: (brief: KillswitchBrief) => void
  readonly onConfig: (config: WorkerConfig) => void
  readonly onAbort: (abort: PresenceReply['aborts'][number]) => void
  /** Called when `closed` has changed. */
  readonly onClosedChange: () => void
}

type Identity = PresenceReply['worker']

export class Directives {
  readonly #ports: DirectivePorts
  #worker: Identity | undefined
  #configVersion: number | undefined
  #configEmpty = true
  #killswitch: KillswitchBrief | undefined
  readonly #time: Pick<ServerClock, 'heard'>
  #heartbeatMs: number | undefined
  #pollWaitS: number = limits.long_poll_max_s

  constructor(ports: DirectivePorts, time: Pick<ServerClock, 'heard'>) {
    this.#ports = ports
    this.#time = time
  }

  /** The worker's identity as the server states it; undefined before the first reply. */
  get worker(): Identity | undefined {
    return this.#worker
  }

  get killswitch(): KillswitchBrief | undefined {
    return this.#killswitch
  }

  /** The operator's latest configuration; undefined before the first. */
  get configured(): Configured | undefined {
    return this.#configVersion === undefined ? undefined : { version: this.#configVersion, empty: this.#configEmpty }
  }

  /** Milliseconds between heartbeats, as the server set them. */
  get heartbeatMs(): number | undefined {
    return this.#heartbeatMs
  }

  /** Maximum seconds of a held poll. */
  get pollWaitS(): number {
    return this.#pollWaitS
  }

  /** Whether no new work may be taken: paused, or drained (level 2 and above). Level 1 stops dispatches, not claims. */
  get closed(): boolean {
    return this.#worker?.paused === true || (this.#killswitch?.level ?? 0) >= 2
  }

  /** Applies a whole reply: welcome, or the answer to a heartbeat. */
  applyReply(reply: PresenceReply): void {
    const before = this.closed
    this.#worker = reply.worker
    this.#time.heard(reply.server_time)
    if (reply.intervals.heartbeat_ms > 0) this.#heartbeatMs = reply.intervals.heartbeat_ms
    this.#pollWaitS = reply.intervals.poll_wait_s
    for (const abort of reply.aborts) this.#ports.onAbort(abort)
    this.#applyConfig(reply.config, reply.config_version)
    this.applyKillswitch(reply.killswitch)
    if (this.closed !== before) this.#ports.onClosedChange()
  }

  applyConfigPush(push: { readonly config: WorkerConfig; readonly config_version: number; readonly paused: boolean }): void {
    const before = this.closed
    if (this.#worker !== undefined) this.#worker = { ...this.#worker, paused: push.paused }
    this.#applyConfig(push.config, push.config_version)
    if (this.closed !== before) this.#ports.onClosedChange()
  }

  applyKillswitch(brief: KillswitchBrief): void {
    // Replies on different connections may overtake each other, so an older generation is ignored.
    if (this.#killswitch !== undefined && brief.generation < this.#killswitch.generation) return
    const before = this.closed
    const news = brief.generation !== this.#killswitch?.generation || brief.active !== this.#killswitch.active
    this.#killswitch = brief
    if (news) this.#ports.onKillswitch(brief)
    if (this.closed !== before) this.#ports.onClosedChange()
  }

  #applyConfig(config: WorkerConfig, version: number): void {
    if (version === this.#configVersion) return
    this.#configVersion = version
    this.#configEmpty = Object.keys(config).length === 0
    this.#ports.onConfig(config)
  }
}
