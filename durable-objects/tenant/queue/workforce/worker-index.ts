/** Responsible for finding active workers by id, name, place, member and declared capability without examining all of them. */
import type { RiskTier } from '@modelreins/contract'
import { placeOf } from '../../../../src/domain/director/place.ts'
import type { WorkerRecord } from './worker-store.ts'

const nobody: ReadonlySet<string> = new Set()

/** For one capability: how many workers declare it under each tier, and how many of all declaring workers are not people. */
interface Declarations {
  readonly byTier: Map<RiskTier, number>
  others: number
}

export class WorkerIndex {
  readonly #byId = new Map<string, WorkerRecord>()
  readonly #byName = new Map<string, string>()
  readonly #byMember = new Map<string, string>()
  readonly #byPlace = new Map<string, Set<string>>()
  readonly #declared = new Map<string, Declarations>()

  constructor(workers: Iterable<WorkerRecord>) {
    for (const worker of workers) this.set(worker)
  }

  /** Adds or replaces a worker; a known one keeps its position in the order. */
  set(worker: WorkerRecord): void {
    const before = this.#byId.get(worker.worker_id)
    if (before !== undefined) this.#unlist(before)
    this.#byId.set(worker.worker_id, worker)
    this.#byName.set(worker.name, worker.worker_id)
    if (worker.member_id !== null) this.#byMember.set(worker.member_id, worker.worker_id)
    const place = placeOf(worker)
    if (place !== undefined) this.#byPlace.set(place, (this.#byPlace.get(place) ?? new Set()).add(worker.worker_id))
    this.#declares(worker, 1)
  }

  #declares({ kind, capabilities }: WorkerRecord, by: 1 | -1): void {
    for (const { name, risk_tier } of capabilities) {
      const known = this.#declared.get(name) ?? { byTier: new Map(), others: 0 }
      this.#declared.set(name, known)
      known.byTier.set(risk_tier, (known.byTier.get(risk_tier) ?? 0) + by)
      if (known.byTier.get(risk_tier) === 0) known.byTier.delete(risk_tier)
      if (kind !== 'carbon') known.others += by
      if (known.byTier.size === 0) this.#declared.delete(name)
    }
  }

  delete(id: string): void {
    const worker = this.#byId.get(id)
    if (worker === undefined) return
    this.#unlist(worker)
    this.#byId.delete(id)
  }

  #unlist(worker: WorkerRecord): void {
    if (this.#byName.get(worker.name) === worker.worker_id) this.#byName.delete(worker.name)
    if (worker.member_id !== null && this.#byMember.get(worker.member_id) === worker.worker_id) this.#byMember.delete(worker.member_id)
    const place = placeOf(worker)
    const mates = place === undefined ? undefined : this.#byPlace.get(place)
    mates?.delete(worker.worker_id)
    if (place !== undefined && mates?.size === 0) this.#byPlace.delete(place)
    this.#declares(worker, -1)
  }

  get size(): number {
    return this.#byId.size
  }

  all(): IterableIterator<WorkerRecord> {
    return this.#byId.values()
  }

  get(id: string): WorkerRecord | undefined {
    return this.#byId.get(id)
  }

  named(name: string): WorkerRecord | undefined {
    const id = this.#byName.get(name)
    return id === undefined ? undefined : this.#byId.get(id)
  }

  ofMember(memberId: string): WorkerRecord | undefined {
    const id = this.#byMember.get(memberId)
    return id === undefined ? undefined : this.#byId.get(id)
  }

  hasPeople(): boolean {
    return this.#byMember.size > 0
  }

  inPlace(place: string): ReadonlySet<string> {
    return this.#byPlace.get(place) ?? nobody
  }

  /** Whether a worker that is not a person declares it. */
  isDeclaredByOthers(capability: string): boolean {
    return (this.#declared.get(capability)?.others ?? 0) > 0
  }

  /** The tiers under which it is declared; empty when no worker declares it. */
  tiersOf(capability: string): Iterable<RiskTier> {
    return this.#declared.get(capability)?.byTier.keys() ?? []
  }
}
