/**
 * Responsible for finding the worker that would get a job without examining all workers: a worker is viewed again only when something that its view
 * depends on has changed, and for each kind of job the eligible workers are kept in order. The result equals that of `best` over `workforce`.
 */
import { stopsRunning } from '../../../../src/domain/killswitch.ts'
import { compareVerdicts, verdictOf } from '../../../../src/domain/director/director.ts'
import type { JobView, Verdict } from '../../../../src/domain/director/director.ts'
import { isReady } from '../../../../src/domain/director/matching.ts'
import type { Requirements, WorkerView } from '../../../../src/domain/director/matching.ts'
import { parkingKey } from '../../../../src/domain/director/parking.ts'
import { placeOf } from '../../../../src/domain/director/place.ts'
import { keyOfKind, kindOf, Ranking } from '../../../../src/domain/director/ranking.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { liveUntil, viewOf } from './worker-view.ts'

type Seeing = Pick<CommandContext, 'at' | 'store' | 'live'>

interface Entry {
  readonly view: WorkerView
  /** The worker was found present, and until this time (milliseconds since 1970) only an event can change that. */
  readonly until: number
  readonly place: string | undefined
  readonly threads: readonly string[]
}

/** Most entries of all rankings together; beyond that the least recently used ranking is dropped. */
const mostPlaces = 100_000

/** Values that all views depend on, as they were when the views were made. */
interface Surroundings {
  readonly stopped: boolean
  readonly namedOnly: boolean | undefined
  readonly catalogue: object
}

const surroundingsOf = ({ store }: Seeing): Surroundings => ({
  stopped: stopsRunning(store.killswitch.state().level),
  namedOnly: store.settings.requireCapability(),
  catalogue: store.catalogue.get(),
})

export class Roster {
  readonly #entries = new Map<string, Entry>()
  /** Rankings by kind of job, the most recently used last. `read`: position in the list of changes up to which the ranking is current. */
  readonly #rankings = new Map<string, { readonly ranking: Ranking; read: number }>()
  /** Ids of workers that were viewed again. The first entry has the position `#dropped`. */
  #changes: string[] = []
  #dropped = 0
  /** By thread, the ids of workers that worked on it recently. */
  readonly #byThread = new Map<string, Set<string>>()
  readonly #byPlace = new Map<string, Set<string>>()
  /** By worker, when its breaker or parking ends, milliseconds since 1970. */
  readonly #ends = new Map<string, number>()
  #nextEnd = Number.POSITIVE_INFINITY
  /** Workers on a socket that have not been heard for long. The platform answers pings, so the object is not told of the next one and must check. */
  readonly #quiet = new Set<string>()
  #newest: object | undefined
  /** Ids of workers that have changed since the last view; undefined before the first view, which covers all workers. */
  #unread: Readonly<Record<'workers' | 'presence' | 'leases' | 'sockets', Set<string>>> | undefined
  #surroundings: Surroundings | undefined
  #parkings: Readonly<Record<string, number>> = {}
  #at = Number.NEGATIVE_INFINITY

