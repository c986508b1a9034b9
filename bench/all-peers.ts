/** Responsible for starting the peers that can run on this machine, and for explaining why others cannot. */
import { startBullMq } from './peers/bullmq.ts'
import { installPeers } from './peers/packages.ts'
import type { Peer } from './peers/peer.ts'
import { startPgQueues } from './peers/pg-queues.ts'
import { PeerMissing } from './peers/services.ts'

export interface Peers {
  readonly running: readonly Peer[]
  /** The versions of the peers, and which are left out and why. */
  readonly notes: readonly string[]
  readonly stop: () => Promise<void>
}

/** `MODELREINS_BENCH_PEERS=none` leaves them out, for a machine without a network. */
const wanted = (): boolean => process.env['MODELREINS_BENCH_PEERS'] !== 'none'

export async function startPeers(which: 'bullmq' | 'all'): Promise<Peers> {
  const running: Peer[] = []
  const notes: string[] = []
  const start = async (begin: () => Promise<readonly Peer[]>): Promise<void> => {
    try {
      running.push(...(await begin()))
    } catch (error) {
      // Without this peer, our own figures are still useful.
      const message = error instanceof Error ? error.message : String(error)
      notes.push(error instanceof PeerMissing ? message : `Another queue is left out, since it did not start: ${message}`)
    }
  }
  if (wanted()) {
    const refusal = installPeers((line) => console.error(line))
    if (refusal !== undefined) notes.push(refusal)
    else {
      await start(async () => [await startBullMq('everysec')])
      if (which === 'all') {
        await start(async () => [await startBullMq('always')])
        await start(startPgQueues)
      }
    }
  } else notes.push('Other queues were left out (--no-peers).')
  notes.unshift(...running.map((peer) => peer.version))
  return {
    running,
    // Both kinds of BullMQ may report the same missing program.
    notes: [...new Set(notes)],
    stop: async () => {
      for (const peer of running) await peer.stop()
    },
  }
}
