/** Responsible for fan-out as callers see it: one prompt for several workers, and how their answers become one. */
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

/** The Director picks `count` workers; no two of them share what `distinct` names. */
export const fanOutRequest = z.strictObject({
  count: z.number().int().min(2).max(limits.fan_out_targets),
  distinct: z.enum(['worker', 'provider', 'model']).default('worker'),
})

/**
 * `worker`: a merge job writes one answer from all; `concat`: the answers one after the other, each with its worker's name; `vote`: the most
 * frequent answer; `first`: the first good answer, the other jobs are aborted; `none`: no merged answer.
 */
export const mergeKinds = ['worker', 'concat', 'vote', 'first', 'none'] as const
export type MergeKind = (typeof mergeKinds)[number]

export const mergeRequest = z
  .strictObject({
    by: z.enum(mergeKinds).default('worker'),
    /** Who writes the merged answer; without it, the worker that the Director picks. */
    worker: target.optional(),
    /** What the merge job is told to do with the answers. */
    prompt: text(limits.merge_prompt_bytes).min(1).optional(),
    /** Good answers after which the merge begins without waiting for the rest. */
    quorum: z.number().int().min(1).max(limits.fan_out_targets).optional(),
    /** Seconds after the dispatch at which the merge begins with what there is. */
    deadline: seconds(limits.timeout_max_ms).optional(),
    /** For `vote`: the field of a JSON answer that is counted, instead of the whole text. */
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

/** The letter of an answer by its place among the children, from 0 on: a, b, ..., z, aa, ... A merged answer cites it as `[a]`. */
export function answerMark(place: number): string {
  const letter = (at: number): string => String.fromCharCode(97 + at)
  return place < 26 ? letter(place) : letter(Math.floor(place / 26) - 1) + letter(place % 26)
}

/** How far the answers of a fan-out have become one. */
export const mergeState = z
  .object({
    by: z.enum(mergeKinds),
    answered: z.number().int(),
    failed: z.number().int(),
    /** Children that had not ended when the merge began (or have not by now). */
    missing: z.number().int(),
    /** The merge could not be had: `result` is the attributed answers one after the other. */
    degraded: z.boolean(),
    /** The merge job, once there is one. */
    job_id: z.number().int().nullable(),
    /** Good answers after which it is merged without the rest, and when it is merged with what there is; absent where it waits for all. */
    quorum: z.number().int().optional(),
    deadline_at: time.optional(),
    /** The child whose answer a member picked as the answer of the whole, in place of the merged one. */
    picked: z.object({ job_id: z.number().int(), worker: z.string(), by: z.string(), at: time }).optional(),
    /** For `vote`: how often each answer was given, most frequent first. */
    counts: z.array(z.object({ answer: z.string(), count: z.number().int(), workers: z.array(z.string()) })).optional(),
    /** What whoever reads the merged answer should know of how it came about, in one sentence; absent when there is nothing. */
    note: z.string().optional(),
  })
  .meta({ id: 'MergeState' })
export type MergeState = z.infer<typeof mergeState>
