/** Responsible for reading the current state of a fan-out: its children, its merge job, and how both appear in the answer about a job. */
import type { Job, MergeState } from '@modelreins/contract'
import { mergeStateOf } from '../../../src/domain/fan-out/fan-out.ts'
import type { Child, FanOut, MergePlan } from '../../../src/domain/fan-out/fan-out.ts'
import type { Picked } from '../../../src/domain/fan-out/pick.ts'
import { isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { isoTime } from '../kernel/context.ts'
import type { Store } from '../kernel/context.ts'

/** A job of a fan-out that a viewer watches. */
export interface WatchedChild {
  readonly job_id: number
  readonly worker: string
  readonly role: 'child' | 'merge'
  readonly ended: boolean
}

type Stores = Pick<Store, 'jobs' | 'workers'>

/** Name of the worker that has the child; the name of its target when none has it now. */
const workerName = (store: Stores, job: JobRecord): string =>
  (job.worker_id === null ? undefined : store.workers.get(job.worker_id)?.name) ?? job.spec.target ?? 'any worker'

const childOf = (store: Stores, job: JobRecord): Child => ({
  job_id: job.id,
  worker: workerName(store, job),
  status: job.status,
  result: job.outcome?.result ?? null,
  stored: job.outcome?.stored ?? null,
  ended_at: job.ended_at,
})

export function fanOutOf(store: Stores, parent: JobRecord): FanOut {
  const { fan_out, prompt } = parent.spec
  if (fan_out === undefined) throw new Error(`Job ${parent.id} is not a fan-out`)
  const family = store.jobs.ofParent(parent.id)
  const merge = family.find((job) => job.id === fan_out.merge_job_id)
  return {
    prompt,
    plan: fan_out.plan,
    children: family.filter((job) => job.spec.role === 'child').map((job) => childOf(store, job)),
    merge:
      merge === undefined
        ? null
        : {
            job_id: merge.id,
            from: fan_out.merged_from,
            status: merge.status,
            result: merge.outcome?.result ?? null,
            stored: merge.outcome?.stored ?? null,
          },
  }
}

export const watchedChildren = (store: Stores, parent: JobRecord): readonly WatchedChild[] =>
  store.jobs
    .ofParent(parent.id)
    .map((job) => ({ job_id: job.id, worker: workerName(store, job), role: job.spec.role ?? 'child', ended: isTerminal(job.status) }))

/**
 * The merge with its quorum and deadline, and with the pick, if any. A pick overrides the state of the merge: the answer is what one worker wrote.
 */
const showMerge = (merge: MergeState, { quorum, deadline_at }: MergePlan, picked: Picked | undefined): MergeState => ({
  ...merge,
  ...(quorum === null ? {} : { quorum }),
  ...(deadline_at === null ? {} : { deadline_at: isoTime(deadline_at) }),
  ...(picked === undefined
    ? {}
    : { degraded: false, picked: { job_id: picked.job_id, worker: picked.worker, by: picked.by, at: isoTime(picked.at) } }),
})

/** The fields of a job's answer about its parent, or about its children. */
export function familyOf(store: Stores, job: JobRecord): Pick<Job, 'kind' | 'parent_id' | 'role' | 'children' | 'merge'> {
  const own = { kind: job.spec.fan_out === undefined ? 'job' : 'fan_out', parent_id: job.parent_id, role: job.spec.role ?? null } as const
  if (job.spec.fan_out === undefined) return own
  const now = fanOutOf(store, job)
  const kept = job.outcome?.fan_out
  // Rows of children may be pruned before the parent is read again, and children may end after the parent.
  const children = now.children.length === 0 && kept !== undefined ? kept.children : now.children
  return {
    ...own,
    children: children.map(({ job_id, worker, status }) => ({ job_id, worker, status })),
    merge: showMerge(kept?.merge ?? mergeStateOf(now), job.spec.fan_out.plan, kept?.picked),
  }
}
