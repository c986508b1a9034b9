/** Responsible for the long poll for work while the connection uses polling. */
import { limits, type ClaimPollReply, type Offer } from '@modelreins/contract'
import { fullJitter } from '../../client/backoff.ts'
import type { Client } from '../../client/client.ts'
import { pause, type Clock } from '../../client/clock.ts'
import type { Debug } from '../debug.ts'

export interface PollPorts {
  readonly client: Client
  readonly clock: Clock
  /** Fields that identify the worker. */
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

/**
 * Polls until `signal` aborts, or until `done` returns true between two polls. A poll in flight is not cancelled, because its answer may contain
 * offers.
 */
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
      // If the server does not hold polls, the worker waits between them itself.
      if (reply.offers.length === 0 && wait === 0) await pause(ports.clock, ports.pollMs(), signal)
    } catch (error) {
      if (signal.aborted) return
      ports.onTrouble(error)
      await pause(ports.clock, fullJitter(backoff, failures, ports.clock), signal)
      failures += 1
    }
  }
}
