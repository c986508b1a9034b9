/**
 * Responsible for the pace at which a tenant sends requests to others by itself: a few at once, what is due first, and being awake for the rest. It
 * knows neither what is sent nor to whom.
 */
import type { Live } from './context.ts'
import type { Host } from './host.ts'

/** In one go: receivers that never answer must not hold the alarm for long. */
const rounds = 20
/** Longer than any one takes. */
const strandedMs = 60_000

export interface Sending<Id, Item> {
  /** A Worker has six connections; the tenant's own traffic needs some. */
  readonly atOnce: number
  readonly now: () => number
  readonly waitUntil: (promise: Promise<unknown>) => void
  /** Something new is due at `dueAt`. */
  readonly rearm: () => void
  readonly idOf: (item: Item) => Id
  /** What is to be sent now, longest overdue first, less those that are on their way. */
  readonly due: (at: number, limit: number, except: readonly Id[]) => readonly Item[]
  /** When the next one is due, less those that are on their way; undefined when there is none. Cheap while there is nothing. */
  readonly nextDue: (except: readonly Id[]) => number | undefined
  /** Sends one and notes what came of it. Never throws. */
  readonly send: (item: Item) => Promise<void>
}

export class PacedSending<Id, Item> {
  readonly #sending: Sending<Id, Item>
  readonly #underway = new Set<Id>()

  constructor(sending: Sending<Id, Item>) {
    this.#sending = sending
  }

  /**
   * When to be awake for sending, in milliseconds; infinite when there is nothing to send. What is on its way counts too: an eviction
   * meanwhile must not strand it.
   */
  get dueAt(): number {
    const { now, atOnce } = this.#sending
    const stranded = this.#underway.size === 0 ? Number.POSITIVE_INFINITY : now() + strandedMs
    // With as many on their way as there may be, the next one starts when one of them has ended.
    return this.#underway.size >= atOnce ? stranded : Math.min(this.#waitingAt, stranded)
  }

  get #waitingAt(): number {
    return this.#sending.nextDue([...this.#underway]) ?? Number.POSITIVE_INFINITY
  }

  /** Sends what is due, without anybody waiting. */
  tend(): void {
    const { now, waitUntil } = this.#sending
    if (this.#waitingAt <= now()) waitUntil(this.flush())
  }

  /** Sends what is due, for a while; the rest when `dueAt` comes. Never throws. */
  async flush(): Promise<void> {
    const { due, now, atOnce } = this.#sending
    for (let round = 0; round < rounds; round += 1) {
      const room = atOnce - this.#underway.size
      const items = room < 1 ? [] : due(now(), room, [...this.#underway])
      if (items.length === 0) return
      await Promise.all(items.map((item) => this.#send(item)))
    }
  }

  async #send(item: Item): Promise<void> {
    const { idOf, send, rearm } = this.#sending
    this.#underway.add(idOf(item))
    try {
      await send(item)
    } finally {
      this.#underway.delete(idOf(item))
      rearm()
    }
  }
}

interface Awake {
  readonly at: number
  readonly live: Live
}

/** What a room that sends at a pace hands to the kernel: when its duty is due, what its effect does, and what the alarm waits for. */
export const atItsPace = (paceOf: (live: Live) => Pick<PacedSending<unknown, unknown>, 'dueAt' | 'tend' | 'flush'>) => ({
  // What is due now is sent by the sweep that asks.
  next: ({ at, live }: Awake): number | undefined => (paceOf(live).dueAt > at ? paceOf(live).dueAt : undefined),
  send: ({ live }: Pick<Awake, 'live'>): void => {
    paceOf(live).tend()
    live.due.hint(paceOf(live).dueAt)
  },
  flush: ({ live }: Pick<Awake, 'live'>): Promise<void> => paceOf(live).flush(),
})

/** What sending needs of the host; `paceOf` is asked when something new is due. */
export function sendingPorts(host: Host, paceOf: () => Pick<PacedSending<unknown, unknown>, 'dueAt'>) {
  const { tenant, store, allowedHosts, now, random, waitUntil, live, rearm } = host
  return {
    tenant,
    store,
    allowedHosts,
    now,
    random,
    waitUntil,
    fetch: (url: string, init: RequestInit) => fetch(url, init),
    rearm: () => {
      live.due.hint(paceOf().dueAt)
      rearm()
    },
  }
}
