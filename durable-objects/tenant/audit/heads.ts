/**
 * Responsible for signing heads of the audit chain and storing them outside the database: after a number of new rows (with a minimum pause
 * between heads), or a time after the first new row. It runs in the background and delays no command; without new rows it does nothing.
 */
import { auditHead, auditHeadText, limits } from '@modelreins/contract'
import type { AuditHead } from '@modelreins/contract'
import type { ChainHead } from '../../../src/domain/audit/audit-chain.ts'
import { headPath } from '../../../src/domain/audit/audit-keys.ts'
import { isoTime } from '../kernel/context.ts'
import type { HeadKey } from './heads-key.ts'

/** Delays after consecutive failures of R2 or D1, milliseconds; the last one repeats. */
const retryMs = [1_000, 5_000, 30_000, 120_000, 600_000] as const

export interface HeadParts {
  readonly tenant: string
  readonly key: () => HeadKey
  readonly archive: R2Bucket
  /** The newest row of the chain. */
  readonly newest: () => ChainHead
  /** When row `seq`, or the first row after it, was appended, milliseconds since 1970; undefined when there is none. */
  readonly appendedAt: (seq: number) => number | undefined
  /** The number of the last row for which a head was signed, in storage. */
  readonly signed: { readonly get: () => number; readonly set: (seq: number) => void }
  /** Copies the head to D1, where listings read it; throws when D1 does not accept it. */
  readonly copy: (head: AuditHead) => Promise<void>
  readonly now: () => number
  readonly waitUntil: (promise: Promise<unknown>) => void
  /** Called when `dueAt` has changed. */
  readonly rearm: () => void
  readonly failed: (reason: string) => void
}

export class Heads {
  readonly #parts: HeadParts
  /** When the first row that no head covers was appended, milliseconds since 1970; undefined when all rows are covered. */
  #since: number | undefined
  /** A signed head that is not yet confirmed to be stored in both R2 and D1. */
  #unkept: AuditHead | undefined
  #running: Promise<boolean> | undefined
  /** When the last head was made, milliseconds since 1970; 0 before the first since the object was loaded. */
  #madeAt = 0
  #failures = 0
  #retryAt = 0

  constructor(parts: HeadParts) {
    this.#parts = parts
    this.#since = parts.appendedAt(parts.signed.get() + 1)
  }

  /** When `tend` has something to do next, milliseconds since 1970; infinity when all rows are covered. */
  get dueAt(): number {
    // A running signature sets the clock when it ends. If the object is evicted first, the alarm that was set for the row still fires.
    if (this.#since === undefined || this.#running !== undefined) return Number.POSITIVE_INFINITY
    return Math.max(this.#wantedAt(this.#since), this.#retryAt)
  }

  #wantedAt(since: number): number {
    const now = this.#parts.now()
    if (this.#unkept !== undefined) return now
    if (this.#fresh() < limits.audit_head_rows) return since + limits.audit_head_ms
    // When the clock was set back, `#madeAt` lies in the future: it must not delay the next head.
    return this.#madeAt > now ? now : Math.max(now, this.#madeAt + limits.audit_head_pause_ms)
  }

  #fresh(): number {
    return this.#parts.newest().seq - this.#parts.signed.get()
  }

  /** Called after commits and by the alarm: starts signing in the background when it is due. Returns the signing in progress, if any. */
  tend(): Promise<boolean> | undefined {
    if (this.#fresh() === 0) return this.#running
    this.#since ??= this.#parts.now()
    if (this.#running === undefined && this.dueAt <= this.#parts.now()) this.#parts.waitUntil(this.sign())
    return this.#running
  }

  /** Signs a head of the newest row now, unless one covers it, and stores the head. True: all rows are covered. Never throws. */
  sign(): Promise<boolean> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      this.#parts.rearm()
    })
    return this.#running
  }

  async #run(): Promise<boolean> {
    try {
      if (this.#unkept === undefined && this.#fresh() === 0) return true
      const head = this.#unkept ?? this.#make(this.#parts.newest())
      this.#unkept = head
      const kept = await this.#keep(head)
      if (kept === undefined)
        this.#parts.failed(`the archive holds another head of row ${head.seq}: this chain is not the one that was signed`)
      else await this.#parts.copy(kept)
      this.#unkept = undefined
      this.#failures = 0
      this.#retryAt = 0
      this.#parts.signed.set(head.seq)
      this.#since = this.#parts.appendedAt(head.seq + 1)
      return this.#since === undefined
    } catch (error) {
      this.#parts.failed(error instanceof Error ? error.message : String(error))
      this.#retryAt = this.#parts.now() + (retryMs[Math.min(this.#failures, retryMs.length - 1)] ?? 0)
      this.#failures += 1
      return false
    }
  }

  #make({ seq, hash }: ChainHead): AuditHead {
    const { tenant, now } = this.#parts
    const key = this.#parts.key()
    this.#madeAt = now()
    const head = { seq, hash, at: isoTime(this.#madeAt), kid: key.kid }
    return { ...head, signature: key.sign(auditHeadText({ ...head, tenant })) }
  }

  /**
   * Stores a head in R2, where the first head of a row is final: a chain that was restored to an earlier state and continued differently must
   * not replace an earlier signature. Returns the stored head; undefined when R2 has a head of this row with another hash.
   */
  async #keep(head: AuditHead): Promise<AuditHead | undefined> {
    const { archive, tenant } = this.#parts
    const path = headPath(tenant, head.seq)
    const { hash, at, kid, signature } = head
    const kept = await archive.put(path, JSON.stringify({ tenant, ...head }), {
      onlyIf: { etagDoesNotMatch: '*' },
      httpMetadata: { contentType: 'application/json' },
      // Listing the bucket returns this metadata without reading each object.
      customMetadata: { hash, at, kid, signature },
    })
    if (kept !== null) return head
    const there = await archive.get(path)
    const earlier = auditHead.parse(await there?.json())
    return earlier.hash === head.hash ? earlier : undefined
  }
}
