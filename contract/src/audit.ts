/** Responsible for the audit row as it is stored, queried, exported and verified; it computes no hash. */
import * as z from 'zod'
import { capabilityName, integer, page, paging, time } from './fields.ts'

export const actorKinds = ['member', 'worker', 'system', 'master'] as const
export const actorKind = z.enum(actorKinds)
export const actor = z.object({ kind: actorKind, id: z.string(), name: z.string() })
export type Actor = z.infer<typeof actor>

export const auditRow = z
  .object({
    seq: z.number().int(),
    at: time,
    actor,
    /** noun.verb in the past tense's plain form: `job.dispatch`, `job.start`, `worker.revoke`. */
    action: z.string(),
    /** What it was done to: `job:12`, `worker:wk...`, `killswitch`. */
    subject: z.string(),
    job_id: z.number().int().nullable(),
    worker_id: z.string().nullable(),
    capability: z.string().nullable(),
    risk_tier: z.string().nullable(),
    /** SHA-256 of the payload, hex; never the payload. */
    digest: z.string().nullable(),
    summary: z.string(),
    prev_hash: z.string(),
    hash: z.string(),
    mac: z.string(),
  })
  .meta({ id: 'AuditRow' })
export type AuditRow = z.infer<typeof auditRow>
export const auditPage = page(auditRow)

export const auditQuery = z.strictObject({
  actor: z.string().max(255).optional(),
  action: z.string().max(80).optional(),
  since: time.optional(),
  until: time.optional(),
  job_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  worker: z.string().max(255).optional(),
  capability: capabilityName.optional(),
  order: z.enum(['asc', 'desc']).optional(),
  ...paging,
})
