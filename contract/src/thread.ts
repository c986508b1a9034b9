/** Responsible for the shapes of threads: a conversation of jobs, its turns, and the defaults of its jobs. It decides nothing. */
import * as z from 'zod'
import { capabilityName, flag, givenTime, label, page, paging, refuseMeaningless, text, time, workerName } from './fields.ts'
import { workerId } from './ids.ts'
import { jobKinds } from './fan-out.ts'
import { effort, jobStatus, mode, threadId, usage } from './job.ts'
import { limits } from './limits.ts'

/** Values for fields that a job of the thread does not set itself. */
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
    /** The first line of the first prompt, unless a member set another title. */
    title: z.string(),
    archived: z.boolean(),
    defaults: threadDefaults,
    /** Number of jobs that are still kept; a fan-out counts once. */
    jobs: z.number().int(),
    /** Number of these jobs that have not ended. */
    running: z.number().int(),
    /** Names of the workers that have or had jobs of the thread, including children of fan-outs. */
    workers: z.array(z.string()),
    /** Who dispatched jobs of the thread, as jobs show it: `member:NAME` or `worker:NAME`. */
    members: z.array(z.string()),
    created_at: time,
    /** When its newest job was dispatched, or when its last job ended, whichever is later. */
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
    /** The job's context policy, which decides how much of the thread its worker got. */
    context: z.string().optional(),
    status: jobStatus,
    /** The result, or the output of a job without a result; null when there is none yet. */
    answer: z.string().nullable(),
    /** True when `answer` is only the beginning: `GET /api/v1/jobs/:id/result` answers all of it. */
    truncated: z.boolean(),
    /** The worker that answered; for a fan-out, all workers that were asked. */
    workers: z.array(z.string()),
    /** Jobs of the turn: the job itself, and the children of a fan-out. */
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
  /** Include archived threads. */
  include_archived: flag.optional(),
  /** Only archived threads, or only others. */
  archived: flag.optional(),
  /** Only threads whose title or id contains this text; case is ignored. */
  text: z.string().trim().min(1).max(limits.name_chars).optional(),
  /** Only threads with a job that this worker has or had, by name or worker_id. Only jobs that are still kept count. */
  worker: z.union([workerName, workerId]).optional(),
  /** Only threads with a job that this member dispatched, by name, by member_id, or as jobs show it. Only jobs that are still kept count. */
  member: z.string().min(1).max(255).optional(),
  /** Only threads with a job that has not ended, or only those without. */
  running: flag.optional(),
  /** Only threads with activity since this time. */
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
    /** `unavailable`: turns that are older than the retention of jobs are only in the archive, which could not be read, so they are missing. */
    archive: z.enum(['read', 'unavailable']).optional(),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'ThreadWithTurns' })
export type ThreadWithTurns = z.infer<typeof threadWithTurns>
export const threadPatch = z.strictObject({
  thread_id: threadId,
  title: label.optional(),
  archived: flag.optional(),
  /** Replaces all defaults. */
  defaults: threadDefaults.optional(),
})
export const threadAbort = z.strictObject({ thread_id: threadId, reason: text(500).optional() })
/** The jobs that were stopped. `remaining`: jobs that this call did not change; repeat the call until it is 0. */
export const threadAborted = z.object({ job_ids: z.array(z.number().int()), remaining: z.number().int() }).meta({ id: 'ThreadAborted' })

export const threadDelete = z.strictObject({
  thread_id: threadId,
  /** Abort the jobs that have not ended. Without it, a thread with such jobs is not deleted. */
  abort: flag.optional(),
  /** A repeated call with the same key answers the progress of that deletion, even when a new thread has begun under the same id. */
  idempotency_key: z.string().min(1).max(200).optional(),
})
/** What a deletion erases. */
export const threadDeleted = z
  .object({
    thread_id: z.string(),
    /** Number of jobs erased so far, of those that the tenant still kept: turns, children and merges of fan-outs. */
    erased_jobs: z.number().int(),
    /** Jobs that had not ended and were aborted by the deletion. */
    aborted: z.array(z.number().int()),
    /** False while streams, files or the archive still hold something. The erasure continues by itself, and the same call answers its progress. */
    complete: z.boolean(),
    deleted_at: time,
  })
  .meta({ id: 'ThreadDeleted' })
export type ThreadDeleted = z.infer<typeof threadDeleted>
