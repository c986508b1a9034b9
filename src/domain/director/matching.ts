/** Responsible for whether a worker may do a job at all: every filter, and in words why not. */
import type {
  Capability,
  CatalogueRule,
  FallbackCause,
  PresenceState,
  Substrate,
  Usage,
  WorkerConfig,
  WorkerKind,
} from '@modelreins/contract'
import type { JobSpec } from '../job/job-machine.ts'
import type { BreakerView } from './breaker.ts'
import { traitsOf } from './catalogue.ts'

/** What a job asks of a worker. Jobs that ask for the same share a pool. */
export interface Requirements {
  readonly capability: string | null
  readonly pinned: string | null
  readonly tags: readonly string[]
  readonly networks: readonly string[]
  /** Absent in what asks for none, so that pools of older jobs keep their keys. */
  readonly substrate?: Substrate
  readonly provider: string | null
  readonly model: string | null
  /** Where inference must happen; absent: anywhere. */
  readonly mode?: 'local' | 'cloud'
  /** worker_ids. */
  readonly avoid?: readonly string[]
}

/** A worker as routing sees it: what the tenant declared and what the worker said of itself. */
export interface WorkerView {
  readonly worker_id: string
  readonly name: string
  readonly kind: WorkerKind
  readonly capabilities: readonly Capability[]
  readonly config: WorkerConfig
  /** The tenant's rule of the catalogue about what it runs; absent: none is. */
  readonly rule?: CatalogueRule | undefined
  readonly tags: readonly string[]
  readonly networks: readonly string[]
  readonly provider: string | null
  readonly model: string | null
  readonly paused: boolean
  readonly revoked: boolean
  /** Takes only jobs that name a capability, since some of its own ask a human (a setting of the tenant). */
  readonly named_only?: boolean
  /** Of a person: capabilities that workers of another substrate declare too. A job that names one of them names no person. */
  readonly shared?: readonly string[]
  readonly state: PresenceState
  /** Ends what it runs and takes no more; absent: it does not. */
  readonly stopping?: boolean
  readonly slots: number
  readonly running: number
  /** The job that works in its place, where only one at a time may; its own or another worker's. Absent: none does, or it does not matter. */
  readonly place_taken_by?: number
  /** Attempts that failed lately, and were lost lately. */
  readonly recent_failures: number
  readonly breaker: BreakerView
  /** When its account has quota again; null or absent while it has. */
  readonly parked_until?: number | null
  /** Mean duration of its recent jobs in milliseconds; null while unknown. */
  readonly mean_duration_ms: number | null
  readonly last_threads: readonly string[]
  /** What its newest jobs used, as far as they said. */
  readonly recent_usage?: readonly Usage[]
}

export const requirementsOf = (spec: JobSpec): Requirements => ({
  capability: spec.capability,
  pinned: spec.pinned,
  tags: [...spec.tags].sort(),
  networks: [...spec.networks].sort(),
  ...(spec.substrate === undefined ? {} : { substrate: spec.substrate }),
  provider: spec.provider,
  model: spec.model,
  ...(spec.mode === undefined ? {} : { mode: spec.mode }),
  ...(spec.avoid === undefined ? {} : { avoid: [...spec.avoid].sort() }),
})

export const isLive = (state: PresenceState): boolean => state !== 'offline'

const missing = (wanted: readonly string[], has: readonly string[]): readonly string[] => wanted.filter((item) => !has.includes(item))

/** A model is asked for by its full name or by a part of it that a person would say: `opus` fits `claude-opus-4`. */
const fits = (wanted: string, has: string | null): boolean => has !== null && has.toLowerCase().includes(wanted.toLowerCase())

export const substrateOf = (kind: WorkerKind): Substrate => (kind === 'companion' ? 'silicon' : kind)

/** Whether a job asks for this person: by the substrate, by target, or by a capability that only people have. */
const asksForPerson = (wants: Requirements, { worker_id, shared = [] }: WorkerView): boolean =>
  wants.substrate === 'carbon' || wants.pinned === worker_id || (wants.capability !== null && !shared.includes(wants.capability))

/** In one sentence, why this person may have a job that asks for one. */
export function whyPerson(wants: Requirements, worker: Pick<WorkerView, 'worker_id'>): string {
  if (wants.pinned === worker.worker_id) return 'It names you as its target.'
  if (wants.capability !== null && wants.substrate === undefined) return `It needs ${wants.capability}, which only people can do.`
  return wants.capability === null ? 'It asks for a person.' : `It asks for a person who can do ${wants.capability}.`
}

/** Reasons that keep this worker from the job for as long as nobody changes something; empty when it may have it. */
export const obstacles = (wants: Requirements, worker: WorkerView): readonly string[] => [...reasonsAgainst(wants, worker)]

/** Whether there is no reason: most of those who ask want to know no more, and stop at the first one. */
export function mayDo(wants: Requirements, worker: WorkerView): boolean {
  const found = reasonsAgainst(wants, worker).next()
  return found.done === true
}

function* reasonsAgainst(wants: Requirements, worker: WorkerView): Generator<string, undefined> {
  if (worker.revoked) yield 'is revoked'
  if (worker.paused) yield 'is paused'
  if (wants.pinned !== null && wants.pinned !== worker.worker_id) yield 'is not the target'
  if (wants.avoid?.includes(worker.worker_id) === true) yield 'is to be avoided'
  const locality = wants.mode === undefined ? undefined : traitsOf(worker).locality
  if (wants.mode !== locality)
    yield `runs ${locality === 'local' ? 'locally' : 'in the cloud'}, not ${wants.mode === 'local' ? 'locally' : 'in the cloud'}`
  if (wants.substrate !== undefined && wants.substrate !== substrateOf(worker.kind))
    yield `is of ${substrateOf(worker.kind)}, not ${wants.substrate}`
  else if (worker.kind === 'carbon' && !asksForPerson(wants, worker))
    yield 'is a person, and takes only jobs that ask for one: by target, by substrate carbon, or by a capability that only people have'
  if (wants.capability === null && worker.named_only === true)
    yield 'takes only jobs that name a capability, since it has some that need a decision'
  if (wants.capability !== null && !worker.capabilities.some((item) => item.name === wants.capability)) {
    yield `does not declare the capability ${wants.capability}`
  }
  const tags = missing(wants.tags, worker.tags)
  if (tags.length > 0) yield `lacks the tags ${tags.join(', ')}`
  const networks = missing(wants.networks, worker.networks)
  if (networks.length > 0) yield `is not on the networks ${networks.join(', ')}`
  if (wants.provider !== null && wants.provider !== worker.provider)
    yield `runs ${worker.provider ?? 'no known provider'}, not ${wants.provider}`
  if (wants.model !== null && !fits(wants.model, worker.model)) yield `has the model ${worker.model ?? 'unknown'}, not ${wants.model}`
  return undefined
}

/** Could begin something now: is there to stay, answers its offers, has quota, and is not kept from work by its breaker. */
export const isReady = ({ state, stopping, breaker, parked_until }: WorkerView): boolean =>
  isLive(state) && stopping !== true && state !== 'deaf' && breaker.state !== 'open' && parked_until == null

/** Why nobody could begin a waiting job, as a fallback chain sees it; undefined when somebody could, or soon can. */
export function hindranceOf(wants: Requirements, workers: readonly WorkerView[]): Exclude<FallbackCause, 'failed'> | undefined {
  const there = workers.filter((view) => isLive(view.state) && view.stopping !== true && mayDo(wants, view))
  if (there.length === 0) return 'offline'
  return there.every((view) => view.parked_until != null) ? 'rate_limited' : undefined
}
