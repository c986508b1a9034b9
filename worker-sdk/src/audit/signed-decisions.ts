/**
 * Responsible for the decisions of a trail that were signed with a passkey: whether each signature is about exactly that row, and by a passkey that
 * the same member registered before. The chain itself is checked elsewhere.
 */
import { createHash, webcrypto } from 'node:crypto'
import { signedDecisionText, type AuditRow, type DecisionProof } from '@modelreins/contract'
import { assertionFault, rowFault } from './passkey-signature.ts'

/** A passkey that signed decisions of the trail. */
export interface SigningPasskey {
  readonly passkey_id: string
  /** The passkey's name at its last signature. The name is not signed. */
  readonly name: string
  readonly member_id: string
  readonly member: string
  /** SHA-256 of its public key in hex: the digest in the row of its registration. */
  readonly fingerprint: string
  readonly decisions: number
  /** `registered`: by an earlier row of this file. `given`: by a key that the reader trusts. `in-file`: only the row itself states the key. */
  readonly pinned: 'registered' | 'given' | 'in-file'
}

/** The form that `passkey.create` rows hold: the hash of the base64url text. */
export const fingerprintOf = (publicKey: string): string => createHash('sha256').update(publicKey).digest('hex')

interface Registration {
  readonly digest: string | null
  readonly member_id: string
  readonly removed: number | undefined
}

const subjectOf = (id: string): string => `passkey:${id}`

export class SignedDecisions {
  readonly #tenant: string
  /** Whether the file begins with the first row. In that case it contains every registration. */
  readonly #whole: boolean
  readonly #given: ReadonlySet<string>
  readonly #registered = new Map<string, Registration>()
  readonly #seen = new Map<string, SigningPasskey>()

  constructor(tenant: string, whole: boolean, given: readonly string[]) {
    this.#tenant = tenant
    this.#whole = whole
    this.#given = new Set(given)
  }

  /** Passkeys with valid signatures, in the order of their first one. */
  get passkeys(): readonly SigningPasskey[] {
    return [...this.#seen.values()]
  }

  /** Records what a row says about passkeys. Must be called in the order of the chain. */
  note(row: AuditRow): void {
    if (row.action === 'passkey.create')
      this.#registered.set(row.subject, { digest: row.digest, member_id: row.actor.id, removed: undefined })
    const known = row.action === 'passkey.remove' ? this.#registered.get(row.subject) : undefined
    if (known !== undefined) this.#registered.set(row.subject, { ...known, removed: row.seq })
  }

  /** Why the signature of a row is not valid; undefined when it is. */
  async fault(row: AuditRow, proof: DecisionProof): Promise<string | undefined> {
    const whose = `the passkey signature of row ${row.seq} does not hold: `
    const about = rowFault(row, proof)
    if (about !== undefined) return whose + about
    const fingerprint = fingerprintOf(proof.public_key)
    const known = this.#registered.get(subjectOf(proof.passkey_id))
    const stranger = this.#stranger(row, known, fingerprint)
    if (stranger !== undefined) return whose + stranger
    const forged = await assertionFault(webcrypto.subtle, proof, signedDecisionText(this.#tenant, proof))
    if (forged !== undefined) return whose + forged
    const before = this.#seen.get(fingerprint)
    this.#seen.set(fingerprint, {
      passkey_id: proof.passkey_id,
      name: proof.passkey_name,
      member_id: row.actor.id,
      member: row.actor.name,
      fingerprint,
      decisions: (before?.decisions ?? 0) + 1,
      pinned: this.#given.has(fingerprint) ? 'given' : known === undefined ? 'in-file' : 'registered',
    })
    return undefined
  }

  #stranger(row: AuditRow, known: Registration | undefined, fingerprint: string): string | undefined {
    if (this.#given.size > 0 && !this.#given.has(fingerprint)) return 'it is by a passkey that is not among the trusted ones'
    if (known === undefined) return this.#whole ? 'no row before it registers that passkey' : undefined
    if (known.digest !== fingerprint) return 'its key is not the one that was registered under that passkey'
    if (known.member_id !== row.actor.id) return 'another member registered that passkey'
    return known.removed === undefined ? undefined : `that passkey was removed in row ${known.removed}`
  }
}
