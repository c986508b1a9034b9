/** Responsible for the shapes of fan-out: one prompt for several workers, and how their answers are merged. */
import * as z from 'zod'
import { label, seconds, text, time, workerName } from './fields.ts'
import { workerId } from './ids.ts'
import { limits } from './limits.ts'

const target = z.union([workerName, workerId])

/** Two or more workers, by name or worker_id. */
export const fanOutTargets = z
  .array(target)
  .min(2)
  .max(limits.fan_out_targets)
  .refine((targets) => new Set(targets).size === targets.length, { error: 'names a worker twice' })

/** The Director picks `count` workers, no two of which have the same value of `distinct`. */
export const fanOutRequest = z.strictObject({
  count: z.number().int().min(2).max(limits.fan_out_targets),
  distinct: z.enum(['worker', 'provider', 'model']).default('worker'),
})

/**
 * `worker`: a merge job writes one answer from all answers; `concat`: the answers one after the other, each with its worker's name; `vote`: the most
 * frequent answer; `first`: the first good answer, and the other jobs are aborted; `none`: no merged answer.
 */
export const mergeKinds = ['worker', 'concat', 'vote', 'first', 'none'] as const
export type MergeKind = (typeof mergeKinds)[number]

export const mergeRequest = z
  .strictObject({
    by: z.enum(mergeKinds).default('worker'),
    /** The worker that writes the merged answer. Default: the Director picks one. */
    worker: target.optional(),
    /** Instructions for the merge job. */
    prompt: text(limits.merge_prompt_bytes).min(1).optional(),
    /** Number of good answers after which the merge begins without waiting for the rest. */
    quorum: z.number().int().min(1).max(limits.fan_out_targets).optional(),
    /** Seconds after the dispatch at which the merge begins with the answers that exist. */
    deadline: seconds(limits.timeout_max_ms).optional(),
    /** For `vote`: the field of a JSON answer to count. Default: the whole text. */
    vote_field: label.optional(),
  })
  .superRefine((merge, ctx) => {
    const only = (field: 'worker' | 'prompt' | 'vote_field' | 'quorum', by: readonly MergeKind[], wanted: string): void => {
      if (merge[field] !== undefined && !by.includes(merge.by))
        ctx.addIssue({ code: 'custom', path: [field], message: `goes with ${wanted}` })
    }
    only('worker', ['worker'], 'by: "worker"')
    only('prompt', ['worker'], 'by: "worker"')
    only('vote_field', ['vote'], 'by: "vote"')
    only('quorum', ['worker', 'concat', 'vote', 'none'], 'every merge but "first"')
  })
export type MergeRequest = z.output<typeof mergeRequest>

export const jobKinds = ['job', 'fan_out'] as const
export const jobRoles = ['child', 'merge'] as const

export const fanOutChild = z.object({ job_id: z.number().int(), worker: z.string(), status: z.string() })

/** The letters that mark an answer by its place among the children, counted from 0: a, b, ..., z, aa, ... A merged answer cites it as `[a]`. */
export function answerMark(place: number): string {
  const letter = (at: number): string => String.fromCharCode(97 + at)
  return place < 26 ? letter(place) : letter(Math.floor(place / 26) - 1) + letter(place % 26)
}

/** The state of a fan-out's merge. */
export const mergeState = z
  .object({
    by: z.enum(mergeKinds),
    answered: z.number().int(),
    failed: z.number().int(),
    /** Number of children that had not ended when the merge began, or that have not ended by now. */
    missing: z.number().int(),
    /** The merge failed: `result` is the answers one after the other, each with its worker's name. */
    degraded: z.boolean(),
    /** The merge job; null before it exists. */
    job_id: z.number().int().nullable(),
    /** Number of good answers after which the merge does not wait for the rest, and when it begins with what exists. Absent when it waits for all. */
    quorum: z.number().int().optional(),
    deadline_at: time.optional(),
    /** The child whose answer a member picked to replace the merged answer. */
    picked: z.object({ job_id: z.number().int(), worker: z.string(), by: z.string(), at: time }).optional(),
    /** For `vote`: how often each answer was given, the most frequent first. */
    counts: z.array(z.object({ answer: z.string(), count: z.number().int(), workers: z.array(z.string()) })).optional(),
    /** One sentence about the merge that readers of the answer should know; absent when there is none. */
    note: z.string().optional(),
  })
  .meta({ id: 'MergeState' })
export type MergeState = z.infer<typeof mergeState>
