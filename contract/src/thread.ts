/** Responsible for threads as callers see them: a conversation of jobs, its turns and what its jobs have in common. It decides nothing. */
import * as z from 'zod'
import { capabilityName, flag, givenTime, label, page, paging, refuseMeaningless, text, time, workerName } from './fields.ts'
import { workerId } from './ids.ts'
import { jobKinds } from './fan-out.ts'
import { effort, jobStatus, mode, threadId, usage } from './job.ts'
import { limits } from './limits.ts'

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
    /** Names of the workers that have or had its jobs, children of fan-outs included. */
    workers: z.array(z.string()),
    /** Who dispatched its jobs, as jobs show it: `member:NAME` or `worker:NAME`. */
    members: z.array(z.string()),
    created_at: time,
    /** When its newest job was dispatched, or the last one ended. */
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
    /** What of the thread its worker was given: the job's context policy. */
    context: z.string().optional(),
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

const listFields = z.strictObject({
  ...paging,
  /** Also those that are archived. */
  include_archived: flag.optional(),
  /** Only archived ones, or only others. */
  archived: flag.optional(),
  /** Only those whose title or id has this in it, whatever the case. */
  text: z.string().trim().min(1).max(limits.name_chars).optional(),
  /** Only those with a job that this worker has or had, by name or worker_id. Counts jobs that are still kept. */
  worker: z.union([workerName, workerId]).optional(),
  /** Only those with a job that this member dispatched, by name, member_id or as jobs show it. Counts jobs that are still kept. */
  member: z.string().min(1).max(255).optional(),
  /** Only those with a job that has not ended, or only those without. */
  running: flag.optional(),
  /** Only those in which something has happened since. */
  active_since: givenTime.optional(),
})
export const threadList = listFields.check(
  refuseMeaningless<z.output<typeof listFields>>({
    field: 'include_archived',
    when: ({ archived }) => archived !== undefined,
    message: 'does not go with archived, which says which ones',
  }),
)
export const threadPage = page(thread)
export const threadGet = z.strictObject({ thread_id: threadId, ...paging })
export const threadWithTurns = thread
  .extend({
    turns: z.array(turn),
    /** `unavailable`: turns that only the archive has, older than the retention of jobs, could not be read now and are missing. */
    archive: z.enum(['read', 'unavailable']).optional(),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'ThreadWithTurns' })
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

export const threadDelete = z.strictObject({
  thread_id: threadId,
  /** Abort its jobs that have not ended; without it, a thread that has some is not deleted. */
  abort: flag.optional(),
  /** Repeated with the same key, the call answers how far that deletion is, also when a new thread has begun under the id since. */
  idempotency_key: z.string().min(1).max(200).optional(),
})
/** What is erased with a thread. */
export const threadDeleted = z
  .object({
    thread_id: z.string(),
    /** Jobs that were erased so far of those that the tenant still kept: turns, children and merges of fan-outs. */
    erased_jobs: z.number().int(),
    /** Jobs that had not ended and were aborted for it. */
    aborted: z.array(z.number().int()),
    /** False while something is still to be erased in streams, files or the archive: that goes on by itself, and the same call says how far it is. */
    complete: z.boolean(),
    deleted_at: time,
  })
  .meta({ id: 'ThreadDeleted' })
export type ThreadDeleted = z.infer<typeof threadDeleted>
