/** Responsible for BullMQ on Redis as a peer: bulk adds, and its own worker with its own concurrency. */
import { loadPeer, peerVersions } from './packages.ts'
import { inPortions, payload, result } from './peer.ts'
import type { Peer } from './peer.ts'
import { startRedis } from './services.ts'
import type { RedisFlush } from './services.ts'

interface Connection {
  readonly host: string
  readonly port: number
  readonly maxRetriesPerRequest: null
}
interface BullQueue {
  readonly add: (name: string, data: unknown) => Promise<unknown>
  readonly addBulk: (jobs: readonly { readonly name: string; readonly data: unknown }[]) => Promise<unknown>
  readonly close: () => Promise<void>
}
interface BullWorker {
  readonly on: (event: string, listener: (given: unknown) => void) => unknown
  readonly close: () => Promise<void>
}
interface BullMq {
  readonly Queue: new (name: string, options: { readonly connection: Connection }) => BullQueue
  readonly Worker: new (
    name: string,
    handler: () => Promise<string>,
    options: { readonly connection: Connection; readonly concurrency: number },
  ) => BullWorker
}

/** The name in the report, and the durability that this Redis guarantees. */
const kinds: Readonly<Record<RedisFlush, { readonly name: string; readonly promise: string }>> = {
  everysec: { name: 'BullMQ', promise: 'flushed every second' },
  always: { name: 'BullMQ with appendfsync always', promise: 'flushed before each answer' },
}

/** Starts BullMQ with its own Redis. */
export async function startBullMq(flush: RedisFlush): Promise<Peer> {
  const { Queue, Worker } = await loadPeer<BullMq>('bullmq')
  const redis = await startRedis(flush)
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null } as const
  const queue = new Queue('bench', { connection })
  const job = { name: 'job', data: payload }
  const work: NonNullable<Peer['work']> = async (concurrency, onDone) => {
    const worker = new Worker('bench', async () => result, { connection, concurrency })
    worker.on('completed', onDone)
    const report = (error: unknown): void => console.error('BullMQ:', error)
    worker.on('failed', report)
    worker.on('error', report)
    return () => worker.close()
  }
  return {
    name: kinds[flush].name,
    version: `BullMQ ${peerVersions()['bullmq']} on Redis ${redis.version} (append-only file, ${kinds[flush].promise})`,
    fill: (count) => inPortions(count, (size) => queue.addBulk(Array.from({ length: size }, () => job))),
    work,
    drain: async (count, concurrency) => {
      const begun = performance.now()
      let stop: () => Promise<void> = async () => undefined
      await new Promise<void>((resolve, reject) => {
        let left = count
        work(concurrency, () => (--left === 0 ? resolve() : undefined)).then((end) => (stop = end), reject)
      })
      const ms = performance.now() - begun
      await stop()
      return ms
    },
    add: () => queue.add(job.name, job.data),
    stop: async () => {
      await queue.close()
      await redis.stop()
    },
  }
}
