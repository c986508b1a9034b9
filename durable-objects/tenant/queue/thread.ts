/** Responsible for which earlier jobs of its thread are a job's context. */
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { Store } from '../kernel/context.ts'

const turnsOfThread = 100

/** The policy that a call asks for where it reads no more than the job's own, which its dispatcher chose; else the job's own. */
export const withinPolicy = (own: string, asked: string | undefined): string =>
  asked === 'none' || (asked !== undefined && turnsOf(asked) > 0 && turnsOf(asked) <= turnsOf(own)) ? asked : own

/** How many earlier turns a context policy takes; 0 for those that take none. */
const turnsOf = (policy: string): number => (policy === 'thread' ? turnsOfThread : policy.startsWith('last:') ? Number(policy.slice(5)) : 0)

/** Ended turns before this one, newest first. */
export function threadTurns(store: Pick<Store, 'jobs'>, job: JobRecord, policy: string): readonly JobRecord[] {
  const count = turnsOf(policy)
  // A child is no turn itself: it reads the thread of the fan-out that it belongs to.
  const { thread_id, id } = (job.parent_id === null ? undefined : store.jobs.get(job.parent_id)) ?? job
  if (count === 0 || thread_id === null) return []
  return store.jobs.ofThread(thread_id, count, id).filter((earlier) => earlier.status === 'done')
}

/** The job with the turns that it has now, so that a human can be shown what its handler will read. Ended jobs do not change any more. */
export function withTurns(store: Pick<Store, 'jobs'>, job: JobRecord): JobRecord {
  const { context_turns: _, ...spec } = job.spec
  if (turnsOf(spec.context) === 0) return { ...job, spec }
  return { ...job, spec: { ...spec, context_turns: threadTurns(store, job, spec.context).map(({ id }) => id) } }
}

/** What was shown to the human who released the job. */
export const shownTurns = (store: Pick<Store, 'jobs'>, turns: readonly number[]): readonly JobRecord[] =>
  turns.flatMap((id) => store.jobs.get(id) ?? [])
