/** Responsible for registering the queue with the kernel: jobs, the pools they wait in, and the workers that may take them. */
import { limits } from '@modelreins/contract'
import type { LeaseToken, ServerFrame } from '@modelreins/contract'
import { SocketBook } from '../connections/socket-book.ts'
import { Waiters } from '../connections/waiters.ts'
import { WatchBook } from '../connections/watch-book.ts'
import type { Live, ReadContext } from '../kernel/context.ts'
import type { PruneContext, Room } from '../kernel/room.ts'
import { extendAfterJump } from './extend-after-jump.ts'
import { attemptCommands, leaseUntil } from './commands/attempts.ts'
import { bulkCommands } from './commands/bulk.ts'
import { claimCommands } from './commands/claims.ts'
import { dispatchCommands } from './commands/dispatch.ts'
import { contextCommands } from './commands/job-context.ts'
import { jobCommands } from './commands/jobs.ts'
import { ErasedJobs } from './erased-jobs.ts'
import { notifyPruned } from './hold.ts'
import { waitForJobs, waitForOffers } from './long-poll.ts'
import type { FallbackBook } from './fallback-book.ts'
import { JobStore } from './job-store.ts'
import { KeyStore } from './key-store.ts'
import { LeaseBook } from './lease-book.ts'
import { PoolStore } from './pool-store.ts'
import { closeJobStream } from './stream-end.ts'
import type { StreamClosing } from './stream-end.ts'
import { StreamTrust } from './stream-trust.ts'
import type { EndedRight } from './stream-trust.ts'
import { queueDuty } from './sweep.ts'
import { WakeQueue } from './wake.ts'
import { CatalogueStore } from './workforce/catalogue-store.ts'
import { SettingsStore } from './workforce/settings-store.ts'
import { KillswitchStore } from './workforce/killswitch-store.ts'
import { ParkingStore } from './workforce/parking-store.ts'
import { PresenceBook } from './workforce/presence-book.ts'
import { Roster } from './workforce/roster.ts'
import { WorkerStore } from './workforce/worker-store.ts'
import type { WorkerRecord } from './workforce/worker-store.ts'

/** Who may have created a job: what the queue needs to know about members and other creators. */
interface Requesters {
  nameOf(id: string): string | undefined
  /** Id of the creator that has this name or id now, or had it last. */
  idOf(nameOrId: string): string | undefined
}

declare module '../kernel/context.ts' {
  interface Store {
    readonly erased: ErasedJobs
    readonly jobs: JobStore
    readonly keys: KeyStore
    readonly killswitch: KillswitchStore
    readonly settings: SettingsStore
    readonly catalogue: CatalogueStore
    readonly parkings: ParkingStore
    readonly pools: PoolStore
    /** Provided by members/. */
    readonly requesters: Requesters
    readonly workers: WorkerStore
  }
  interface Live {
    readonly leases: LeaseBook
    readonly presence: PresenceBook
    /** Finds the worker that would get a job, without examining all workers. */
    readonly roster: Roster
    readonly sockets: SocketBook
    readonly waiters: Waiters
    /** Pools that may have claimable jobs; a pool that turns out to be empty is removed. */
    readonly occupied: Set<number>
    readonly wakeQueue: WakeQueue
    readonly watches: WatchBook
    readonly fallback: FallbackBook
    readonly streamTrust: StreamTrust
  }
  interface Callers {
    worker: { readonly worker: WorkerRecord }
    lease: { readonly worker: WorkerRecord; readonly lease: Omit<LeaseToken, 'signed' | 'mac'> }
  }
  interface Effects {
    /** A pool may have work for a worker. */
    wake: { readonly pool: number }
    /** A worker may be able to take more jobs. */
    feed: { readonly worker_id: string }
    /** Frames for a worker, in one message; dropped when it has no socket (workers/). */
    push: { readonly worker_id: string; readonly frames: readonly ServerFrame[] }
    /** Answers every held poll now, with or without work. */
    release_polls: object
    close_stream: StreamClosing
    /** A right has ended: streams disconnect its viewers, and check their writers again. */
    distrust: EndedRight
  }
}

/** Finds the occupied pools, and gives every running job one fresh lease, because the leases in memory are lost. */
function restore({ at, store, live }: ReadContext): void {
  for (const pool of store.jobs.occupiedPools()) live.occupied.add(pool)
  for (const id of store.jobs.fallingBack()) live.fallback.waiting.add(id)
  // The first check waits until present workers have had time to report, so that no job moves away from one.
  live.fallback.lookAt = at + limits.presence_ms
  for (const job of store.jobs.due(0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)) {
    if (job.worker_id === null) continue
    const heard = job.long_lease ? null : live.sockets.heardAt(job.worker_id)
    // A hibernated socket knows when its worker was last heard. The wake-up itself is no sign of life and does not extend the lease.
    const silent = job.long_lease ? leaseUntil({ at, store }, job) : at + limits.cold_start_grace_ms
    const expires_at = heard === null ? silent : heard + limits.lease_ms
    const person = job.spec.person !== undefined
    live.leases.grant({ job_id: job.id, worker_id: job.worker_id, attempt: job.attempt, long: job.long_lease, person, expires_at })
  }
}

/** Offers, and leases without a socket, exist only in memory, so the object must not be evicted while it has any. */
const awake = ({ leases, sockets }: Live): boolean =>
  !leases.offers().next().done || leases.renewsUnheard((worker) => sockets.ofWorker(worker) !== undefined)

function prune(pruning: PruneContext): void {
  const { at, store, live, atOnce } = pruning
  const before = at - store.settings.get('retention_days') * 86_400_000
  // An ended job is in D1 once the audit row of its end is shipped; before that, this row is the only copy.
  if (live.trail.isShipped(before)) store.jobs.prune(before, atOnce, (old) => notifyPruned(pruning, old))
  store.keys.forget(at - limits.idempotency_ms)
}

export const queueRoom = {
  name: 'queue',
  commands: { ...attemptCommands, ...bulkCommands, ...claimCommands, ...contextCommands, ...dispatchCommands, ...jobCommands },
  tables: ({ db, values, forget }) => ({
    erased: new ErasedJobs(db),
    jobs: new JobStore(db, forget, values),
    keys: new KeyStore(db, forget),
    killswitch: new KillswitchStore(values),
    settings: new SettingsStore(values),
    catalogue: new CatalogueStore(values),
    parkings: new ParkingStore(values),
    pools: new PoolStore(db, forget),
    workers: new WorkerStore(db, forget),
  }),
  memory: (host) => ({
    leases: new LeaseBook(),
    presence: new PresenceBook(),
    roster: new Roster(),
    sockets: new SocketBook(host.state),
    waiters: new Waiters(host.setTimer),
    occupied: new Set<number>(),
    wakeQueue: new WakeQueue(),
    watches: new WatchBook(),
    fallback: { waiting: new Set<number>(), lookAt: 0 },
    streamTrust: new StreamTrust(host),
  }),
  restore,
  duties: [queueDuty],
  onJump: extendAfterJump,
  awake,
  effects: {
    wake: ({ live }, { pool }) => live.wakeQueue.addPool(pool),
    feed: ({ live }, { worker_id }) => live.wakeQueue.addWorker(worker_id),
    release_polls: ({ live }) => live.waiters.wakeAll(),
    close_stream: closeJobStream,
    distrust: ({ live }, right) => live.streamTrust.distrust(right),
  },
  onCommit: (host) => host.live.wakeQueue.flush(host),
  prune,
  waits: { 'claims.poll': waitForOffers, 'claims.inbox': waitForJobs },
} satisfies Room
