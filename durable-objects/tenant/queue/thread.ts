/** Responsible for which earlier jobs are a job's context: turns of its thread, and the one that it continues with. */
import { isReplaced } from '../../../src/domain/fan-out/pick.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { Store } from '../kernel/context.ts'

const turnsOfThread = 100

/** The policy that a call asks for where it reads no more than the job's own, which its dispatcher chose; else the job's own. */
export const withinPolicy = (own: string, asked: string | undefined): string =>
  asked === 'none' || (asked !== undefined && turnsOf(asked) > 0 && turnsOf(asked) <= turnsOf(own)) ? asked : own

/** How many earlier turns a context policy takes; 0 for those that take none. */
const turnsOf = (policy: string): number => (policy === 'thread' ? turnsOfThread : policy.startsWith('last:') ? Number(policy.slice(5)) : 0)

/**
 * The job that has the answer which this one stands for: of a fan-out whose answer was replaced by one that a member picked, the child that
 * wrote it. It is named in its place, so that what was shown of a turn is what is read of it. Undefined when it is not kept any more.
 */
function speakerOf(store: Pick<Store, 'jobs'>, job: JobRecord): JobRecord | undefined {
  return isReplaced(job) ? store.jobs.get(job.outcome?.fan_out?.picked?.job_id ?? 0) : job
}

/** The job that this one continues with, as far as the policy reads it. */
const sourceOf = (store: Pick<Store, 'jobs'>, job: JobRecord, policy: string): JobRecord | undefined => {
  const { context_from } = job.spec
  if (context_from === undefined || policy === 'none' || policy === 'inline') return undefined
  const source = store.jobs.get(context_from)
  return source?.status === 'done' ? speakerOf(store, source) : undefined
}

/** What this job continues with, then ended turns before it, newest first. In place of a fan-out's answer stands that of its child, when that was chosen. */
export function threadTurns(store: Pick<Store, 'jobs'>, job: JobRecord, policy: string): readonly JobRecord[] {
  const source = sourceOf(store, job, policy)
  const chosen = source === undefined ? [] : [source]
  const count = turnsOf(policy)
  // A child is no turn itself: it reads the thread of the fan-out that it belongs to.
  const { thread_id, id } = (job.parent_id === null ? undefined : store.jobs.get(job.parent_id)) ?? job
  if (count === 0 || thread_id === null) return chosen
  const earlier = store.jobs.ofThread(thread_id, count, id)
  const others = earlier.filter((one) => one.status === 'done' && one.id !== source?.id && one.id !== source?.parent_id)
  return [...chosen, ...others.flatMap((one) => speakerOf(store, one) ?? [])]
}

const readsTurns = ({ context, context_from }: JobRecord['spec']): boolean => turnsOf(context) > 0 || context_from !== undefined

/** The job with the turns that it has now, so that a human can be shown what its handler will read. Ended jobs do not change any more: see `speakerOf`. */
export function withTurns(store: Pick<Store, 'jobs'>, job: JobRecord): JobRecord {
  const { context_turns: _, ...spec } = job.spec
  if (!readsTurns(spec)) return { ...job, spec }
  return { ...job, spec: { ...spec, context_turns: threadTurns(store, job, spec.context).map(({ id }) => id) } }
}

/** What was shown to the human who released the job. */
export const shownTurns = (store: Pick<Store, 'jobs'>, turns: readonly number[]): readonly JobRecord[] =>
  turns.flatMap((id) => store.jobs.get(id) ?? [])

/** The answer that a worker reads of a turn: its result, or its output when it has none. */
export const answerOf = (job: JobRecord): string => job.outcome?.result ?? job.outcome?.output ?? ''

/** Why no job can continue with this one's answer; undefined when one can. */
export function notAnswered(store: Pick<Store, 'jobs' | 'erased'>, id: number): string | undefined {
  const source = store.jobs.get(id)
  if (source === undefined) {
    if (store.erased.get(id) !== undefined) return `names job ${id}, which was erased`
    return `names no job that is kept: ${id}`
  }
  if (source.status === 'failed') return `names job ${id}, which has failed and has no answer`
  if (source.status !== 'done') return `names job ${id}, which is ${source.status}: it has no answer before its end`
  const speaker = speakerOf(store, source)
  if (speaker === undefined) return `names job ${id}, whose picked answer is not kept any more`
  return answerOf(speaker) === '' ? `names job ${id}, which has no result` : undefined
}
