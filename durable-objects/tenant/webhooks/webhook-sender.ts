/**
 * Responsible for sending what the delivery queue holds: signed, guarded, tried again with growing pauses, each try logged. At least
 * once: an eviction between the answer and the log repeats a delivery under the same `webhook-id`. No command waits for it.
 */
import { limits } from '@modelreins/contract'
import { refusalOf } from '../../../src/domain/outbound.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import type { DeliveryRecord, DeliveryAttempt, WebhookRecord, WebhookStore } from './webhook-store.ts'
import { signedHeaders } from './webhook-secret.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
/** After the first try, the second, and so on: a day and a half in all (Standard Webhooks, "Retries"). */
const pauses: readonly number[] = [5 * second, 1 * minute, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour]
/** A Worker has six connections; the tenant's own traffic needs some. */
const atOnce = 3
/** Of `atOnce` deliveries each, in one go: receivers that never answer must not hold the alarm for long. */
const rounds = 20
/** Longer than any try takes. */
const strandedMs = 60_000

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
  /** The receiver wants no more. */
  readonly disable: (hook: WebhookRecord) => void
  /** Something new is due at `dueAt`. */
  readonly rearm: () => void
}

export class WebhookSender {
  readonly #parts: SenderParts
  readonly #sending = new Set<number>()

  constructor(parts: SenderParts) {
    this.#parts = parts
  }

  /**
   * When to be awake for sending, in milliseconds; infinite when there is nothing to send. What is on its way counts too: an eviction
   * meanwhile must not strand it.
   */
  get dueAt(): number {
    const underway = this.#sending.size === 0 ? Number.POSITIVE_INFINITY : this.#parts.now() + strandedMs
    // With as many on their way as there may be, the next one starts when one of them has ended.
    return this.#sending.size >= atOnce ? underway : Math.min(this.#waitingAt, underway)
  }

  get #waitingAt(): number {
    return this.#parts.store.webhooks.nextDue([...this.#sending]) ?? Number.POSITIVE_INFINITY
  }

  /** Sends what is due, without anybody waiting. */
  tend(): void {
    if (this.#parts.store.webhooks.all().length > 0 && this.#waitingAt <= this.#parts.now()) this.#parts.waitUntil(this.flush())
  }

  /** Sends what is due, for a while; the rest when `dueAt` comes. Never throws. */
  async flush(): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      const room = atOnce - this.#sending.size
      const due = room < 1 ? [] : this.#parts.store.webhooks.due(this.#parts.now(), room, [...this.#sending])
      if (due.length === 0) return
      await Promise.all(due.map((delivery) => this.#send(delivery)))
    }
  }

  async #send(delivery: DeliveryRecord): Promise<void> {
    this.#sending.add(delivery.id)
    try {
      const hook = this.#parts.store.webhooks.get(delivery.webhook_id)
      const started = this.#parts.now()
      const outcome = hook === undefined || hook.disabled_at !== null ? undefined : await this.#try(hook, delivery)
      const attempts =
        outcome === undefined
          ? delivery.attempts
          : [...delivery.attempts, { at: started, ...outcome, took_ms: this.#parts.now() - started }].slice(-limits.webhook_attempts_kept)
      this.#note({ ...delivery, attempts }, outcome)
    } finally {
      this.#sending.delete(delivery.id)
      this.#parts.rearm()
    }
  }

  #note(delivery: DeliveryRecord, outcome: Pick<DeliveryAttempt, 'status' | 'error'> | undefined): void {
    const { webhooks } = this.#parts.store
    const { id, attempts } = delivery
    // Read again: it may have been deleted while it was called.
    const hook = webhooks.get(delivery.webhook_id)
    const status = outcome?.status ?? null
    if (status !== null && status >= 200 && status < 300) return webhooks.note({ id, attempts, state: 'delivered', next_at: null })
    // 410 says: never again (Standard Webhooks, "Disabling").
    if (status === 410 && hook !== undefined) this.#parts.disable(hook)
    const pause = outcome === undefined || status === 410 ? undefined : pauses[attempts.length - 1]
    if (pause === undefined || attempts.length >= limits.webhook_attempts)
      return webhooks.note({ id, attempts, state: 'failed', next_at: null })
    const jittered = Math.round(pause * (0.8 + 0.4 * this.#parts.random()))
    webhooks.note({ id, attempts, state: 'pending', next_at: this.#parts.now() + jittered })
  }

  /** One try. The address is judged again: what the operator allows may have changed. */
  async #try(hook: WebhookRecord, delivery: DeliveryRecord): Promise<Pick<DeliveryAttempt, 'status' | 'error'>> {
    const refusal = refusalOf(new URL(hook.url), this.#parts.allowedHosts)
    if (refusal !== undefined) return { status: null, error: `not sent: ${refusal}` }
    const key = this.#parts.keys.find((one) => one.id === hook.kid)
    if (key === undefined) return { status: null, error: 'not sent: the key of this webhook is gone; create it anew' }
    const { tenant } = this.#parts
    const signed = signedHeaders(
      key,
      { tenant, webhook_id: hook.webhook_id, message_id: delivery.message_id, body: delivery.body },
      this.#parts.now(),
    )
    try {
      const response = await this.#parts.fetch(hook.url, {
        method: 'POST',
        headers: { ...signed, 'content-type': 'application/json', 'user-agent': 'ModelReins-Webhooks/1' },
        body: delivery.body,
        // A redirect could lead where the address itself may not.
        redirect: 'manual',
        signal: AbortSignal.timeout(limits.webhook_timeout_ms),
      })
      // Nothing of the answer is read: it has no say, and may be endless.
      await response.body?.cancel()
      const redirected = response.status >= 300 && response.status < 400
      return { status: response.status, error: redirected ? 'redirects are not followed' : null }
    } catch (error) {
      const timedOut = error instanceof Error && error.name === 'TimeoutError'
      return {
        status: null,
        error: timedOut ? `no answer within ${limits.webhook_timeout_ms / 1000} s` : 'the receiver could not be reached',
      }
    }
  }
}
