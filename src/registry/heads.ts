/** Responsible for the copy of signed heads that listings answer. It proves nothing by itself: the originals are kept outside the database. */
import { and, asc, desc, eq, gt, lt, lte } from 'drizzle-orm'
import { countingCursor } from '../domain/cursor.ts'
import { ok, type Result } from '../domain/result.ts'
import { callD1, pageLimit, pageOf, type Page, type RegistryDb } from './page.ts'
import { heads } from './schema.ts'

/** A statement by the holder of the key that row `seq` had this hash. */
export interface SignedHead {
  readonly seq: number
  readonly hash: string
  readonly at: string
  /** Id of the key that signed. */
  readonly key_id: string
  /** Ed25519, base64url. */
  readonly signature: string
}

export interface RegistryHeads {
  /** Idempotent: the first head of a sequence number is kept. */
  save(tenant: string, head: SignedHead): Promise<Result<void>>
  /** Newest first; `cursor` is a sequence number. */
  list(tenant: string, query: { readonly limit?: number; readonly cursor?: string }): Promise<Result<Page<SignedHead>>>
  /** Heads of rows `after < seq <= through`, ascending, at most 1,000. */
  range(tenant: string, range: { readonly after: number; readonly through: number }): Promise<Result<readonly SignedHead[]>>
}

const rangeMax = 1_000
const columns = { seq: heads.seq, hash: heads.hash, at: heads.at, key_id: heads.key_id, signature: heads.signature }

export const headsOf = (db: RegistryDb): RegistryHeads => ({
  async save(tenant, { seq, hash, at, key_id, signature }) {
    const saved = await callD1(() => db.insert(heads).values({ tenant, seq, hash, at, key_id, signature }).onConflictDoNothing())
    return saved.ok ? ok(undefined) : saved
  },

  async list(tenant, query) {
    const below = countingCursor(query.cursor, undefined)
    if (!below.ok) return below
    const limit = pageLimit(query.limit)
    const found = await callD1(() =>
      db
        .select({ seq: heads.seq, hash: heads.hash, at: heads.at, key_id: heads.key_id, signature: heads.signature })
        .from(heads)
        .where(and(eq(heads.tenant, tenant), below.value === undefined ? undefined : lt(heads.seq, below.value)))
        .orderBy(desc(heads.seq))
        .limit(limit + 1),
    )
    return found.ok ? ok(pageOf(found.value, limit, (head) => String(head.seq))) : found
  },

  range: (tenant, { after, through }) =>
    callD1(() =>
      db
        .select(columns)
        .from(heads)
        .where(and(eq(heads.tenant, tenant), gt(heads.seq, after), lte(heads.seq, through)))
        .orderBy(asc(heads.seq))
        .limit(rangeMax),
    ),
})
