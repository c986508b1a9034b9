/** Responsible for sealing audit rows into the tenant's chain as they are appended. */
import type { AuditRow, EventFields, TenantEvent } from '@modelreins/contract'
import { genesis, sealed } from '../../../src/domain/audit/audit-chain.ts'
import type { ChainHead } from '../../../src/domain/audit/audit-chain.ts'
import { isoTime } from '../kernel/context.ts'
import type { AuditNote, Caller } from '../kernel/context.ts'
import { hmacHex, sha256Hex } from '../kernel/sha256.ts'
import type { AuditStore } from './audit-store.ts'

export class AuditWriter {
  readonly #store: AuditStore
  readonly #hmac: (text: string) => string

  /** `secret`: the tenant's own MAC key. */
  constructor(store: AuditStore, secret: Uint8Array) {
    this.#store = store
    this.#hmac = (text) => hmacHex(secret, text)
  }

  get head(): ChainHead {
    return this.#store.head() ?? genesis
  }

  append(note: AuditNote, caller: Caller, at: number): AuditRow {
    const { head } = this
    const stated: TenantEvent & Partial<EventFields> = note
    const done = sealed(
      {
        seq: head.seq + 1,
        at: isoTime(at),
        actor: note.actor ?? caller.actor,
        action: note.action,
        subject: note.subject,
        job_id: stated.job_id ?? null,
        worker_id: stated.worker_id ?? null,
        capability: stated.capability ?? null,
        risk_tier: stated.risk_tier ?? null,
        digest: stated.digest ?? null,
        ...(note.proof === undefined ? {} : { proof: note.proof }),
        summary: note.summary.slice(0, 500),
      },
      head.hash,
      { sha256: sha256Hex, hmac: this.#hmac },
    )
    this.#store.append(done)
    return done.row
  }
}
