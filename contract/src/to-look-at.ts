/** Responsible for the shapes of the list of unreviewed actions of the tier `audit`. */
import * as z from 'zod'
import { flag, page, paging, time } from './fields.ts'

/** One flagged audit row. `seq` is the row's own number; the whole row is in `GET /api/v1/audit`. */
export const toLookAt = z
  .object({
    seq: z.number().int(),
    at: time,
    action: z.string(),
    job_id: z.number().int().nullable(),
    worker_id: z.string().nullable(),
    worker: z.string().nullable(),
    capability: z.string().nullable(),
    digest: z.string().nullable(),
    summary: z.string(),
    seen_at: time.nullable(),
    seen_by: z.string().nullable(),
  })
  .meta({ id: 'ToLookAt' })
export type ToLookAt = z.infer<typeof toLookAt>
/** Oldest first, because those have waited longest. */
export const toLookAtPage = page(toLookAt)
export const toLookAtList = z.strictObject({ include_seen: flag.optional(), ...paging })
export const markSeen = z.strictObject({ seqs: z.array(z.number().int().positive()).min(1).max(1_000) })
/** `seen`: the rows that this call marked. Rows that were already marked, or are not in the list, are left out. */
export const markSeenReply = z.object({ seen: z.array(z.number().int()) })
