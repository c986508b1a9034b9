/**
 * Responsible for signing heads of the audit chain and keeping them outside the database: after so many new rows, but not again at once, or so
 * long after the first of them. It runs behind the commands and never holds one up; without new rows it does nothing and costs nothing.
 */
import { auditHead, auditHeadText, limits } from '@modelreins/contract'
import type { AuditHead } from '@modelreins/contract'
import type { ChainHead } from '../../../src/domain/audit/audit-chain.ts'
import { headPath } from '../../../src/domain/audit/audit-keys.ts'
import { isoTime } from '../kernel/context.ts'
import type { HeadKey } from './heads-key.ts'

/** After a failure of the archive or of D1; the last one repeats. */
const retryMs = [1_000, 5_000, 30_000, 120_000, 600_000] as const

export interface HeadParts {
  readonly tenant: string
  readonly key: () => HeadKey
  readonly archive: R2Bucket
  /** The newest row of the chain. */
  readonly newest: () => ChainHead
  /** When this row was appended, in milliseconds; undefined when there is none. */
  readonly appendedAt: (seq: number) => number | undefined
  /** The last row that a head was signed for, as storage remembers it. */
  readonly signed: { readonly get: () => number; readonly set: (seq: number) => void }
  /** Brings the copy that listings answer to D1; throws when it cannot. */
  readonly copy: (head: AuditHead) => Promise<void>
  readonly now: () => number
  readonly waitUntil: (promise: Promise<unknown>) => void
  /** `dueAt` is another than before. */
  readonly rearm: () => void
  readonly failed: (reason: string) => void
}

export class Heads {
  readonly #parts: HeadParts
  /** When the first row appended that no head covers yet. */
  #since: number | undefined
  /** Signed, but not yet known to be kept everywhere. */
  #unkept: AuditHead | undefined
  #running: Promise<boolean> | undefined
  /** When the last head was made; 0 before the first that memory knows of. */
  #madeAt = 0
  #failures = 0
  #retryAt = 0

  constructor(parts: HeadParts) {
    this.#parts = parts
    this.#since = parts.appendedAt(parts.signed.get() + 1)
  }

  /** When there is something to do for `tend`; infinity when nothing is new. */
  get dueAt(): number {
    // What is under way arms the clock when it has ended. Evicted before, the object still has the alarm of the row that it was for.
    if (this.#since === undefined || this.#running !== undefined) return Number.POSITIVE_INFINITY
    return Math.max(this.#wantedAt(this.#since), this.#retryAt)
  }

  #wantedAt(since: number): number {
    const now = this.#parts.now()
    if (this.#unkept !== undefined) return now
    if (this.#fresh() < limits.audit_head_rows) return since + limits.audit_head_ms
    // A clock that was set back must not hold heads up.
    return this.#madeAt > now ? now : Math.max(now, this.#madeAt + limits.audit_head_pause_ms)
  }

  #fresh(): number {
    return this.#parts.newest().seq - this.#parts.signed.get()
  }

  /** Rows may have been appended, or time has passed: signs behind the caller's back when it is due. Returns what is under way. */
  tend(): Promise<boolean> | undefined {
    if (this.#fresh() === 0) return this.#running
    this.#since ??= this.#parts.now()
    if (this.#running === undefined && this.dueAt <= this.#parts.now()) this.#parts.waitUntil(this.sign())
    return this.#running
  }

  /** Signs and keeps the newest row now, if no head covers it. True: every row is covered. Never throws. */
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
   * The first head of a row stays for good: a chain that was set back and goes on otherwise must not replace what was signed before.
   * Undefined: another one is there, and it says otherwise.
   */
  async #keep(head: AuditHead): Promise<AuditHead | undefined> {
    const { archive, tenant } = this.#parts
    const path = headPath(tenant, head.seq)
    const { hash, at, kid, signature } = head
    const kept = await archive.put(path, JSON.stringify({ tenant, ...head }), {
      onlyIf: { etagDoesNotMatch: '*' },
      httpMetadata: { contentType: 'application/json' },
      // A list answers these without a read for each head.
      customMetadata: { hash, at, kid, signature },
    })
    if (kept !== null) return head
    const there = await archive.get(path)
    const earlier = auditHead.parse(await there?.json())
    return earlier.hash === head.hash ? earlier : undefined
  }
}
