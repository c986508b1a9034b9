/** Responsible for threads as callers see them: a conversation of jobs, its turns and what its jobs have in common. It decides nothing. */
import * as z from 'zod'
import { capabilityName, flag, label, page, paging, text, time, workerName } from './fields.ts'
import { workerId } from './ids.ts'
import { jobKinds } from './fan-out.ts'
import { effort, jobStatus, mode, threadId, usage } from './job.ts'

/** What a job of the thread has unless it says otherwise. */
export const threadDefaults = z.strictObject({
  effort: effort.optional(),
  mode: mode.optional(),
  /** By name or worker_id. */
  target: z.union([workerName, workerId]).optional(),
  capability: capabilityName.optional(),
})
export type ThreadDefaults = z.output<typeof threadDefaults>

export const thread = z
  .object({
    thread_id: z.string(),
    /** The first line of the first prompt, unless somebody chose another. */
    title: z.string(),
    archived: z.boolean(),
    defaults: threadDefaults,
    /** Jobs that are still kept; a fan-out counts once. */
    jobs: z.number().int(),
    /** Those of them that have not ended. */
    running: z.number().int(),
    /** Names of the workers that have or had its jobs. */
    workers: z.array(z.string()),
    created_at: time,
    /** When its newest job was dispatched or ended. */
    last_activity: time,
  })
  .meta({ id: 'Thread' })
export type Thread = z.infer<typeof thread>

/** One prompt and its answer. A fan-out is one turn, with the merged answer. */
export const turn = z
  .object({
    job_id: z.number().int(),
    kind: z.enum(jobKinds),
    prompt: z.string(),
    status: jobStatus,
    /** The result, or the output of a job without one; null while there is none. */
    answer: z.string().nullable(),
    /** True when `answer` is only the beginning: `GET /api/v1/jobs/:id/result` answers the whole. */
    truncated: z.boolean(),
    /** Who answered; of a fan-out, everybody who was asked. */
    workers: z.array(z.string()),
    /** Jobs of the turn: itself, and the children of a fan-out. */
    job_ids: z.array(z.number().int()),
    usage: usage.nullable(),
    created_by: z.string().nullable(),
    created_at: time,
    ended_at: time.nullable(),
  })
  .meta({ id: 'Turn' })
export type Turn = z.infer<typeof turn>

export const threadList = z.strictObject({
  ...paging,
  /** Also those that are archived. */
  include_archived: flag.optional(),
})
export const threadPage = page(thread)
export const threadGet = z.strictObject({ thread_id: threadId, ...paging })
export const threadWithTurns = thread.extend({ turns: z.array(turn), next_cursor: z.string().nullable() }).meta({ id: 'ThreadWithTurns' })
export type ThreadWithTurns = z.infer<typeof threadWithTurns>
export const threadPatch = z.strictObject({
  thread_id: threadId,
  title: label.optional(),
  archived: flag.optional(),
  /** Replaces all of them. */
  defaults: threadDefaults.optional(),
})
export const threadAbort = z.strictObject({ thread_id: threadId, reason: text(500).optional() })
/** What was stopped; `remaining`: jobs that this call left alone, so repeat it while there are any. */
export const threadAborted = z.object({ job_ids: z.array(z.number().int()), remaining: z.number().int() }).meta({ id: 'ThreadAborted' })
