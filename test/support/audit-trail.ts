/** Responsible for reading a tenant's complete audit trail page by page, and checking its chain with only a hash function. */
import { createHash } from 'node:crypto'
import type { AuditRow } from '@modelreins/contract'
import { type ChainVerdict, verifyRows } from '../../src/domain/audit/audit-chain.ts'
import type { Call } from './calls.ts'
import { until } from './until.ts'

interface Page {
  readonly items: readonly AuditRow[]
  readonly next_cursor: string | null
}

/** All rows in D1, oldest first. `filter`: further parameters of the query, such as `job_id=1`. */
export async function auditTrail(owner: Call, filter = ''): Promise<readonly AuditRow[]> {
  const rows: AuditRow[] = []
  let cursor = ''
  do {
    const page = await owner<Page>('GET', `/audit?order=asc&limit=200${filter === '' ? '' : `&${filter}`}${cursor}`)
    if (page.status !== 200) throw new Error(`GET /audit: ${page.status} ${page.text}`)
    rows.push(...page.body.items)
    cursor = page.body.next_cursor === null ? '' : `&cursor=${encodeURIComponent(page.body.next_cursor)}`
  } while (cursor !== '')
  return rows
}

/** Rows reach D1 a moment after their events: waits until `complete` accepts the rows of the filter. */
export function untilAudited(owner: Call, filter: string, complete: (rows: readonly AuditRow[]) => boolean): Promise<readonly AuditRow[]> {
  let seen: readonly AuditRow[] = []
  return until(
    async () => {
      seen = await auditTrail(owner, filter)
      return complete(seen) ? seen : undefined
    },
    10_000,
    () => `the audit trail has ${JSON.stringify(seen.map((row) => [row.seq, row.action]))}`,
  )
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Checks the chain from its first row. MACs are not checked here, because they need the tenant's key. */
export const verifyTrail = (rows: Iterable<AuditRow>): ChainVerdict => verifyRows(rows, { sha256 })
