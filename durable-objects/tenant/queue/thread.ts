/** Responsible for the earlier jobs that are a job's context: turns of its thread, and the job that it continues from. */
import { isReplaced } from '../../../src/domain/fan-out/pick.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { Store } from '../kernel/context.ts'

const turnsOfThread = 100

/** The requested policy, if it reads no more than the job's own, which its dispatcher chose; otherwise the job's own. */
export const withinPolicy = (own: string, asked: string | undefined): string =>
  asked === 'none' || (asked !== undefined && turnsOf(asked) > 0 && turnsOf(asked) <= turnsOf(own)) ? asked : own

/** How many earlier turns a context policy takes; 0 for those that take none. */
const turnsOf = (policy: string): number => (policy === 'thread' ? turnsOfThread : policy.startsWith('last:') ? Number(policy.slice(5)) : 0)

/**
 * The job that holds the answer of a turn: for a fan-out whose answer was replaced by a member's pick, the child that wrote it. It is returned in
 * place of the fan-out, so that a worker reads the same text that was shown. Undefined when it is no longer stored.
 */
function speakerOf(store: Pick<Store, 'jobs'>, job: JobRecord): JobRecord | undefined {
  return isReplaced(job) ? store.jobs.get(job.outcome?.fan_out?.picked?.job_id ?? 0) : job
}

/** The job that this one continues from, if the policy includes it. */
const sourceOf = (store: Pick<Store, 'jobs'>, job: JobRecord, policy: string): JobRecord | undefined => {
  const { context_from } = job.spec
  if (context_from === undefined || policy === 'none' || policy === 'inline') return undefined
  const source = store.jobs.get(context_from)
  return source?.status === 'done' ? speakerOf(store, source) : undefined
}

/**
 * The job that this one continues from, then the ended turns before it, newest first. A fan-out is replaced by its child when a member picked that
 * child's answer.
 */
export function threadTurns(store: Pick<Store, 'jobs'>, job: JobRecord, policy: string): readonly JobRecord[] {
  const source = sourceOf(store, job, policy)
  const chosen = source === undefined ? [] : [source]
  const count = turnsOf(policy)
  // A child is not a turn itself: it reads the thread of its fan-out.
  const { thread_id, id } = (job.parent_id === null ? undefined : store.jobs.get(job.parent_id)) ?? job
  if (count === 0 || thread_id === null) return chosen
  const earlier = store.jobs.ofThread(thread_id, count, id)
  const others = earlier.filter((one) => one.status === 'done' && one.id !== source?.id && one.id !== source?.parent_id)
  return [...chosen, ...others.flatMap((one) => speakerOf(store, one) ?? [])]
}

const readsTurns = ({ context, context_from }: JobRecord['spec']): boolean => turnsOf(context) > 0 || context_from !== undefined

/**
 * The job with the ids of its present turns, so that a human can be shown what the handler will read. Ended jobs do not change; for picks see
 * `speakerOf`.
 */
export function withTurns(store: Pick<Store, 'jobs'>, job: JobRecord): JobRecord {
  const { context_turns: _, ...spec } = job.spec
  if (!readsTurns(spec)) return { ...job, spec }
  return { ...job, spec: { ...spec, context_turns: threadTurns(store, job, spec.context).map(({ id }) => id) } }
}

/** The turns that were shown to the human who released the job. */
export const shownTurns = (store: Pick<Store, 'jobs'>, turns: readonly number[]): readonly JobRecord[] =>
  turns.flatMap((id) => store.jobs.get(id) ?? [])

/** The answer of a turn as a worker reads it: the result, or the output when there is no result. */
export const answerOf = (job: JobRecord): string => job.outcome?.result ?? job.outcome?.output ?? ''

/** Why no job can continue from this job's answer; undefined when one can. */
export function notAnswered(store: Pick<Store, 'jobs' | 'erased'>, id: number): string | undefined {
  const source = store.jobs.get(id)
  if (source === undefined) {
    if (store.erased.get(id) !== undefined) return `names job ${id}, which was erased`
    return `names job ${id}, which does not exist or is no longer stored`
  }
  if (source.status === 'failed') return `names job ${id}, which has failed and has no answer`
  if (source.status !== 'done') return `names job ${id}, which is ${source.status}: it has no answer before its end`
  const speaker = speakerOf(store, source)
  if (speaker === undefined) return `names job ${id}, whose picked answer is not kept any more`
  return answerOf(speaker) === '' ? `names job ${id}, which has no result` : undefined
}
