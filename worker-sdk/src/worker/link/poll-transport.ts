/** Responsible for the long poll for work, while the connection says that polling is on. */
import { limits, type ClaimPollReply, type Offer } from '@modelreins/contract'
import { fullJitter } from '../../client/backoff.ts'
import type { Client } from '../../client/client.ts'
import { pause, type Clock } from '../../client/clock.ts'
import type { Debug } from '../debug.ts'

export interface PollPorts {
  readonly client: Client
  readonly clock: Clock
  /** Fields that say who asks. */
  readonly identity: () => { readonly instance: string; readonly worker?: string }
  /** How many offers can be taken now; 0 while paused, drained or full. */
  readonly credit: () => number
  /** Settles when the credit may have changed. */
  readonly creditChange: (signal: AbortSignal) => Promise<void>
  readonly waitS: () => number
  readonly pollMs: () => number
  readonly onOffer: (offer: Offer) => void
  readonly onReply: (reply: ClaimPollReply) => void
  readonly onTrouble: (error: unknown) => void
  readonly debug: Debug
}

const backoff = { baseMs: 1_000, capMs: 30_000 }

/** Polls until `signal` aborts or `done` says so between two polls: a poll in flight is never cut, it may carry offers. */
export async function pollForWork(ports: PollPorts, signal: AbortSignal, done: () => boolean): Promise<void> {
  let failures = 0
  while (!signal.aborted && !done()) {
    const max = Math.min(ports.credit(), limits.claim_max)
    if (max === 0) {
      await ports.creditChange(signal)
      continue
    }
    const wait = ports.waitS()
    try {
      const reply = await ports.client.claims.poll({ max, wait, ...ports.identity() }, { signal, retry: false })
      failures = 0
      ports.onReply(reply)
      for (const offer of reply.offers) ports.onOffer(offer)
      // A server that does not hold polls sets the rhythm by ours.
      if (reply.offers.length === 0 && wait === 0) await pause(ports.clock, ports.pollMs(), signal)
    } catch (error) {
      if (signal.aborted) return
      ports.onTrouble(error)
      await pause(ports.clock, fullJitter(backoff, failures, ports.clock), signal)
      failures += 1
    }
  }
}
