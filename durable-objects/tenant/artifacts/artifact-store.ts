/** Responsible for artifact rows: finding them by slug, job, review or due time. The bytes are in R2. */
import { and, asc, count, desc, eq, inArray, isNotNull, lt, lte } from 'drizzle-orm'
import type { ArtifactRecord, ArtifactState } from '../../../src/domain/artifact/artifact.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import { artifacts } from './tables.ts'

type Row = typeof artifacts.$inferSelect

const toRecord = (row: Row): ArtifactRecord => ({
  ...row,
  state: row.state as ArtifactState,
  share: row.share === 1,
  gone_why: row.gone_why as ArtifactRecord['gone_why'],
})

const toRow = (record: Omit<ArtifactRecord, 'id'>): Omit<Row, 'id'> => ({ ...record, share: record.share ? 1 : 0 })

/** States that count toward the limits per job and review. */
const present: readonly ArtifactState[] = ['uploading', 'kept']

export interface ArtifactSelection {
  readonly job_id?: number | undefined
  readonly review_id?: number | undefined
  /** Only artifacts that this worker uploaded. */
  readonly worker_id?: string | undefined
}

export class ArtifactStore {
  readonly #db: TenantDatabase
  constructor(db: TenantDatabase) {
    this.#db = db
  }

  get(slug: string): ArtifactRecord | undefined {
    const row = this.#db.select().from(artifacts).where(eq(artifacts.slug, slug)).get()
    return row === undefined ? undefined : toRecord(row)
  }

  /** The artifact, or the upload in progress, with this idempotency key. */
  keyed(key: string): ArtifactRecord | undefined {
    const row = this.#db.select().from(artifacts).where(eq(artifacts.idempotency_key, key)).get()
    return row === undefined ? undefined : toRecord(row)
  }

  insert(record: Omit<ArtifactRecord, 'id'>): void {
    this.#db.insert(artifacts).values(toRow(record)).run()
  }

  update({ id, ...record }: ArtifactRecord): void {
    this.#db.update(artifacts).set(toRow(record)).where(eq(artifacts.id, id)).run()
  }

  /** The number of artifacts of a job or a review, including uploads in progress. */
  count(selection: Pick<ArtifactSelection, 'job_id' | 'review_id'>): number {
    const { job_id, review_id } = selection
    const row = this.#db
      .select({ count: count() })
      .from(artifacts)
      .where(
        and(
          ...(job_id === undefined ? [] : [eq(artifacts.job_id, job_id)]),
          ...(review_id === undefined ? [] : [eq(artifacts.review_id, review_id)]),
          inArray(artifacts.state, [...present]),
        ),
      )
      .get()
    return row?.count ?? 0
  }

  /** Kept artifacts with an id below `before`, newest first. */
  list(selection: ArtifactSelection, before: number, limit: number): readonly ArtifactRecord[] {
    const { job_id, review_id, worker_id } = selection
    return this.#db
      .select()
      .from(artifacts)
      .where(
        and(
          lt(artifacts.id, before),
          eq(artifacts.state, 'kept'),
          ...(job_id === undefined ? [] : [eq(artifacts.job_id, job_id)]),
          ...(review_id === undefined ? [] : [eq(artifacts.review_id, review_id)]),
          ...(worker_id === undefined ? [] : [eq(artifacts.worker_id, worker_id)]),
        ),
      )
      .orderBy(desc(artifacts.id))
      .limit(limit)
      .all()
      .map(toRecord)
  }

  /** Artifacts whose `next_at` has passed. */
  due(at: number, limit: number): readonly ArtifactRecord[] {
    return this.#db
      .select()
      .from(artifacts)
      .where(and(isNotNull(artifacts.next_at), lte(artifacts.next_at, at)))
      .orderBy(asc(artifacts.next_at))
      .limit(limit)
      .all()
      .map(toRecord)
  }

  nextDue(): number | undefined {
    const row = this.#db
      .select({ next_at: artifacts.next_at })
      .from(artifacts)
      .where(isNotNull(artifacts.next_at))
      .orderBy(asc(artifacts.next_at))
      .limit(1)
      .get()
    return row?.next_at ?? undefined
  }

  forget(id: number): void {
    this.#db.delete(artifacts).where(eq(artifacts.id, id)).run()
  }
}
