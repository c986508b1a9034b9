/** Responsible for storing review rows and their payloads: each is written as a whole and found by id, by job or by due time. */
import { and, asc, desc, eq, inArray, isNotNull, lt, lte, max, sql } from 'drizzle-orm'
import type { ReviewStatus } from '@modelreins/contract'
import { isOpen } from '../../../src/domain/review/review.ts'
import type { ReviewRecord } from '../../../src/domain/review/review.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { reviewPayloads, reviews } from './tables.ts'

type Row = typeof reviews.$inferSelect
type Doc = Omit<ReviewRecord, keyof Row | 'payload' | 'asked_payload' | 'next'> & { readonly next: ReviewRecord['next'] }

/** The fields of open reviews that the claim path needs, kept in memory without their payloads. */
export type OpenReview = Pick<ReviewRecord, 'id' | 'status' | 'type' | 'job_id' | 'worker_id' | 'capability' | 'session' | 'asked_digest'>

const toRow = ({ payload: _payload, asked_payload: _asked, ...review }: ReviewRecord): Row => {
  const { id, status, type, job_id, worker_id, capability, session, asked_digest, settled_at, ...doc } = review
  const rest: Doc = doc
  return {
    id,
    status,
    type,
    job_id,
    worker_id,
    capability,
    session,
    asked_digest,
    next_at: review.next?.at ?? null,
    settled_at,
    doc: JSON.stringify(rest),
  }
}

export interface ReviewSelection {
  readonly statuses?: readonly ReviewStatus[]
  readonly job_id?: number
  readonly capability?: string
  readonly type?: string
  readonly created_by?: string
  /** Only reviews of this worker. */
  readonly worker_id?: string
}

export class ReviewStore {
  readonly #db: TenantDatabase
  /** In memory because every placement of a reviewed job, and every end of a job, reads the open reviews. */
  #open: Map<number, OpenReview> | undefined
  #nextId: number | undefined
  readonly #forget: Forget
  constructor(db: TenantDatabase, forget: Forget) {
    this.#db = db
    this.#forget = forget
  }

