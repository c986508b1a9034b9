/**
 * Responsible for pacing the requests that a tenant sends in the background: a few at a time, the longest due first, with an alarm for the
 * rest. It does not depend on what is sent, or to whom.
 */
import type { Live } from './context.ts'
import type { Host } from './host.ts'

/** The most rounds of one flush, so that receivers that never answer do not keep the alarm running for long. */
const rounds = 20
/** When to wake for a request in progress, milliseconds: longer than any request takes. */
const strandedMs = 60_000

export interface Sending<Id, Item> {
  /** The most concurrent requests. A Worker has six connections (platform limit), and the tenant's other calls need some. */
  readonly atOnce: number
  readonly now: () => number
  readonly waitUntil: (promise: Promise<unknown>) => void
  /** Called when `dueAt` has changed. */
  readonly rearm: () => void
  readonly idOf: (item: Item) => Id
  /** The items that are due, longest overdue first, without those in `except`, which are being sent. */
  readonly due: (at: number, limit: number, except: readonly Id[]) => readonly Item[]
  /**
   * When the next item is due, milliseconds since 1970, without those in `except`; undefined when there is none. Must be cheap when nothing
   * waits, because it is called often.
   */
  readonly nextDue: (except: readonly Id[]) => number | undefined
  /** Sends one item and records the outcome. Never throws. */
  readonly send: (item: Item) => Promise<void>
}

export class PacedSending<Id, Item> {
  readonly #sending: Sending<Id, Item>
  readonly #underway = new Set<Id>()

  constructor(sending: Sending<Id, Item>) {
    this.#sending = sending
  }

  /**
   * When the object must be awake for sending, milliseconds since 1970; infinite when there is nothing to send. Requests in progress count too,
   * because an eviction would lose them.
   */
  get dueAt(): number {
    const { now, atOnce } = this.#sending
    const stranded = this.#underway.size === 0 ? Number.POSITIVE_INFINITY : now() + strandedMs
    // At the limit of concurrent requests, the end of one starts the next, so no alarm is needed for waiting items.
    return this.#underway.size >= atOnce ? stranded : Math.min(this.#waitingAt, stranded)
  }

  get #waitingAt(): number {
    return this.#sending.nextDue([...this.#underway]) ?? Number.POSITIVE_INFINITY
  }

  /** Sends due items in the background. */
  tend(): void {
    const { now, waitUntil } = this.#sending
    if (this.#waitingAt <= now()) waitUntil(this.flush())
  }

  /** Sends due items, up to a number of rounds; the rest follow at `dueAt`. Never throws. */
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

/** The parts of a room with paced sending: `next` for its duty, `send` for its effect, `flush` for its `finish`. */
export const atItsPace = (paceOf: (live: Live) => Pick<PacedSending<unknown, unknown>, 'dueAt' | 'tend' | 'flush'>) => ({
  // Items that are due now are left out: the duty's run, which precedes this call, has requested their sending.
  next: ({ at, live }: Awake): number | undefined => (paceOf(live).dueAt > at ? paceOf(live).dueAt : undefined),
  send: ({ live }: Pick<Awake, 'live'>): void => {
    paceOf(live).tend()
    live.due.hint(paceOf(live).dueAt)
  },
  flush: ({ live }: Pick<Awake, 'live'>): Promise<void> => paceOf(live).flush(),
})

/** The host's parts that a sender needs; `paceOf` is called when the next due time has changed. */
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
