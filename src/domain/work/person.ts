/**
 * Responsible for persons as workers: how long they keep a job in hand, when they are reminded of it, when it goes back to the queue, and their
 * presence. It takes the time and the tenant's settings, and stores nothing.
 */
import { limits } from '@modelreins/contract'
import type { PresenceState } from '@modelreins/contract'
import type { JobRecord, JobSpec, PersonsAttempt } from '../job/job-machine.ts'

/** Settings of the tenant, in seconds. */
export interface Patience {
  readonly reminder: number
  readonly hand_back: number
}

/** The default timeout is meant for machines and does not apply to persons. A timeout that the job sets does. */
export const beginAttempt = (spec: Pick<JobSpec, 'timeout_ms'>, at: number): PersonsAttempt => ({
  limit_ms: spec.timeout_ms === limits.timeout_ms ? limits.person_claim_max_ms : spec.timeout_ms,
  seen_at: at,
})

export const remindAt = (attempt: PersonsAttempt, patience: Patience): number => attempt.seen_at + patience.reminder * 1000

/** When a reminder was late because the server did not run, the person still has time to return. */
export function handBackAt(attempt: PersonsAttempt, patience: Patience): number {
  const back = attempt.seen_at + patience.hand_back * 1000
  if (attempt.reminded_at === undefined) return back
  const between = Math.max(0, patience.hand_back - patience.reminder) * 1000
  return Math.max(back, attempt.reminded_at + Math.min(between, limits.person_grace_ms))
}

/** The next thing that time alone does to a job in a person's hands. If reminders are enabled, no job goes back before its reminder. */
export function nextStep(attempt: PersonsAttempt, patience: Patience): { readonly at: number; readonly step: 'remind' | 'hand_back' } {
  return attempt.reminded_at === undefined && patience.reminder < patience.hand_back
    ? { at: remindAt(attempt, patience), step: 'remind' }
    : { at: handBackAt(attempt, patience), step: 'hand_back' }
}

/** The job after its person was active. Returns the same object when a write is not needed; `fresh`: write even if the last write is recent. */
export function seen(job: JobRecord, at: number, fresh = false): JobRecord {
  const { person } = job.spec
  if (person === undefined || job.status !== 'running') return job
  const soon = at - person.seen_at < limits.person_seen_write_ms
  if (soon && !fresh && person.reminded_at === undefined) return job
  return { ...job, spec: { ...job.spec, person: { limit_ms: person.limit_ms, seen_at: Math.max(at, person.seen_at) } } }
}

export const reminded = (job: JobRecord, attempt: PersonsAttempt, at: number): JobRecord => ({
  ...job,
  spec: { ...job.spec, person: { ...attempt, reminded_at: at } },
})

/** A person who takes jobs counts as live for the queue at any time of day, because their inbox keeps the jobs. `seen_at` null: never active. */
export function personState(about: {
  readonly taking: boolean
  readonly running: number
  readonly seen_at: number | null
  readonly at: number
}): PresenceState {
  if (about.running > 0) return 'busy'
  if (!about.taking) return 'offline'
  return about.seen_at !== null && about.at - about.seen_at <= limits.person_presence_ms ? 'idle' : 'online'
}

/** A name that can be typed as a target, derived from any member name. */
export const nameOfPerson = (memberName: string): string => {
  const name = memberName
    .trim()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._@:-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 100)
    .replace(/[^A-Za-z0-9]+$/, '')
  return name === '' ? 'person' : name
}
