/** Responsible for the worker's report about itself: which process it is, what it can do, which leases it holds. */
import { hostname } from 'node:os'
import { parseCredentialToken, type PresenceReport } from '@modelreins/contract'
import type { Clock } from '../../client/clock.ts'
import { version } from '../../version.ts'
import type { LiveValues } from '../settings/live-settings.ts'
import type { ResolvedOptions, Transport } from '../settings/options.ts'
import type { LiveLease } from '../job/live-attempts.ts'
import { ConfigReceipt } from '../settings/config-receipt.ts'
import { machineName } from '../settings/place.ts'
import type { ServerClock } from './server-clock.ts'

/** The contract's limit for leases in one report, which is also the maximum number of slots. */
const maxLeases = 256

export interface SelfReport extends PresenceReport {
  instance: string
}

export interface State {
  readonly live: LiveValues
  readonly status: 'idle' | 'busy' | 'stopping' | 'stopped'
  readonly leases: readonly LiveLease[]
  /** Whether to take the name over from another process. */
  readonly takeover: boolean
}

export class Identity {
  /** Unique to this process, also on the same machine and after a restart. */
  readonly instance: string
  /** With a member key, the name identifies the worker (the companion path); a worker token identifies it by itself. */
  readonly companion: { readonly worker?: string }
  readonly receipt = new ConfigReceipt()
  readonly #time: Pick<ServerClock, 'now'>
  readonly #machine: string | undefined
  #parkedUntil: string | undefined

  constructor(options: ResolvedOptions, clock: Clock, time: Pick<ServerClock, 'now'>) {
    this.#time = time
    this.#machine = machineName(options.machine)
    this.instance = `${this.#machine ?? 'worker'}:${process.pid}:${Math.floor(clock.random() * 0xffff_ffff).toString(36)}`.slice(-255)
    this.companion = parseCredentialToken(options.token)?.kind === 'member' ? { worker: options.name ?? hostname() } : {}
  }

  /**
   * The socket requires a worker token: a companion polls, unless `socket` was requested explicitly, in which case the server refuses it with a
   * message.
   */
  transportFor(wanted: Transport): Transport {
    return wanted === 'auto' && this.companion.worker !== undefined ? 'poll' : wanted
  }

  /** Records that the account that runs jobs is at a limit until then. `tell` is called when that is new. */
  park(until: string, tell: () => void): void {
    if (this.#parkedUntil !== undefined && Date.parse(this.#parkedUntil) >= Date.parse(until)) return
    this.#parkedUntil = until
    tell()
  }

  report(state: State): SelfReport {
    const configVersion = this.receipt.tell()
    const { slots, tags, networks, provider, model, place } = state.live
    return {
      instance: this.instance,
      status: state.status,
      tags: [...tags],
      networks: [...networks],
      slots,
      ...(provider === undefined ? {} : { provider }),
      ...(model === undefined ? {} : { model }),
      ...(place === undefined ? {} : { place }),
      machine: this.#machine ?? null,
      ...(configVersion === undefined ? {} : { config_version: configVersion }),
      details: { sdk: `node ${version}`, runtime: process.version, platform: `${process.platform}-${process.arch}` },
      leases: state.leases.slice(0, maxLeases).map(({ job_id, attempt }) => ({ job_id, attempt })),
      ...this.companion,
      ...(this.#parkedUntil !== undefined && Date.parse(this.#parkedUntil) > this.#time.now() ? { parked_until: this.#parkedUntil } : {}),
      ...(state.takeover ? { takeover: true } : {}),
    }
  }
}