  /** The best worker that may do the job; undefined when none may. A pinned job has no choice and must not be passed. */
  best(ctx: Seeing, job: JobView): Verdict | undefined {
    this.#sync(ctx)
    const { avoid = [] } = job.wants
    const named = new Set([...(job.prefer ?? []), ...(job.thread_id === null ? [] : (this.#byThread.get(job.thread_id) ?? []))])
    let found: Verdict | undefined
    for (const id of named) {
      const view = this.#viewNow(ctx, id)
      const verdict = view === undefined ? undefined : verdictOf(job, view, ctx.at)
      if (verdict?.eligible === true && (found === undefined || compareVerdicts(verdict, found) < 0)) found = verdict
    }
    const others = this.#inOrder(ctx, job, (id) => !named.has(id) && !avoid.includes(id)).next()
    if (others.done === true) return found
    return found === undefined || compareVerdicts(others.value, found) < 0 ? verdictOf(job, others.value.worker, ctx.at) : found
  }

  /**
   * Workers that may do what is wanted and for which `asked` is true, best first, computed as the caller advances. Changes in between may reorder
   * those that are still to come; no worker is returned twice.
   */
  *candidates(ctx: Seeing, wants: Requirements, asked: (workerId: string) => boolean): Generator<WorkerView, undefined> {
    this.#sync(ctx)
    const { avoid = [], pinned } = wants
    if (pinned !== null) {
      const verdict = asked(pinned) ? this.#judge(ctx, wants, pinned) : undefined
      if (verdict?.eligible === true) yield verdict.worker
      return undefined
    }
    const job: JobView = { wants, effort: 'standard', thread_id: null }
    for (const { worker } of this.#inOrder(ctx, job, (id) => asked(id) && !avoid.includes(id))) yield worker
    return undefined
  }

  /** Whether a worker other than `but` could begin such a job now. */
  isAnybodyReady(ctx: Seeing, wants: Requirements, but: string | null): boolean {
    for (const view of this.candidates(ctx, wants, (id) => id !== but)) if (isReady(view)) return true
    return false
  }

  #judge(ctx: Seeing, wants: Requirements, id: string): Verdict | undefined {
    const view = this.#viewNow(ctx, id)
    return view === undefined ? undefined : verdictOf({ wants, effort: 'standard', thread_id: null }, view, ctx.at)
  }

  *#inOrder(ctx: Seeing, job: JobView, asked: (workerId: string) => boolean): Generator<Verdict, undefined> {
    const told = new Set<string>()
    let ranking = this.#rankingFor(ctx, job)
    let { version } = ranking
    for (let index = 0; ;) {
      const verdict = ranking.at(index)
      if (verdict === undefined) return undefined
      const { worker_id } = verdict.worker
      if (told.has(worker_id) || !asked(worker_id)) {
        index += 1
        continue
      }
      // Time alone never improves a worker's rank, so the first one that is still present is the best.
      if (this.#isOld(ctx, worker_id)) {
        this.#look(ctx, worker_id)
      } else {
        told.add(worker_id)
        yield verdict
        index += 1
      }
      const now = this.#rankingFor(ctx, job)
      if (now !== ranking || now.version !== version) index = 0
      ranking = now
      version = now.version
    }
  }

  #isOld({ at }: Seeing, id: string): boolean {
    return (this.#entries.get(id)?.until ?? Number.POSITIVE_INFINITY) < at
  }

  #viewNow(ctx: Seeing, id: string): WorkerView | undefined {
    if (this.#isOld(ctx, id)) this.#look(ctx, id)
    return this.#entries.get(id)?.view
  }

  /** The ranking for this kind of job, created or brought up to date. */
  #rankingFor(ctx: Seeing, job: JobView): Ranking {
    const key = keyOfKind(job)
    const known = this.#rankings.get(key)
    const end = this.#dropped + this.#changes.length
    if (known !== undefined && known.read >= this.#dropped) {
      for (let at = known.read; at < end; at += 1) {
        const id = this.#changes[at - this.#dropped] ?? ''
        const entry = this.#entries.get(id)
        if (entry === undefined) known.ranking.delete(id)
        else known.ranking.set(entry.view, ctx.at)
      }
      known.read = end
      if (known !== this.#newest) {
        this.#rankings.delete(key)
        this.#rankings.set(key, known)
        this.#newest = known
      }
      return known.ranking
    }
    const views = [...this.#entries.values()].map(({ view }) => view)
    const made = { ranking: new Ranking(kindOf(job), views, ctx.at), read: end }
    this.#rankings.delete(key)
    this.#rankings.set(key, made)
    this.#newest = made
    let places = 0
    for (const { ranking } of this.#rankings.values()) places += ranking.size + 1
    for (const [oldest, { ranking }] of this.#rankings) {
      if (places <= mostPlaces || oldest === key) break
      this.#rankings.delete(oldest)
      places -= ranking.size + 1
    }
    return made.ranking
  }

  /** Views again every worker that has changed since the last call. */
  #sync(ctx: Seeing): void {
    const { store, live, at } = ctx
    this.#unread ??= {
      workers: store.workers.changed.reader(),
      presence: live.presence.changed.reader(),
      leases: live.leases.changed.reader(),
      sockets: live.sockets.changed.reader(),
    }
    const unread = this.#unread
    const now = surroundingsOf(ctx)
    const before = this.#surroundings
    const same =
      before !== undefined &&
      before.stopped === now.stopped &&
      before.namedOnly === now.namedOnly &&
      before.catalogue === now.catalogue &&
      at >= this.#at
    this.#at = at
    this.#surroundings = now
    const parkings = store.parkings.all()
    if (!same) {
      for (const ids of Object.values(unread)) ids.clear()
      this.#parkings = parkings
      for (const id of [...this.#entries.keys()]) if (store.workers.getActive(id) === undefined) this.#look(ctx, id)
      for (const { worker_id } of store.workers.active()) this.#look(ctx, worker_id)
      return
    }
    if (parkings !== this.#parkings) this.#reparked(ctx, parkings)
    for (const ids of [unread.presence, unread.sockets]) {
      for (const id of ids) this.#look(ctx, id)
      ids.clear()
    }
    for (const ids of [unread.workers, unread.leases]) {
      for (const id of ids) this.#lookAround(ctx, id)
      ids.clear()
    }
    for (const id of [...this.#quiet]) this.#look(ctx, id)
    if (this.#nextEnd > at) return
    for (const [id, end] of [...this.#ends]) if (end <= at) this.#look(ctx, id)
    this.#nextEnd = Math.min(Number.POSITIVE_INFINITY, ...this.#ends.values())
  }

  #reparked(ctx: Seeing, parkings: Readonly<Record<string, number>>): void {
    const before = this.#parkings
    this.#parkings = parkings
    const keys = new Set([...Object.keys(before), ...Object.keys(parkings)].filter((key) => before[key] !== parkings[key]))
    if (keys.size === 0) return
    for (const worker of ctx.store.workers.active()) if (keys.has(parkingKey(worker))) this.#look(ctx, worker.worker_id)
  }

  /** Also views the workers in the same place: only one of them works at a time. */
  #lookAround(ctx: Seeing, id: string): void {
    this.#look(ctx, id)
    this.#lookAtMates(ctx, id, this.#entries.get(id)?.place)
  }

  #lookAtMates(ctx: Seeing, id: string, place: string | undefined): void {
    if (place === undefined) return
    for (const mate of [...(this.#byPlace.get(place) ?? [])]) if (mate !== id) this.#look(ctx, mate)
  }

  #look(ctx: Seeing, id: string): void {
    const before = this.#entries.get(id)
    const worker = ctx.store.workers.getActive(id)
    this.#ends.delete(id)
    this.#quiet.delete(id)
    this.#note(id)
    if (worker === undefined) {
      this.#entries.delete(id)
      this.#list(id, before, undefined)
      this.#lookAtMates(ctx, id, before?.place)
      return
    }
    const view = viewOf(ctx, worker)
    // An offline worker is viewed again only when an event about it arrives.
    const until = view.state === 'offline' ? Number.POSITIVE_INFINITY : Math.max(ctx.at, liveUntil(ctx, worker))
    const entry: Entry = { view, until, place: placeOf(worker), threads: view.last_threads }
    this.#entries.set(id, entry)
    this.#list(id, before, entry)
    const end = Math.min(view.breaker.until ?? Number.POSITIVE_INFINITY, view.parked_until ?? Number.POSITIVE_INFINITY)
    if (end < Number.POSITIVE_INFINITY) {
      this.#ends.set(id, end)
      this.#nextEnd = Math.min(this.#nextEnd, end)
    }
    if (view.state === 'offline' && ctx.live.sockets.ofWorker(id) !== undefined) this.#quiet.add(id)
    // The worker has moved to another place, and its job with it: the other workers of both places are affected.
    if (before?.place !== entry.place) for (const place of [before?.place, entry.place]) this.#lookAtMates(ctx, id, place)
  }

  #note(id: string): void {
    // A ranking that is this many changes behind is faster to build again.
    if (this.#changes.length > 2 * this.#entries.size + 1_000) {
      this.#dropped += this.#changes.length
      this.#changes = []
    }
    this.#changes.push(id)
  }

  #list(id: string, before: Entry | undefined, now: Entry | undefined): void {
    if (before?.place !== now?.place) {
      takeOut(this.#byPlace, before?.place, id)
      putIn(this.#byPlace, now?.place, id)
    }
    if (before?.threads === now?.threads) return
    for (const thread of before?.threads ?? []) takeOut(this.#byThread, thread, id)
    for (const thread of now?.threads ?? []) putIn(this.#byThread, thread, id)
  }
}

function putIn(sets: Map<string, Set<string>>, key: string | undefined, id: string): void {
  if (key !== undefined) sets.set(key, (sets.get(key) ?? new Set()).add(id))
}

function takeOut(sets: Map<string, Set<string>>, key: string | undefined, id: string): void {
  if (key === undefined) return
  const known = sets.get(key)
  known?.delete(id)
  if (known?.size === 0) sets.delete(key)
}
