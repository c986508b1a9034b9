/** Responsible for whether a worker may do a job at all: every filter, and the reasons in words. */
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

/** What a job requires of a worker. Jobs with the same requirements share a pool. */
export interface Requirements {
  readonly capability: string | null
  readonly pinned: string | null
  readonly tags: readonly string[]
  readonly networks: readonly string[]
  /** Absent when a job requires none, so that pools of older jobs keep their keys. */
  readonly substrate?: Substrate
  readonly provider: string | null
  readonly model: string | null
  /** Where inference must happen; absent: anywhere. */
  readonly mode?: 'local' | 'cloud'
  /** worker_ids. */
  readonly avoid?: readonly string[]
}

/** A worker as routing sees it: what the tenant declared and what the worker reported. */
export interface WorkerView {
  readonly worker_id: string
  readonly name: string
  readonly kind: WorkerKind
  readonly capabilities: readonly Capability[]
  readonly config: WorkerConfig
  /** The tenant's catalogue rule that matches the worker; absent when none does. */
  readonly rule?: CatalogueRule | undefined
  readonly tags: readonly string[]
  readonly networks: readonly string[]
  readonly provider: string | null
  readonly model: string | null
  readonly paused: boolean
  readonly revoked: boolean
  /** The worker takes only jobs that name a capability, because some of its own require a human decision (a setting of the tenant). */
  readonly named_only?: boolean
  /** Only for a person: capabilities that workers of another substrate declare too. A job with one of these does not ask for a person. */
  readonly shared?: readonly string[]
  readonly state: PresenceState
  /** The worker finishes its running jobs and takes no more. */
  readonly stopping?: boolean
  readonly slots: number
  readonly running: number
  /**
   * The job that occupies the worker's place, if only one job at a time may run there; it may be another worker's. Absent: the place is free or not
   * limited.
   */
  readonly place_taken_by?: number
  /** Number of recent attempts that failed or were lost. */
  readonly recent_failures: number
  readonly breaker: BreakerView
  /** When its account has quota again; null or absent when it has quota now. */
  readonly parked_until?: number | null
  /** Mean duration of its recent jobs in milliseconds; null when unknown. */
  readonly mean_duration_ms: number | null
  readonly last_threads: readonly string[]
  /** The usage that its newest jobs reported. */
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

/** A model can be requested by its full name or by a part of it: `opus` matches `claude-opus-4`. */
const fits = (wanted: string, has: string | null): boolean => has !== null && has.toLowerCase().includes(wanted.toLowerCase())

export const substrateOf = (kind: WorkerKind): Substrate => (kind === 'companion' ? 'silicon' : kind)

/** Whether a job asks for this person: by substrate, by target, or by a capability that only persons have. */
const asksForPerson = (wants: Requirements, { worker_id, shared = [] }: WorkerView): boolean =>
  wants.substrate === 'carbon' || wants.pinned === worker_id || (wants.capability !== null && !shared.includes(wants.capability))

/** One sentence: why this person may have a job that asks for a person. */
export function whyPerson(wants: Requirements, worker: Pick<WorkerView, 'worker_id'>): string {
  if (wants.pinned === worker.worker_id) return 'It names you as its target.'
  if (wants.capability !== null && wants.substrate === undefined) return `It needs ${wants.capability}, which only people can do.`
  return wants.capability === null ? 'It asks for a person.' : `It asks for a person who can do ${wants.capability}.`
}

/** Reasons why this worker may not have the job until someone changes something; empty when it may. */
export const obstacles = (wants: Requirements, worker: WorkerView): readonly string[] => [...reasonsAgainst(wants, worker)]

/** Whether there is no reason. It stops at the first reason, because most callers need no more. */
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

/** Whether the worker could start a job now: it stays live, answers its offers, has quota, and its breaker is not open. */
export const isReady = ({ state, stopping, breaker, parked_until }: WorkerView): boolean =>
  isLive(state) && stopping !== true && state !== 'deaf' && breaker.state !== 'open' && parked_until == null

/** Why no worker could start a waiting job, as a cause for its fallback chain; undefined when one can now or soon. */
export function hindranceOf(wants: Requirements, workers: readonly WorkerView[]): Exclude<FallbackCause, 'failed'> | undefined {
  const there = workers.filter((view) => isLive(view.state) && view.stopping !== true && mayDo(wants, view))
  if (there.length === 0) return 'offline'
  return there.every((view) => view.parked_until != null) ? 'rate_limited' : undefined
}
