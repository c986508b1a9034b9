/**
 * Responsible for reading signed heads from the archive, where they lie outside the database, and for checking their signatures. It
 * compares them with no row.
 */
import { createPublicKey, verify } from 'node:crypto'
import { type AuditHead, type AuditKey, auditHead, auditHeadText } from '@modelreins/contract'
import { headPath, headPrefix, seqOfHead } from '../../domain/audit/audit-keys.ts'
import { type Result, fail, ok } from '../../domain/result.ts'
import { archiveFailed } from '../../telemetry/edge-events.ts'
import type { Exchange } from '../exchange.ts'

/** `head` is undefined when what lies there is none. */
export interface ArchivedHead {
  readonly seq: number
  readonly head: AuditHead | undefined
}

/** R2's own limit for one list. */
const listMax = 1_000

const headOf = (object: R2Object): ArchivedHead => {
  const seq = seqOfHead(object.key)
  const parsed = auditHead.safeParse({ seq, ...object.customMetadata })
  return { seq, head: parsed.success ? parsed.data : undefined }
}

/** Heads of rows `from <= seq <= through`, ascending, at most `limit`. A list answers all of them without a read for each. */
export async function archivedHeads(
  exchange: Exchange,
  tenant: string,
  range: { readonly from: number; readonly through?: number; readonly limit?: number },
): Promise<Result<readonly ArchivedHead[]>> {
  const { from, through = Number.POSITIVE_INFINITY, limit = listMax } = range
  const found: ArchivedHead[] = []
  try {
    // A list that includes metadata may end early: it goes on until the range or the limit is full.
    for (let startAfter = headPath(tenant, Math.max(from - 1, 0)); ;) {
      const page = await exchange.env.ARCHIVE.list({
        prefix: headPrefix(tenant),
        startAfter,
        include: ['customMetadata'],
        limit: Math.min(limit - found.length, listMax),
      })
      const heads = page.objects.map(headOf).filter(({ seq }) => !Number.isNaN(seq))
      found.push(...heads.filter(({ seq }) => seq <= through))
      const last = page.objects.at(-1)
      if (!page.truncated || last === undefined || found.length >= limit || seqOfHead(last.key) >= through) return ok(found)
      startAfter = last.key
    }
  } catch (error) {
    archiveFailed({ request_id: exchange.request_id, operation: exchange.id }, error)
    return fail('unavailable', 'The archive (R2) is temporarily unavailable.', { retry_after_ms: 2_000 })
  }
}

/** Says whether the tenant's key signed a head. */
export function headChecker(tenant: string, key: AuditKey): (head: AuditHead) => boolean {
  const publicKey = createPublicKey({ key: key.jwk, format: 'jwk' })
  return ({ signature, ...head }) =>
    head.kid === key.kid && verify(null, Buffer.from(auditHeadText({ ...head, tenant })), publicKey, Buffer.from(signature, 'base64url'))
}
