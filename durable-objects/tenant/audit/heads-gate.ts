/**
 * Responsible for what only the tenant object knows about the audit trail: the newest row, the public key, signatures. It starts the signing
 * of heads; it does not export or verify, which the edge does with the rows in D1.
 */
import { auditSealText } from '@modelreins/contract'
import type { AuditKey, AuditSeal } from '@modelreins/contract'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import type { AuditWriter } from './audit-writer.ts'
import { isoTime } from '../kernel/context.ts'
import { HeadKey } from './heads-key.ts'
import { Heads } from './heads.ts'
import type { HeadParts } from './heads.ts'
import type { OutboxShipper } from './outbox-shipper.ts'
import type { Store } from '../kernel/context.ts'

/** What the edge needs, besides the rows in D1, to export and verify the audit trail. */
export interface AuditStatus {
  /** The newest row as the object knows it. */
  readonly head: { readonly seq: number; readonly hash: string }
  /** Highest sequence number that D1 has confirmed. */
  readonly shipped: number
  /** The first row that differs between D1 and the object: shipping stops there. Null while they agree. */
  readonly fork: number | null
  /** Id of the signing key from which the keys of MACs and heads are derived. */
  readonly kid: string
  /** Public half of the key that signs heads. */
  readonly key: AuditKey
}

export interface AuditGauges {
  /** Number of rows that have not arrived in D1. */
  readonly unshipped: number
  /** As in `AuditStatus`. */
  readonly fork: number | null
}

export interface AuditGateParts extends Pick<HeadParts, 'tenant' | 'archive' | 'now' | 'waitUntil' | 'rearm' | 'failed'> {
  /** The signing key from which the tenant's audit keys are derived. */
  readonly signingKey: TokenKey
  readonly store: Store
  readonly audit: AuditWriter
  readonly shipper: OutboxShipper
}

export class AuditGate {
  readonly heads: Heads
  readonly #parts: AuditGateParts
  #key: HeadKey | undefined

  constructor(parts: AuditGateParts) {
    this.#parts = parts
    const { store, audit, shipper } = parts
    this.heads = new Heads({
      ...parts,
      key: () => this.#headKey(),
      newest: () => audit.head,
      appendedAt: (seq) => appendedAt(store, seq),
      // The last audit row for which a signed head was stored; 0 before the first.
      signed: { get: () => Number(store.values.read('signed_seq') ?? 0), set: (seq) => store.values.write('signed_seq', seq) },
      copy: (head) => shipper.copyHead(head),
    })
  }

  /** Derived at first use, because the object signs nothing during most wake-ups. */
  #headKey(): HeadKey {
    this.#key ??= new HeadKey(this.#parts.signingKey, this.#parts.tenant)
    return this.#key
  }

  /** Signs before it ships, so that the head covers the shipped rows. Neither step throws when R2 or D1 is down. */
  async status(sign: boolean): Promise<AuditStatus> {
    const { audit, shipper, signingKey } = this.#parts
    if (sign) await this.heads.sign()
    const { head } = audit
    await shipper.flush()
    return { head, shipped: shipper.shipped, fork: shipper.fork, kid: signingKey.id, key: this.#headKey().public }
  }

  gauges(): AuditGauges {
    const { audit, shipper } = this.#parts
    return { unshipped: Math.max(0, audit.head.seq - shipper.shipped), fork: shipper.fork }
  }

  seal(about: Pick<AuditSeal, 'from_seq' | 'through_seq' | 'rows' | 'sha256'>): AuditSeal & { readonly signature: string } {
    const key = this.#headKey()
    const seal: AuditSeal = { ...about, at: isoTime(this.#parts.now()), kid: key.kid }
    return { ...seal, signature: key.sign(auditSealText({ ...seal, tenant: this.#parts.tenant })) }
  }
}

/** When row `seq`, or the first row after it, was appended, milliseconds since 1970; undefined when there is none. */
function appendedAt(store: Store, seq: number): number | undefined {
  const row = store.audit.after(seq - 1, 1)[0]
  return row === undefined ? undefined : Date.parse(row.at)
}
