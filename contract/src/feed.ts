/** Responsible for the event feed as it travels: one frame per event of the tenant, as a WebSocket message or a server-sent event. */
import * as z from 'zod'
import { auditRow } from './audit.ts'
import { integer } from './fields.ts'
import type { AuditAction } from './tenant-event.ts'
import { presence } from './worker.ts'

/** `noun`: the part of an action before the dot. `id`: what it was done to, as rows name it. All filters must fit. */
export const feedQuery = z.strictObject({
  /** Events with a higher sequence, from the past on; without it, from now on. `Last-Event-ID` does the same. */
  after: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  /** Of these nouns only: `job,review`. */
  noun: z
    .string()
    .max(200)
    .regex(/^[a-z_]+(,[a-z_]+)*$/, 'nouns separated by commas, such as job,review')
    .optional(),
  /** About this subject only: `job:12`, `worker:wk…`, `review:3`. */
  id: z.string().max(120).optional(),
  /** About this job only, whatever the subject is. */
  job_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  /** About this worker only, by its id. */
  worker_id: z.string().max(60).optional(),
})

/** Actions by name (docs/reference/audit-actions.md); a newer server may send others. */
export type FeedAction = AuditAction | (string & Record<never, never>)

/** An audit row without its hashes and signatures. It holds digests and words about what happened, never a prompt or a payload. */
export const feedEvent = auditRow
  .omit({ prev_hash: true, hash: true, mac: true, proof: true })
  .extend({ type: z.literal('event'), action: z.custom<FeedAction>((value) => typeof value === 'string').meta({ type: 'string' }) })
export type FeedEvent = z.infer<typeof feedEvent>

export const feedFrame = z.discriminatedUnion('type', [
  /** First: events with a higher sequence than this one follow. */
  z.object({ type: z.literal('open'), seq: z.number().int() }),
  feedEvent,
  /** A worker as it is now. It has no sequence, is not repeated, and comes at most once a second per worker. */
  z.object({ type: z.literal('presence'), presence }),
  /** What was asked for is too old, or of another history: fetch the state again. Events with a higher sequence than this one follow. */
  z.object({ type: z.literal('reset'), seq: z.number().int(), detail: z.string() }),
])
export type FeedFrame = z.infer<typeof feedFrame>
