/** Responsible for pg-boss and graphile-worker as peers on one PostgreSQL. */
import { loadPeer, peerVersions } from './packages.ts'
import { inPortions, payload } from './peer.ts'
import type { Peer } from './peer.ts'
import { startPostgres } from './services.ts'

interface PgBoss {
  readonly on: (event: 'error', listener: (error: unknown) => void) => unknown
  readonly start: () => Promise<unknown>
  readonly createQueue: (name: string) => Promise<unknown>
  readonly insert: (name: string, jobs: readonly { readonly data: unknown }[]) => Promise<unknown>
  readonly send: (name: string, data: unknown) => Promise<unknown>
  readonly fetch: (name: string, options: { readonly batchSize: number }) => Promise<readonly { readonly id: string }[]>
  readonly complete: (name: string, ids: string | readonly string[]) => Promise<unknown>
  readonly stop: (options: { readonly graceful: boolean }) => Promise<unknown>
}

/** Its worker polls every half second. Fetching and completing batches in a loop is faster and also documented, so that is measured. */
async function pgBoss(connectionString: string, on: string): Promise<Peer> {
  const { PgBoss } = await loadPeer<{ readonly PgBoss: new (options: object) => PgBoss }>('pg-boss')
  const boss = new PgBoss({ connectionString, max: 10 })
  boss.on('error', () => undefined)
  await boss.start()
  await boss.createQueue('bench')
  return {
    name: 'pg-boss',
    version: `pg-boss ${peerVersions()['pg-boss']} on ${on}`,
    fill: (count) =>
      inPortions(count, (size) =>
        boss.insert(
          'bench',
          Array.from({ length: size }, () => ({ data: payload })),
        ),
      ),
    drain: async (count, concurrency) => {
      const begun = performance.now()
      for (let left = count; left > 0;) {
        const jobs = await boss.fetch('bench', { batchSize: concurrency })
        if (jobs.length === 0) throw new Error(`pg-boss has no more jobs, ${left} before the end`)
        const [only] = jobs
        await boss.complete('bench', only !== undefined && jobs.length === 1 ? only.id : jobs.map((job) => job.id))
        left -= jobs.length
      }
      return performance.now() - begun
    },
    add: () => boss.send('bench', payload),
    stop: async () => {
      await boss.stop({ graceful: false })
    },
  }
}

interface GraphileUtils {
  readonly migrate: () => Promise<void>
  readonly addJob: (task: string, payload: unknown) => Promise<unknown>
  readonly addJobs: (jobs: readonly { readonly identifier: string; readonly payload: unknown }[]) => Promise<unknown>
  readonly release: () => Promise<void>
}
interface GraphileWorker {
  readonly makeWorkerUtils: (options: object) => Promise<GraphileUtils>
  readonly run: (options: object) => Promise<{ readonly stop: () => Promise<void> }>
  readonly Logger: new (factory: () => () => void) => object
}

interface PgClient {
  readonly on: (event: 'error', listener: (error: unknown) => void) => unknown
}
interface Pool {
  readonly on: (event: 'error' | 'connect', listener: (given: PgClient) => void) => Pool
  readonly end: () => Promise<void>
}
interface Pg {
  readonly default: { readonly Pool: new (options: object) => Pool }
}

/** Settings that its documentation recommends for many small jobs: 500 jobs are fetched ahead, and completed in batches. Off by default. */
const inBatches = { preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } } }

/** Uses our own pool: its own pool would end the bench when the server stops first. */
async function graphileWorker(connectionString: string, on: string, tuned: boolean): Promise<Peer> {
  const graphile = await loadPeer<GraphileWorker>('graphile-worker')
  const { default: pg } = await loadPeer<Pg>('pg')
  const pgPool = new pg.Pool({ connectionString, max: 20 })
  pgPool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined))
  const logger = new graphile.Logger(() => () => undefined)
  const tools = await graphile.makeWorkerUtils({ pgPool, logger })
  await tools.migrate()
  const task = tuned ? 'tuned' : 'bench'
  return {
    name: tuned ? 'graphile-worker in batches' : 'graphile-worker',
    version: `graphile-worker ${peerVersions()['graphile-worker']} on ${on}${tuned ? ', taking jobs ahead and completing them in batches' : ''}`,
    fill: (count) => inPortions(count, (size) => tools.addJobs(Array.from({ length: size }, () => ({ identifier: task, payload })))),
    drain: async (count, concurrency) => {
      let left = count
      let ended: () => void = () => undefined
      const all = new Promise<void>((resolve) => (ended = resolve))
      const handler = async (): Promise<void> => {
        left -= 1
        if (left === 0) ended()
      }
      const begun = performance.now()
      const runner = await graphile.run({
        pgPool,
        logger,
        concurrency,
        noHandleSignals: true,
        pollInterval: 100,
        taskList: { [task]: handler },
        ...(tuned ? inBatches : {}),
      })
      await all
      // `stop` waits until the last completions are stored.
      await runner.stop()
      return performance.now() - begun
    },
    add: () => tools.addJob(task, payload),
    stop: async () => {
      await tools.release()
      await pgPool.end()
    },
  }
}

/** Starts both on one server; the last `stop` ends the server. */
export async function startPgQueues(): Promise<readonly Peer[]> {
  const postgres = await startPostgres()
  const address = `postgres://bench@127.0.0.1:${postgres.port}/postgres`
  const on = `PostgreSQL ${postgres.version} (durable commits)`
  try {
    const peers = [await pgBoss(address, on), await graphileWorker(address, on, false), await graphileWorker(address, on, true)]
    let running = peers.length
    return peers.map((peer) => ({
      ...peer,
      stop: async () => {
        await peer.stop()
        running -= 1
        if (running === 0) await postgres.stop()
      },
    }))
  } catch (error) {
    await postgres.stop()
    throw error
  }
}
