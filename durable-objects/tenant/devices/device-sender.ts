/**
 * Responsible for sending devices what they have still to be told: encrypted, guarded, tried again with growing pauses. A push service that says
 * that the subscription is gone removes the device. No command waits for it.
 */
import { limits } from '@modelreins/contract'
import { outcomeOf } from '../../../src/domain/device/push-answer.ts'
import type { Answer } from '../../../src/domain/device/push-answer.ts'
import { afterSending, noticeOf, notesUnder, unsent } from '../../../src/domain/device/told.ts'
import type { Tag } from '../../../src/domain/device/told.ts'
import { refusalOf } from '../../../src/domain/outbound.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import type { Store } from '../kernel/context.ts'
import type { DeviceRecord } from './device-store.ts'
import { sealNotice, VapidKey } from './push-message.ts'

/** A Worker has six connections; webhooks and the tenant's own traffic need theirs. */
const atOnce = 2
/** Of `atOnce` devices each, in one go: push services that never answer must not hold the alarm for long. */
const rounds = 20
/** Longer than all that one device is sent takes. */
const strandedMs = 60_000

export interface SenderParts {
  readonly tenant: string
  readonly store: Store
  readonly key: TokenKey
  readonly allowedHosts: readonly string[]
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly waitUntil: (promise: Promise<unknown>) => void
  readonly remove: (device: DeviceRecord, why: string) => void
  /** Something new is due at `dueAt`. */
  readonly rearm: () => void
}

export class DeviceSender {
  readonly #parts: SenderParts
  readonly #sending = new Set<string>()
  #vapid: VapidKey | undefined

  constructor(parts: SenderParts) {
    this.#parts = parts
  }

  get #key(): VapidKey {
    this.#vapid ??= new VapidKey(this.#parts.key, this.#parts.tenant)
    return this.#vapid
  }

  get publicKey(): string {
    return this.#key.public
  }

  /** When to be awake for sending, in milliseconds; infinite when there is nothing to send. An eviction must not strand what is on its way. */
  get dueAt(): number {
    const underway = this.#sending.size === 0 ? Number.POSITIVE_INFINITY : this.#parts.now() + strandedMs
    return this.#sending.size >= atOnce ? underway : Math.min(this.#waitingAt, underway)
  }

  get #waitingAt(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { device_id, due_at } of this.#parts.store.devices.all())
      if (due_at !== null && !this.#sending.has(device_id)) next = Math.min(next, due_at)
    return next
  }

  /** Sends what is due, without anybody waiting. */
  tend(): void {
    if (this.#waitingAt <= this.#parts.now()) this.#parts.waitUntil(this.flush())
  }

  /** Sends what is due, for a while; the rest when `dueAt` comes. Never throws. */
  async flush(): Promise<void> {
    const { store, now } = this.#parts
    for (let round = 0; round < rounds; round += 1) {
      const due = store.devices
        .all()
        .filter(({ device_id, due_at }) => due_at !== null && due_at <= now() && !this.#sending.has(device_id))
        .toSorted((one, other) => (one.due_at ?? 0) - (other.due_at ?? 0))
        .slice(0, Math.max(0, atOnce - this.#sending.size))
      if (due.length === 0) return
      await Promise.all(due.map((device) => this.#send(device)))
    }
  }

  async #send(device: DeviceRecord): Promise<void> {
    this.#sending.add(device.device_id)
    try {
      if (this.#isBarred(device)) return
      for (const tag of unsent(device.told)) if (!(await this.#sendNotice(device.device_id, tag))) return
    } finally {
      this.#sending.delete(device.device_id)
      this.#parts.rearm()
    }
  }

  /** Whoever may not call is told nothing. Devices end in the same transaction as what they belong to; this is the second lock. */
  #isBarred(device: DeviceRecord): boolean {
    const { store } = this.#parts
    const session = device.session_id === null ? undefined : store.sessions.find(device.session_id)
    if (store.credentials.member(device.member_id)?.revoked_at !== null || (session !== undefined && session.ended_at !== null)) {
      this.#parts.remove(device, 'its member or session has ended')
      return true
    }
    if (store.identity.get()?.suspended !== true) return false
    store.devices.save({ ...device, due_at: null })
    return true
  }

  /** True when it was sent, so that the next one may follow. Reads the device again: what waits may have changed meanwhile. */
  async #sendNotice(id: string, tag: Tag): Promise<boolean> {
    const { store, now, random, tenant } = this.#parts
    const device = store.devices.get(id)
    if (device === undefined || !unsent(device.told).includes(tag)) return device !== undefined
    const counted = notesUnder(device.told, tag)
    const member = store.credentials.member(device.member_id)?.name ?? ''
    const notice = noticeOf(device.told, tag, { member, tenant })
    const answer = await this.#try(device, tag, notice)
    const outcome = outcomeOf(answer, device.tries, now(), random())
    const current = store.devices.get(id)
    if (current === undefined) return false
    if (outcome.kind === 'gone') {
      this.#parts.remove(current, `its push service answered ${answer.status}`)
      return false
    }
    const at = now()
    if (outcome.kind === 'again') {
      const { tries } = current
      store.devices.save({ ...current, tries: tries + 1, due_at: outcome.at, failed_at: at, failure: outcome.why })
      return false
    }
    const told = afterSending(current.told, tag, counted)
    const sent = outcome.kind === 'sent'
    const quiet_until = tag === 'test' ? current.quiet_until : at + limits.device_pause_ms
    store.devices.save({
      ...current,
      told,
      tries: 0,
      quiet_until,
      // Under another tag it follows at once; what came meanwhile under this one waits for its turn.
      due_at: unsent(told).length > 0 ? Math.max(at, quiet_until) : null,
      ...(sent ? { sent_at: at } : { failed_at: at, failure: outcome.why }),
    })
    return sent
  }

  /** One try. The address is judged again: what the operator allows may have changed. */
  async #try(device: DeviceRecord, tag: Tag, notice: ReturnType<typeof noticeOf>): Promise<Answer> {
    const failed = (error: string): Answer => ({ status: null, error, retryAfter: null })
    const refusal = refusalOf(new URL(device.endpoint), this.#parts.allowedHosts)
    if (refusal !== undefined) return failed(`not sent: ${refusal}`)
    try {
      const response = await this.#parts.fetch(device.endpoint, {
        method: 'POST',
        headers: {
          authorization: this.#key.authorization(device, this.#parts.now()),
          'content-encoding': 'aes128gcm',
          'content-type': 'application/octet-stream',
          ttl: String(limits.device_ttl_ms / 1000),
          urgency: notice.quiet ? 'low' : 'high',
          topic: tag,
        },
        body: sealNotice(notice, device),
        // A redirect could lead where the address itself may not.
        redirect: 'manual',
        signal: AbortSignal.timeout(limits.device_timeout_ms),
      })
      // Nothing of the answer is read: it may be endless.
      await response.body?.cancel()
      return { status: response.status, error: '', retryAfter: response.headers.get('retry-after') }
    } catch (error) {
      const timedOut = error instanceof Error && error.name === 'TimeoutError'
      return failed(timedOut ? `no answer within ${limits.device_timeout_ms / 1000} s` : 'the push service could not be reached')
    }
  }
}
