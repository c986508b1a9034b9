/**
 * Responsible for sending queued deliveries: signed, guarded, retried with growing pauses, each attempt logged. Delivery is at least once:
 * an eviction between the answer and the log repeats a delivery under the same `webhook-id`. No command waits for it.
 */
import { limits } from '@modelreins/contract'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import { guardedPost } from '../kernel/guarded-post.ts'
import { PacedSending } from '../kernel/paced-sending.ts'
import type { DeliveryRecord, DeliveryAttempt, WebhookRecord, WebhookStore } from './webhook-store.ts'
import { signedHeaders } from './webhook-secret.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
/** Pauses after the first attempt, the second, and so on: a day and a half in total (Standard Webhooks, "Retries"). */
const pauses: readonly number[] = [5 * second, 1 * minute, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour]
/** Random variation of each pause, as a fraction of it: small enough that the longest form of a pause is shorter than any next one. */
const spread = 0.15
const atOnce = 3

export interface SenderParts {
  readonly tenant: string
  readonly store: { readonly webhooks: WebhookStore }
  readonly keys: readonly TokenKey[]
  readonly allowedHosts: readonly string[]
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly waitUntil: (promise: Promise<unknown>) => void
  /** Called when the receiver answers 410 Gone. */
  readonly disable: (hook: WebhookRecord) => void
  /** Called when `dueAt` has changed. */
  readonly rearm: () => void
}

export class WebhookSender {
  readonly #parts: SenderParts
  readonly pace: PacedSending<number, DeliveryRecord>

  constructor(parts: SenderParts) {
    this.#parts = parts
    const { store, now, waitUntil, rearm } = parts
    this.pace = new PacedSending<number, DeliveryRecord>({
      atOnce,
      now,
      waitUntil,
      rearm,
      idOf: (delivery) => delivery.id,
      due: (at, limit, except) => store.webhooks.due(at, limit, except),
      nextDue: (except) => store.webhooks.nextDue(except),
      send: (delivery) => this.#send(delivery),
    })
  }

  async #send(delivery: DeliveryRecord): Promise<void> {
    const hook = this.#parts.store.webhooks.get(delivery.webhook_id)
    const started = this.#parts.now()
    const outcome = hook === undefined || hook.disabled_at !== null ? undefined : await this.#try(hook, delivery)
    const attempts =
      outcome === undefined
        ? delivery.attempts
        : [...delivery.attempts, { at: started, ...outcome, took_ms: this.#parts.now() - started }].slice(-limits.webhook_attempts_kept)
    this.#note({ ...delivery, attempts }, outcome)
  }

  #note(delivery: DeliveryRecord, outcome: Pick<DeliveryAttempt, 'status' | 'error'> | undefined): void {
    const { webhooks } = this.#parts.store
    const { id, attempts } = delivery
    // Read the webhook again: it may have been deleted during the request.
    const hook = webhooks.get(delivery.webhook_id)
    const status = outcome?.status ?? null
    if (status !== null && status >= 200 && status < 300) return webhooks.note({ id, attempts, state: 'delivered', next_at: null })
    // 410 means that the receiver wants no further deliveries (Standard Webhooks, "Disabling").
    if (status === 410 && hook !== undefined) this.#parts.disable(hook)
    const pause = outcome === undefined || status === 410 ? undefined : pauses[attempts.length - 1]
    if (pause === undefined || attempts.length >= limits.webhook_attempts)
      return webhooks.note({ id, attempts, state: 'failed', next_at: null })
    const jittered = Math.round(pause * (1 - spread + 2 * spread * this.#parts.random()))
    webhooks.note({ id, attempts, state: 'pending', next_at: this.#parts.now() + jittered })
  }

  async #try(hook: WebhookRecord, delivery: DeliveryRecord): Promise<Pick<DeliveryAttempt, 'status' | 'error'>> {
    const key = this.#parts.keys.find((one) => one.id === hook.kid)
    if (key === undefined) return { status: null, error: 'not sent: the key of this webhook is gone; create it anew' }
    const { tenant, fetch, allowedHosts, now } = this.#parts
    const message = { tenant, webhook_id: hook.webhook_id, message_id: delivery.message_id, body: delivery.body }
    const signed = signedHeaders(key, message, now())
    const posting = { fetch, allowedHosts, timeoutMs: limits.webhook_timeout_ms, whom: 'the receiver' }
    const { status, error } = await guardedPost(posting, hook.url, {
      headers: { ...signed, 'content-type': 'application/json', 'user-agent': 'ModelReins-Webhooks/1' },
      body: delivery.body,
    })
    return { status, error }
  }
}