  #known(): Map<number, OpenReview> {
    this.#open ??= new Map(
      this.#db
        .select({
          id: reviews.id,
          status: reviews.status,
          type: reviews.type,
          job_id: reviews.job_id,
          worker_id: reviews.worker_id,
          capability: reviews.capability,
          session: reviews.session,
          asked_digest: reviews.asked_digest,
        })
        .from(reviews)
        .where(inArray(reviews.status, ['pending', 'approved']))
        .all()
        .map((row) => ({ ...row, status: row.status as ReviewStatus }))
        .filter(isOpen)
        .map((row) => [row.id, row]),
    )
    return this.#open
  }

  /** Reserves the next id; a rollback releases it. */
  nextId(): number {
    this.#nextId ??=
      (this.#db
        .select({ id: max(reviews.id) })
        .from(reviews)
        .get()?.id ?? 0) + 1
    const id = this.#nextId
    this.#forget(() => {
      this.#nextId = id
    })
    this.#nextId = id + 1
    return id
  }

  insert(review: ReviewRecord): void {
    const open = this.#known()
    this.#db.insert(reviews).values(toRow(review)).run()
    this.#db
      .insert(reviewPayloads)
      .values({ review_id: review.id, kind: 'asked', payload: JSON.stringify(review.payload ?? null) })
      .run()
    this.#remember(open, review)
  }

  /** Updates a review. Its payload is written only when `edited` is true, that is, when a reviewer has just edited it. */
  update(review: ReviewRecord, edited = false): void {
    const { id, ...row } = toRow(review)
    const open = this.#known()
    this.#db.update(reviews).set(row).where(eq(reviews.id, id)).run()
    if (edited) {
      const payload = JSON.stringify(review.payload ?? null)
      this.#db
        .insert(reviewPayloads)
        .values({ review_id: id, kind: 'edited', payload })
        .onConflictDoUpdate({ target: [reviewPayloads.review_id, reviewPayloads.kind], set: { payload } })
        .run()
    }
    this.#remember(open, review)
  }

  /** `open` must be loaded before the write: a map loaded after it would contain a change that a rollback undoes. */
  #remember(open: Map<number, OpenReview>, review: ReviewRecord): void {
    const { id, status, type, job_id, worker_id, capability, session, asked_digest } = review
    const before = open.get(id)
    if (isOpen(review)) open.set(id, { id, status, type, job_id, worker_id, capability, session, asked_digest })
    else open.delete(id)
    this.#forget(() => {
      // Inserting a settled review again would put it at the end, out of id order; the map is loaded again instead.
      if (before !== undefined && !open.has(id)) this.#open = undefined
      else if (before === undefined) open.delete(id)
      else open.set(id, before)
    })
  }

  #full(row: Row): ReviewRecord {
    const found = this.#db.select().from(reviewPayloads).where(eq(reviewPayloads.review_id, row.id)).all()
    const payloads = new Map(found.map((one) => [one.kind, JSON.parse(one.payload) as unknown]))
    const { doc, next_at: _, ...columns } = row
    const edited = payloads.has('edited')
    return {
      ...(JSON.parse(doc) as Doc),
      ...columns,
      status: row.status as ReviewStatus,
      payload: payloads.get(edited ? 'edited' : 'asked') ?? null,
      ...(edited ? { asked_payload: payloads.get('asked') ?? null } : {}),
    }
  }

  /** Ids of all reviews of a job. */
  idsOf(jobId: number): readonly number[] {
    const rows = this.#db
      .select({ id: reviews.id })
      .from(reviews)
      .where(and(eq(reviews.job_id, jobId), isNotNull(reviews.job_id)))
      .all()
    return rows.map((row) => row.id)
  }

  /** Writes a review whose content was erased, and deletes its payloads. */
  erase(review: ReviewRecord): void {
    this.update(review)
    this.#db.delete(reviewPayloads).where(eq(reviewPayloads.review_id, review.id)).run()
  }

  get(id: number): ReviewRecord | undefined {
    const row = this.#db.select().from(reviews).where(eq(reviews.id, id)).get()
    return row === undefined ? undefined : this.#full(row)
  }

  /** The review while it is pending, or approved and not spent. */
  open(id: number): OpenReview | undefined {
    return this.#known().get(id)
  }

  /** Open reviews of a job, oldest first. */
  openOf(jobId: number): readonly OpenReview[] {
    return [...this.#known().values()].filter((review) => review.job_id === jobId)
  }

  /** The pending review for this session, if there is one. */
  asking(workerId: string, capability: string, session: string): OpenReview | undefined {
    for (const review of this.#known().values()) {
      if (review.status !== 'pending' || review.session !== session) continue
      if (review.worker_id === workerId && review.capability === capability) return review
    }
    return undefined
  }

  /** The newest review of a job whose requested content has this digest. */
  newestOf(jobId: number, type: string, askedDigest: string): ReviewRecord | undefined {
    const row = this.#db
      .select()
      .from(reviews)
      .where(and(eq(reviews.job_id, jobId), isNotNull(reviews.job_id), eq(reviews.type, type), eq(reviews.asked_digest, askedDigest)))
      .orderBy(desc(reviews.id))
      .limit(1)
      .get()
    return row === undefined ? undefined : this.#full(row)
  }

  /** Newest first, one at a time: payloads are large, and the size of a page is limited in bytes. */
  *list(selection: ReviewSelection, before: number): Generator<ReviewRecord> {
    let below = before
    for (;;) {
      const rows = this.#db
        .select()
        .from(reviews)
        .where(
          and(
            lt(reviews.id, below),
            selection.statuses === undefined ? undefined : inArray(reviews.status, [...selection.statuses]),
            selection.job_id === undefined ? undefined : and(eq(reviews.job_id, selection.job_id), isNotNull(reviews.job_id)),
            selection.worker_id === undefined ? undefined : eq(reviews.worker_id, selection.worker_id),
            selection.capability === undefined ? undefined : eq(reviews.capability, selection.capability),
            selection.type === undefined ? undefined : eq(reviews.type, selection.type),
            selection.created_by === undefined ? undefined : eq(sql`json_extract(${reviews.doc}, '$.created_by')`, selection.created_by),
          ),
        )
        .orderBy(desc(reviews.id))
        .limit(50)
        .all()
      for (const row of rows) yield this.#full(row)
      const last = rows.at(-1)
      if (last === undefined) return
      below = last.id
    }
  }

  /** Reviews with a reminder, escalation or expiry due now, the longest overdue first. */
  due(at: number, limit: number): readonly ReviewRecord[] {
    return this.#db
      .select()
      .from(reviews)
      .where(and(isNotNull(reviews.next_at), lte(reviews.next_at, at)))
      .orderBy(asc(reviews.next_at))
      .limit(limit)
      .all()
      .map((row) => this.#full(row))
  }

  /** When the next reminder, escalation or expiry is due, in milliseconds since 1970; undefined when there is none. */
  nextDue(): number | undefined {
    const row = this.#db
      .select({ at: reviews.next_at })
      .from(reviews)
      .where(isNotNull(reviews.next_at))
      .orderBy(asc(reviews.next_at))
      .limit(1)
      .get()
    return row?.at ?? undefined
  }

  /**
   * Deletes reviews settled before `before`, oldest first. The newest row stays, since the next id is derived from it and ids must not be
   * reused.
   */
  prune(before: number, limit: number): number {
    const rows = this.#db
      .select({ id: reviews.id, settled_at: reviews.settled_at })
      .from(reviews)
      .orderBy(asc(reviews.id))
      .limit(limit + 1)
      .all()
    const newest = this.#db
      .select({ id: max(reviews.id) })
      .from(reviews)
      .get()?.id
    const old = rows.filter((row) => row.id !== newest && !this.#known().has(row.id) && row.settled_at !== null && row.settled_at < before)
    for (const { id } of old) {
      this.#db.delete(reviewPayloads).where(eq(reviewPayloads.review_id, id)).run()
      this.#db.delete(reviews).where(eq(reviews.id, id)).run()
    }
    return old.length
  }
}
