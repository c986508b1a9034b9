/** Responsible for the shapes of the audit trail: rows, signed heads, lines of an export, and the result of a verification. */
import * as z from 'zod'
import { capabilityName, integer, page, paging, givenTime, time } from './fields.ts'
import { limits } from './limits.ts'
import { decisionProof } from './signed-decision.ts'

export const actorKinds = ['member', 'worker', 'system', 'master'] as const
export const actorKind = z.enum(actorKinds)
export const actor = z.object({ kind: actorKind, id: z.string(), name: z.string() })
export type Actor = z.infer<typeof actor>

export const auditRow = z
  .object({
    seq: z.number().int(),
    at: time,
    actor,
    /** noun.verb, with the verb in its plain form: `job.dispatch`, `job.start`, `worker.revoke`. */
    action: z.string(),
    /** What the action changed: `job:12`, `worker:wk...`, `killswitch`. */
    subject: z.string(),
    job_id: z.number().int().nullable(),
    worker_id: z.string().nullable(),
    capability: z.string().nullable(),
    risk_tier: z.string().nullable(),
    /** SHA-256 of the payload in hex. The payload itself is never in a row. */
    digest: z.string().nullable(),
    /** Present only on a decision that was signed with a passkey. The row's hash covers it. */
    proof: decisionProof.optional(),
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
  since: givenTime.optional(),
  until: givenTime.optional(),
  job_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  worker: z.string().max(255).optional(),
  capability: capabilityName.optional(),
  order: z.enum(['asc', 'desc']).optional(),
  ...paging,
})

const seq = integer(1, Number.MAX_SAFE_INTEGER)
const kid = z.string()
/** Ed25519, base64url without padding. */
const signature = z.string()

/** The public half of the key that signs a tenant's heads. `kid` is its RFC 7638 thumbprint. */
export const auditKey = z
  .object({
    kid,
    jwk: z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
    /** The 32 bytes as base64url, the form that the command line takes. */
    raw: z.string(),
  })
  .meta({ id: 'AuditKey' })
export type AuditKey = z.infer<typeof auditKey>

/** A signed statement that row `seq` had this hash at that time. Because of the chain it also covers every earlier row. */
export const auditHead = z.object({ seq: z.number().int(), hash: z.string(), at: time, kid, signature }).meta({ id: 'AuditHead' })
export type AuditHead = z.infer<typeof auditHead>

/** Newest first. */
export const auditHeadPage = page(auditHead).extend({ tenant: z.string(), keys: z.array(auditKey) })
export type AuditHeadPage = z.infer<typeof auditHeadPage>
export const auditHeadList = z.strictObject(paging)

/** The text that a head's signature covers: RFC 8785 of these five fields, in the sorted order of their names. No value needs escaping. */
export const auditHeadText = (head: Omit<AuditHead, 'signature'> & { readonly tenant: string }): string =>
  JSON.stringify({ at: head.at, hash: head.hash, kid: head.kid, seq: head.seq, tenant: head.tenant })

/** `since` is inclusive, `until` is exclusive. The export holds every row between the first and the last that match, since a chain has no gaps. */
export const auditExport = z.strictObject({
  since: givenTime.optional(),
  until: givenTime.optional(),
  from_seq: seq.optional(),
  through_seq: seq.optional(),
})

/**
 * The lines of an export (NDJSON), in this order: one `export`; each `row` in the order of the chain, followed by the `head` that names it if there
 * is one (the first head may name the row before the first row); one `end`.
 */
export const auditExportLine = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('export'),
    version: z.literal(1),
    tenant: z.string(),
    exported_at: time,
    from_seq: z.number().int(),
    /** `from_seq - 1` when there are no rows. */
    through_seq: z.number().int(),
    /** The newest row that existed. Higher than `through_seq` when only a part was exported. */
    newest_seq: z.number().int(),
    keys: z.array(auditKey),
  }),
  auditRow.extend({ type: z.literal('row') }),
  auditHead.extend({ type: z.literal('head') }),
  z.object({
    type: z.literal('end'),
    from_seq: z.number().int(),
    through_seq: z.number().int(),
    rows: z.number().int(),
    /** SHA-256 of every byte before this line, in hex. */
    sha256: z.string(),
    at: time,
    kid,
    signature,
  }),
])
export type AuditExportLine = z.infer<typeof auditExportLine>
export type AuditSeal = Omit<Extract<AuditExportLine, { type: 'end' }>, 'type' | 'signature'>

/** The text that the signature of the `end` line covers, in the same form as `auditHeadText`. */
export const auditSealText = (seal: AuditSeal & { readonly tenant: string }): string =>
  JSON.stringify({
    at: seal.at,
    from_seq: seal.from_seq,
    kid: seal.kid,
    rows: seal.rows,
    sha256: seal.sha256,
    tenant: seal.tenant,
    through_seq: seal.through_seq,
  })

/** One step of a verification. `cursor` continues where an earlier step ended. `from_seq` starts at the last signed head before that row. */
export const auditVerify = z.strictObject({
  from_seq: seq.optional(),
  cursor: z.string().max(200).optional(),
  limit: integer(1, limits.audit_verify_rows).optional(),
})

/**
 * `changed`: a row does not match its hash, its MAC or the next row, or an export does not match its seal. `deleted`: rows are missing. `inserted`:
 * there is an extra row. `reordered`: a row stands before its predecessor. `truncated`: the rows end before a known later row. `rewritten`: the rows
 * are consistent with each other but contradict a signed head. `forged`: the key did not make this signature. `head-missing`: a signed head that was
 * kept is gone. `incomplete`: an export has no `end` line. `malformed`: a line has a form that no export contains.
 */
export const auditFaults = [
  'changed',
  'deleted',
  'inserted',
  'reordered',
  'truncated',
  'rewritten',
  'forged',
  'head-missing',
  'incomplete',
  'malformed',
] as const
export const auditFault = z.object({
  kind: z.enum(auditFaults),
  /** The number that the first bad row states, or the number of a missing row. Null when no single row can be named. */
  seq: z.number().int().nullable(),
  detail: z.string(),
})
export type AuditFault = z.infer<typeof auditFault>

export const auditVerification = z
  .object({
    ok: z.boolean(),
    /** Everything is checked, up to the newest row. */
    complete: z.boolean(),
    /** Number of rows of this step that are valid, and the numbers of the first and last of them; null when there is none. */
    rows: z.number().int(),
    first_seq: z.number().int().nullable(),
    last_seq: z.number().int().nullable(),
    /** Number of heads of this step, read from the archive, whose signature and hash are valid, and the last of them. */
    heads: z.number().int(),
    last_head: auditHead.nullable(),
    fault: auditFault.nullable(),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'AuditVerification' })
export type AuditVerification = z.infer<typeof auditVerification>
