/** Responsible for the rows of webhooks and deliveries; the deliveries are both the queue and the log. */
import { and, asc, desc, eq, isNotNull, isNull, lt, lte, notInArray, sql } from 'drizzle-orm'
import type { WebhookDelivery, WebhookEvent } from '@modelreins/contract'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { webhookDeliveries, webhooks } from './tables.ts'

export interface WebhookRecord {
  /** Public id. */
  readonly webhook_id: string
  /** Address that deliveries are sent to. */
  readonly url: string
  /** Events that it receives. */
  readonly events: readonly WebhookEvent[]
  /** Id of the signing key that the secret is derived from. Fixed at creation. */
  readonly kid: string
  /** Name of the actor that created it. */
  readonly created_by: string
  /** Time of creation, milliseconds since 1970. */
  readonly created_at: number
  /** Time at which it was disabled because its receiver answered 410 Gone, milliseconds since 1970; null while it is active. */
  readonly disabled_at: number | null
}

export type DeliveryAttempt = {
  /** Time of the request, milliseconds since 1970. */
  readonly at: number
  /** HTTP status; null when no reply came. */
  readonly status: number | null
  /** Why it failed; null after a 2xx reply. */
  readonly error: string | null
  /** Duration of the request. */
  readonly took_ms: number
}

export interface DeliveryRecord {
  /** Number of the delivery in its tenant. */
  readonly id: number
  /** Webhook that it is for. */
  readonly webhook_id: string
  /** Id of the message: the same for every attempt, so that receivers can drop duplicates. */
  readonly message_id: string
  /** Event that it reports. */
  readonly event: WebhookEvent
  /** Request body as it is signed and sent. */
  readonly body: string
  /** Pending, delivered or given up. */
  readonly state: WebhookDelivery['state']
  /** Time of the event, milliseconds since 1970. */
  readonly created_at: number
  /** Time of the next attempt; null once it is delivered or given up. */
  readonly next_at: number | null
  /** Attempts so far, oldest first. */
  readonly attempts: readonly DeliveryAttempt[]
}

type HookRow = typeof webhooks.$inferSelect
type DeliveryRow = typeof webhookDeliveries.$inferSelect

const hookOf = (row: HookRow): WebhookRecord => ({ ...row, events: JSON.parse(row.events) })
const deliveryOf = (row: DeliveryRow): DeliveryRecord => ({
  ...row,
  event: row.event as WebhookEvent,
  state: row.state as WebhookDelivery['state'],
  attempts: JSON.parse(row.attempts),
})

export class WebhookStore {
  readonly #db: TenantDatabase
  /** Cache of all webhooks: every review reads them, and most tenants have none. */
  #known: readonly WebhookRecord[] | undefined
  readonly #forget: Forget
  constructor(db: TenantDatabase, forget: Forget) {
    this.#db = db
    this.#forget = forget
  }

