/**
 * Responsible for people as workers: how long a job is in their hands, when they are reminded of it, when it goes back to the queue, and how
 * they are seen. It takes the time and the tenant's settings, and stores nothing.
 */
import { limits } from '@modelreins/contract'
import type { PresenceState } from '@modelreins/contract'
import type { JobRecord, JobSpec, PersonsAttempt } from '../job/job-machine.ts'

/** Of the tenant's settings, in seconds. */
export interface Patience {
  readonly reminder: number
  readonly hand_back: number
}

/** A default timeout is one for machines: it does not apply to people. One that the job names does. */
export const beginAttempt = (spec: Pick<JobSpec, 'timeout_ms'>, at: number): PersonsAttempt => ({
  limit_ms: spec.timeout_ms === limits.timeout_ms ? limits.person_claim_max_ms : spec.timeout_ms,
  seen_at: at,
})

export const remindAt = (attempt: PersonsAttempt, patience: Patience): number => attempt.seen_at + patience.reminder * 1000

/** A reminder that came late, since the server did not run, leaves time to come back all the same. */
export function handBackAt(attempt: PersonsAttempt, patience: Patience): number {
  const back = attempt.seen_at + patience.hand_back * 1000
  if (attempt.reminded_at === undefined) return back
  const between = Math.max(0, patience.hand_back - patience.reminder) * 1000
  return Math.max(back, attempt.reminded_at + Math.min(between, limits.person_grace_ms))
}

/** What time does next to a job in a person's hands. No job goes back before its reminder, where there is one. */
export function nextStep(attempt: PersonsAttempt, patience: Patience): { readonly at: number; readonly step: 'remind' | 'hand_back' } {
  return attempt.reminded_at === undefined && patience.reminder < patience.hand_back
    ? { at: remindAt(attempt, patience), step: 'remind' }
    : { at: handBackAt(attempt, patience), step: 'hand_back' }
}

/** The job once its person was heard of; the very same when that need not be written. `fresh`: however lately it was written. */
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

/** Whoever takes jobs is there for the queue, at night as well: their inbox keeps what comes. `seen_at` null: never heard of. */
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

/** A name that may be typed as a target, of whatever a member is called. */
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
