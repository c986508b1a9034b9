/**
 * Responsible for reading signed heads from R2, where they are stored outside the database, and for checking their signatures. It does not
 * compare them with rows.
 */
import { createPublicKey, verify } from 'node:crypto'
import { type AuditHead, type AuditKey, auditHead, auditHeadText } from '@modelreins/contract'
import { headPath, headPrefix, seqOfHead } from '../../domain/audit/audit-keys.ts'
import { type Result, fail, ok } from '../../domain/result.ts'
import { archiveFailed } from '../../telemetry/edge-events.ts'
import type { Exchange } from '../exchange.ts'

/** A head in R2; `head` is undefined when the stored object is no valid head. */
export interface ArchivedHead {
  readonly seq: number
  readonly head: AuditHead | undefined
}

/** Limit of R2: objects per list call. */
const listMax = 1_000

const headOf = (object: R2Object): ArchivedHead => {
  const seq = seqOfHead(object.key)
  const parsed = auditHead.safeParse({ seq, ...object.customMetadata })
  return { seq, head: parsed.success ? parsed.data : undefined }
}

/** Heads of rows `from <= seq <= through`, ascending, at most `limit`. Listing returns their data without reading each object. */
export async function archivedHeads(
  exchange: Exchange,
  tenant: string,
  range: { readonly from: number; readonly through?: number; readonly limit?: number },
): Promise<Result<readonly ArchivedHead[]>> {
  const { from, through = Number.POSITIVE_INFINITY, limit = listMax } = range
  const found: ArchivedHead[] = []
  try {
    // A list call with metadata may return fewer objects than requested, so continue until the range ends or the limit is reached.
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

/** Returns a function that checks whether the tenant's key signed a head. */
export function headChecker(tenant: string, key: AuditKey): (head: AuditHead) => boolean {
  const publicKey = createPublicKey({ key: key.jwk, format: 'jwk' })
  return ({ signature, ...head }) =>
    head.kid === key.kid && verify(null, Buffer.from(auditHeadText({ ...head, tenant })), publicKey, Buffer.from(signature, 'base64url'))
}