  #changed(): void {
    this.#known = undefined
    this.#forget(() => {
      this.#known = undefined
    })
  }

  all(): readonly WebhookRecord[] {
    this.#known ??= this.#db.select().from(webhooks).orderBy(asc(webhooks.webhook_id)).all().map(hookOf)
    return this.#known
  }

  get(id: string): WebhookRecord | undefined {
    return this.all().find((hook) => hook.webhook_id === id)
  }

  save(hook: WebhookRecord): void {
    const row: HookRow = { ...hook, events: JSON.stringify(hook.events) }
    this.#db.insert(webhooks).values(row).onConflictDoUpdate({ target: webhooks.webhook_id, set: row }).run()
    this.#changed()
  }

  /** Deletes a webhook and its deliveries. */
  delete(id: string): void {
    this.#db.delete(webhooks).where(eq(webhooks.webhook_id, id)).run()
    this.#db.delete(webhookDeliveries).where(eq(webhookDeliveries.webhook_id, id)).run()
    this.#changed()
  }

  enqueue(delivery: Pick<DeliveryRecord, 'webhook_id' | 'message_id' | 'event' | 'body' | 'created_at'>): void {
    this.#db
      .insert(webhookDeliveries)
      .values({ ...delivery, state: 'pending', next_at: delivery.created_at, attempts: '[]' })
      .run()
  }

  /** Deliveries about a job, sent or not. Scans all rows, which are few and kept only for a short time. */
  aboutJob(jobId: number): readonly Pick<DeliveryRecord, 'id' | 'body'>[] {
    return this.#db
      .select({ id: webhookDeliveries.id, body: webhookDeliveries.body })
      .from(webhookDeliveries)
      .where(eq(sql`json_extract(${webhookDeliveries.body}, '$.data.job_id')`, jobId))
      .all()
  }

  /** Replaces the body of a delivery, sent or not; a pending one is signed only when it is sent. */
  reword(id: number, body: string): void {
    this.#db.update(webhookDeliveries).set({ body }).where(eq(webhookDeliveries.id, id)).run()
  }

  /** Deliveries that are due, longest overdue first, without those in `except`, which are being sent. */
  due(at: number, limit: number, except: readonly number[]): readonly DeliveryRecord[] {
    return this.#db
      .select()
      .from(webhookDeliveries)
      .where(
        and(
          isNotNull(webhookDeliveries.next_at),
          lte(webhookDeliveries.next_at, at),
          except.length === 0 ? undefined : notInArray(webhookDeliveries.id, [...except]),
        ),
      )
      .orderBy(asc(webhookDeliveries.next_at), asc(webhookDeliveries.id))
      .limit(limit)
      .all()
      .map(deliveryOf)
  }

  /** When the next delivery is due, milliseconds since 1970, without those in `except`, which are being sent. */
  nextDue(except: readonly number[]): number | undefined {
    // Every command calls this. Without a webhook there are no deliveries, so most tenants need no query.
    if (this.all().length === 0) return undefined
    const row = this.#db
      .select({ at: webhookDeliveries.next_at })
      .from(webhookDeliveries)
      .where(and(isNotNull(webhookDeliveries.next_at), except.length === 0 ? undefined : notInArray(webhookDeliveries.id, [...except])))
      .orderBy(asc(webhookDeliveries.next_at))
      .limit(1)
      .get()
    return row?.at ?? undefined
  }

  /** Stores the outcome of an attempt; writes nothing when the webhook was deleted in the meantime. */
  note(delivery: Pick<DeliveryRecord, 'id' | 'state' | 'next_at' | 'attempts'>): void {
    const { id, state, next_at, attempts } = delivery
    this.#db
      .update(webhookDeliveries)
      .set({ state, next_at, attempts: JSON.stringify(attempts) })
      .where(eq(webhookDeliveries.id, id))
      .run()
  }

  delivery(webhookId: string, id: number): DeliveryRecord | undefined {
    const row = this.#db
      .select()
      .from(webhookDeliveries)
      .where(and(eq(webhookDeliveries.webhook_id, webhookId), eq(webhookDeliveries.id, id)))
      .get()
    return row === undefined ? undefined : deliveryOf(row)
  }

  /** Deliveries of a webhook with an id below `before`, newest first. */
  deliveries(webhookId: string, limit: number, before: number): readonly DeliveryRecord[] {
    return this.#db
      .select()
      .from(webhookDeliveries)
      .where(and(eq(webhookDeliveries.webhook_id, webhookId), lt(webhookDeliveries.id, before)))
      .orderBy(desc(webhookDeliveries.id))
      .limit(limit)
      .all()
      .map(deliveryOf)
  }

  /** Deletes ended deliveries that were created before `before` (milliseconds since 1970). */
  prune(before: number): void {
    this.#db
      .delete(webhookDeliveries)
      .where(and(isNull(webhookDeliveries.next_at), lt(webhookDeliveries.created_at, before)))
      .run()
  }
}
