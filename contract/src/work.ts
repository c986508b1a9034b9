/**
 * Responsible for the shapes of work that a member does as a person: their own worker of kind carbon, their inbox, the jobs that they have in hand,
 * and the calls for such a job from start to end.
 */
import * as z from 'zod'
import { artifact } from './artifact.ts'
import { integer, jobId, text, time, workerName } from './fields.ts'
import { effort, job, jobError, jobStatus } from './job.ts'
import { killswitchBrief } from './killswitch.ts'
import { limits } from './limits.ts'
import { capabilities, capability } from './worker.ts'

/** The worker as which a member takes jobs. It has no token and can only be used through these operations. */
export const person = z
  .object({
    worker_id: z.string(),
    name: z.string(),
    description: z.string(),
    /** Whether they take jobs now. False: they have stopped, and they keep the jobs in hand. */
    taking: z.boolean(),
    /** Paused by a member or by the killswitch: no job may be started. */
    paused: z.boolean(),
    capabilities: z.array(capability),
    /** Number of jobs that they may have in hand at once. */
    slots: z.number().int(),
  })
  .meta({ id: 'Person' })
export type Person = z.infer<typeof person>

/** A job that a person has in hand, and its time limits. */
export const personClaim = z
  .object({
    attempt: z.number().int(),
    since: time,
    /** When the person was last active: a browser in use, or any call about work. */
    seen_at: time,
    /** When they are reminded unless they are active before. */
    remind_at: time,
    /** The reminder has been sent, and they have not been active since. */
    reminded: z.boolean(),
    /** When the job goes back to the queue unless they are active before. */
    hand_back_at: time,
    /** When the attempt ends, even if they are active. */
    deadline_at: time,
  })
  .meta({ id: 'PersonClaim' })
export type PersonClaim = z.infer<typeof personClaim>

/** One line of the inbox, with only the beginning of the prompt. */
export const workItem = z
  .object({
    job_id: z.number().int(),
    status: jobStatus,
    title: z.string(),
    /** One sentence: why this person may take it. */
    why: z.string(),
    capability: z.string().nullable(),
    effort,
    priority: z.number().int(),
    thread_id: z.string().nullable(),
    created_by: z.string().nullable(),
    created_at: time,
    /** When it expires unless it is started; null once it has been started. */
    expires_at: time.nullable(),
    /** Only for a job in hand. */
    claim: personClaim.nullable(),
    /** Only for a job that has ended or was handed back. */
    error: jobError.nullable(),
    ended_at: time.nullable(),
  })
  .meta({ id: 'WorkItem' })
export type WorkItem = z.infer<typeof workItem>

export const workInbox = z
  .object({
    /** Null: this member takes no jobs. */
    person: person.nullable(),
    claimed: z.array(workItem),
    offered: z.array(workItem),
    /** Jobs that ended recently while this person had them, the newest first. */
    ended: z.array(workItem),
    killswitch: killswitchBrief,
  })
  .meta({ id: 'WorkInbox' })
export type WorkInbox = z.infer<typeof workInbox>

export const workJob = z
  .object({
    job,
    item: workItem,
    /** Earlier turns of the thread, or the text that came with the job; empty when there are none. */
    context: z.string(),
    files: z.array(artifact),
    killswitch: killswitchBrief,
  })
  .meta({ id: 'WorkJob' })
export type WorkJob = z.infer<typeof workJob>

export const workJoin = z.strictObject({
  /** Name of the worker, used the first time only; default: derived from the member's name. */
  name: workerName.optional(),
  description: text(2_000).optional(),
  /** Used the first time only, and only for members who may manage workers. Later, change them as for any worker. */
  capabilities: capabilities.optional(),
})
export const workJobRef = z.strictObject({ job_id: jobId })

const inHand = { job_id: jobId, attempt: integer(1, 1_000_000) }
const reason = text(limits.work_reason_bytes)
export const workNote = z.strictObject({ ...inHand, text: text(limits.work_note_bytes).min(1) })
export const workNoted = z.object({ ok: z.literal(true) })
export const workDone = z.strictObject({ ...inHand, result: text(limits.result_bytes).nullable().optional() })
export const workFailed = z.strictObject({ ...inHand, reason: reason.min(1) })
export const workHandBack = z.strictObject({ ...inHand, reason: reason.optional() })
export const workEscalation = z.strictObject({ ...inHand, reason: reason.min(1), result: text(limits.result_bytes).nullable().optional() })

export const workPresent = z.object({ taking: z.boolean(), claimed: z.number().int() })
