/**
 * Responsible for the work that a member does as a person: their own worker of kind carbon, their inbox, the jobs that they have in hand,
 * and the calls that carry such a job from start to end.
 */
import * as z from 'zod'
import { artifact } from './artifact.ts'
import { integer, jobId, text, time, workerName } from './fields.ts'
import { effort, job, jobError, jobStatus } from './job.ts'
import { killswitchBrief } from './killswitch.ts'
import { limits } from './limits.ts'
import { capabilities, capability } from './worker.ts'

/** The worker as which a member takes jobs. It has no token: it works by these operations alone. */
export const person = z
  .object({
    worker_id: z.string(),
    name: z.string(),
    description: z.string(),
    /** They take jobs now. False: they have stopped, and what they have in hand stays theirs. */
    taking: z.boolean(),
    /** By a member, or by the killswitch: nothing may be started. */
    paused: z.boolean(),
    capabilities: z.array(capability),
    /** Jobs that they may have in hand at once. */
    slots: z.number().int(),
  })
  .meta({ id: 'Person' })
export type Person = z.infer<typeof person>

/** A job that a person has in hand, and for how long. */
export const personClaim = z
  .object({
    attempt: z.number().int(),
    since: time,
    /** When the person was last heard of: by a browser in use, or by any call about work. */
    seen_at: time,
    /** Not heard of by then, they are reminded. */
    remind_at: time,
    /** The reminder has been sent, and they have not been heard of since. */
    reminded: z.boolean(),
    /** Not heard of by then, the job goes back to the queue. */
    hand_back_at: time,
    /** The attempt ends then, whoever is heard of. */
    deadline_at: time,
  })
  .meta({ id: 'PersonClaim' })
export type PersonClaim = z.infer<typeof personClaim>

/** One line of the inbox: the prompt is cut to its beginning. */
export const workItem = z
  .object({
    job_id: z.number().int(),
    status: jobStatus,
    title: z.string(),
    /** One sentence: why this person may have it. */
    why: z.string(),
    capability: z.string().nullable(),
    effort,
    priority: z.number().int(),
    thread_id: z.string().nullable(),
    created_by: z.string().nullable(),
    created_at: time,
    /** Not started by then, it expires; null once it has been started. */
    expires_at: time.nullable(),
    /** Only of a job in hand. */
    claim: personClaim.nullable(),
    /** Only of an ended job, and of one that was handed back. */
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
    /** What ended lately while this person had it, newest first. */
    ended: z.array(workItem),
    killswitch: killswitchBrief,
  })
  .meta({ id: 'WorkInbox' })
export type WorkInbox = z.infer<typeof workInbox>

export const workJob = z
  .object({
    job,
    item: workItem,
    /** Earlier turns of the thread, or the text that came with the job; empty without any. */
    context: z.string(),
    files: z.array(artifact),
    killswitch: killswitchBrief,
  })
  .meta({ id: 'WorkJob' })
export type WorkJob = z.infer<typeof workJob>

export const workJoin = z.strictObject({
  /** Name of the worker, the first time; by default made from the member's. */
  name: workerName.optional(),
  description: text(2_000).optional(),
  /** Only the first time, and only by members who may manage workers; later they are changed like those of any worker. */
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
