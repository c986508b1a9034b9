/** Responsible for the shapes of the event feed: one frame per event of the tenant, as a WebSocket message or a server-sent event. */
import * as z from 'zod'
import { auditRow } from './audit.ts'
import { integer } from './fields.ts'
import type { AuditAction } from './tenant-event.ts'
import { presence } from './worker.ts'

/** `noun`: the part of an action before the dot. `id`: the subject, as audit rows name it. An event must match all filters. */
export const feedQuery = z.strictObject({
  /** Only events with a higher sequence number, past ones included. Default: only events from now on. `Last-Event-ID` does the same. */
  after: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  /** Only these nouns: `job,review`. */
  noun: z
    .string()
    .max(200)
    .regex(/^[a-z_]+(,[a-z_]+)*$/, 'must be nouns separated by commas, such as job,review')
    .optional(),
  /** Only events with this subject: `job:12`, `worker:wk…`, `review:3`. */
  id: z.string().max(120).optional(),
  /** Only events about this job, whatever their subject is. */
  job_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  /** Only events about this worker, by its id. */
  worker_id: z.string().max(60).optional(),
})

/** Actions by name (docs/reference/audit-actions.md); a newer server may send others. */
export type FeedAction = AuditAction | (string & Record<never, never>)

/** An audit row without its hashes and signatures. It holds digests and a description of what happened, never a prompt or a payload. */
export const feedEvent = auditRow
  .omit({ prev_hash: true, hash: true, mac: true, proof: true })
  .extend({ type: z.literal('event'), action: z.custom<FeedAction>((value) => typeof value === 'string').meta({ type: 'string' }) })
export type FeedEvent = z.infer<typeof feedEvent>

export const feedFrame = z.discriminatedUnion('type', [
  /** Always first. Events with a higher sequence number than this follow. */
  z.object({ type: z.literal('open'), seq: z.number().int() }),
  feedEvent,
  /** The present state of a worker. It has no sequence number, is not repeated, and is sent at most once a second per worker. */
  z.object({ type: z.literal('presence'), presence }),
  /** The requested events are too old or belong to another history: fetch the state again. Events with a higher sequence number than this follow. */
  z.object({ type: z.literal('reset'), seq: z.number().int(), detail: z.string() }),
])
export type FeedFrame = z.infer<typeof feedFrame>
