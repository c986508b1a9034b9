/**
 * Responsible for sending pending notices to devices: encrypted, guarded, retried with growing pauses. When the push service answers that
 * the subscription is gone, it removes the device. No command waits for it.
 */
import { limits } from '@modelreins/contract'
import type { DeviceNotice } from '@modelreins/contract'
import { outcomeOf } from '../../../src/domain/device/push-answer.ts'
import { afterSending, noticeOf, notesUnder, unsent } from '../../../src/domain/device/told.ts'
import type { Tag } from '../../../src/domain/device/told.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import type { Store } from '../kernel/context.ts'
import { guardedPost } from '../kernel/guarded-post.ts'
import type { Posted } from '../kernel/guarded-post.ts'
import { PacedSending } from '../kernel/paced-sending.ts'
import type { DeviceRecord } from './device-store.ts'
import { sealNotice, VapidKey } from './push-message.ts'

/** Concurrent requests, in addition to those of webhooks. */
const atOnce = 2

type Due = DeviceRecord & { readonly due_at: number }

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
  /** Called when `dueAt` has changed. */
  readonly rearm: () => void
}

export class DeviceSender {
  readonly #parts: SenderParts
  readonly pace: PacedSending<string, DeviceRecord>
  #vapid: VapidKey | undefined

  constructor(parts: SenderParts) {
    this.#parts = parts
    const { store, now, waitUntil, rearm } = parts
    const waiting = (except: readonly string[]): readonly Due[] =>
      store.devices.all().filter((device): device is Due => device.due_at !== null && !except.includes(device.device_id))
    this.pace = new PacedSending<string, DeviceRecord>({
      atOnce,
      now,
      waitUntil,
      rearm,
      idOf: (device) => device.device_id,
      due: (at, limit, except) =>
        waiting(except)
          .filter(({ due_at }) => due_at <= at)
          .toSorted((one, other) => one.due_at - other.due_at)
          .slice(0, limit),
      nextDue: (except) => Math.min(...waiting(except).map(({ due_at }) => due_at)),
      send: (device) => this.#send(device),
    })
  }

  get #key(): VapidKey {
    this.#vapid ??= new VapidKey(this.#parts.key, this.#parts.tenant)
    return this.#vapid
  }

  get publicKey(): string {
    return this.#key.public
  }

  async #send(device: DeviceRecord): Promise<void> {
    if (this.#isBarred(device)) return
    for (const tag of unsent(device.told)) if (!(await this.#sendNotice(device.device_id, tag))) return
  }

  /**
   * True when the device's member may no longer be notified. Devices are removed in the same transaction as their member or session; this
   * is a second check.
   */
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

  /** True when the notice was sent, so that the next one may follow. Reads the device again, because it may have changed in the meantime. */
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
      // Notices under another tag follow at once (see the caller); new ones under this tag wait until the pause is over.
      due_at: unsent(told).length > 0 ? Math.max(at, quiet_until) : null,
      ...(sent ? { sent_at: at } : { failed_at: at, failure: outcome.why }),
    })
    return sent
  }

  #try(device: DeviceRecord, tag: Tag, notice: DeviceNotice): Promise<Posted> {
    const { fetch, allowedHosts, now } = this.#parts
    const posting = { fetch, allowedHosts, timeoutMs: limits.device_timeout_ms, whom: 'the push service' }
    return guardedPost(posting, device.endpoint, {
      headers: {
        authorization: this.#key.authorization(device, now()),
        'content-encoding': 'aes128gcm',
        'content-type': 'application/octet-stream',
        ttl: String(limits.device_ttl_ms / 1000),
        urgency: notice.quiet ? 'low' : 'high',
        topic: tag,
      },
      body: sealNotice(notice, device),
    })
  }
}
