/**
 * Responsible for verifying an exported audit trail without the server: every hash, every link, every signed head and the seal; and for naming the
 * first bad row. It reads the file once, as a stream, without any network call.
 */
import { createHash } from 'node:crypto'
import { auditSealText, type AuditExportLine, type AuditFault, type AuditHead, type AuditRow } from '@modelreins/contract'
import { Chain, contradiction } from './chain.ts'
import { linesOf, LineTooLong, type Line } from './lines.ts'
import { withoutMark } from './without-mark.ts'
import { parseLine } from './parse-line.ts'
import { SignedDecisions, type SigningPasskey } from './signed-decisions.ts'
import { keyOfExport, NotAKey, noTrust, signatureHolds, signedBy, type Trust, type TrustedKey } from './trust.ts'

export interface AuditVerdict {
  readonly ok: boolean
  /** Null when the file does not begin like an export. */
  readonly tenant: string | null
  /** Number of valid rows before the first bad one, and the numbers of the first and last of them. */
  readonly rows: number
  readonly first_seq: number | null
  readonly last_seq: number | null
  /** Number of valid signed heads, in the file and kept elsewhere. */
  readonly heads: number
  /** The newest of these heads: every row up to it is unchanged since that head was signed. */
  readonly proven: Pick<AuditHead, 'seq' | 'at' | 'kid'> | null
  /** Whether the key was given, or taken from the file itself. The latter proves nothing against the person who made the file. */
  readonly key: 'given' | 'in-file'
  /** Passkeys that signed decisions, each with the number of its valid signatures. */
  readonly passkeys: readonly SigningPasskey[]
  /** When the export was made, and whether it contained the whole trail at that time. */
  readonly exported_at: string | null
  readonly whole: boolean
  readonly fault: (AuditFault & { /** Of the file. */ readonly line: number | null }) | null
}

type Header = Extract<AuditExportLine, { type: 'export' }>
type End = Extract<AuditExportLine, { type: 'end' }>

const cutOff = 'the file ends before the end of the export: it was cut off, or was never complete'

class Verification {
  readonly #trust: Trust
  readonly #digest = createHash('sha256')
  #keys: readonly TrustedKey[]
  #header: Header | undefined
  #chain: Chain | undefined
  #signed: SignedDecisions | undefined
  #unchecked: AuditRow | undefined
  #end: { readonly line: End; readonly sha256: string } | undefined
  #fault: AuditVerdict['fault'] = null
  #line = 0

  constructor(trust: Trust) {
    this.#trust = trust
    this.#keys = trust.keys
  }

  /** False when the fault is known and reading further would add nothing. */
  take(line: Line): boolean {
    this.#line = line.number
    const parsed = parseLine(line.text)
    if (this.#end !== undefined) this.#bad('malformed', null, 'the file has data after the end of the export')
    else if (parsed === undefined && !line.whole) this.#bad('incomplete', this.#chain?.expected ?? null, cutOff)
    else if (parsed?.line === undefined) this.#unreadable(parsed?.raw['type'] === 'row')
    else if (this.#header === undefined) this.#begin(parsed.line)
    else this.#next(parsed.line, parsed.raw)
    if (this.#end === undefined) this.#digest.update(line.bytes)
    return this.#fault === null && (this.#chain?.settled ?? false) === false
  }

  #bad(kind: AuditFault['kind'], seq: number | null, detail: string, line: number | null = this.#line): void {
    this.#fault ??= { kind, seq, detail, line }
  }

  /** Checks the signature of the last row that was taken, if it has one. Answers false as `take` does. */
  async checkSignature(): Promise<boolean> {
    const row = this.#unchecked
    if (row?.proof === undefined || this.#signed === undefined) return true
    this.#unchecked = undefined
    const why = await this.#signed.fault(row, row.proof)
    if (why !== undefined) this.#bad('forged', row.seq, why)
    return why === undefined
  }

  #unreadable(isRow: boolean): void {
    const seq = this.#chain?.expected ?? null
    if (isRow) this.#bad('changed', seq, `row ${seq} no longer has the format of a row`)
    else this.#bad('malformed', seq, `line ${this.#line} is not a line of an export`)
  }

  #begin(line: AuditExportLine): void {
    if (line.type !== 'export') return this.#bad('malformed', null, 'the file does not begin with the header of an export')
    this.#header = line
    try {
      if (this.#keys.length === 0) this.#keys = line.keys.map(keyOfExport)
    } catch (error) {
      if (!(error instanceof NotAKey)) throw error
      return this.#bad('malformed', null, `the key in the file is not valid: ${error.message}`)
    }
    this.#chain = new Chain(line.from_seq, this.#trust.heads)
    this.#signed = new SignedDecisions(line.tenant, line.from_seq === 1, this.#trust.passkeys ?? [])
    const alien = this.#trust.heads.find((head) => !signedBy(this.#keys, line.tenant, head))
    if (alien !== undefined) this.#bad('forged', alien.seq, `the kept head of row ${alien.seq} is not of the tenant ${line.tenant}`)
    this.#contradicted()
  }

  /**
   * Kept heads may come from several files that were saved at different times. If two of them contradict each other, that alone is the proof,
   * whatever this file contains.
   */
  #contradicted(): void {
    const pair = contradiction(this.#trust.heads)
    if (pair === undefined) return
    const [named, other] = pair.map(({ hash, at }) => `${hash}, signed ${at}`)
    const { seq } = pair[0]
    this.#bad(
      'rewritten',
      seq,
      `two kept heads of row ${seq} name different hashes: ${named}, and ${other}: that row, or one before it, was rewritten`,
    )
  }

  #next(line: AuditExportLine, raw: Readonly<Record<string, unknown>>): void {
    const chain = this.#chain
    if (chain === undefined || this.#header === undefined) return
    if (line.type === 'row') {
      chain.row(line, raw, this.#line)
      // After a gap nothing is judged, because the gap is the first fault.
      if (chain.last_seq !== line.seq) return
      this.#signed?.note(line)
      this.#unchecked = line
    } else if (line.type === 'head') {
      if (signedBy(this.#keys, this.#header.tenant, line)) chain.head(line, this.#line)
      else this.#forgedHead(line)
    } else if (line.type === 'end') this.#end = { line, sha256: this.#digest.copy().digest('hex') }
    else this.#bad('malformed', chain.expected, 'the export begins a second time')
  }

  #forgedHead(head: AuditHead): void {
    const known = this.#keys.some((key) => key.kid === head.kid)
    const why = known ? 'was not made with that key' : 'names a key that is not the trusted one'
    this.#bad('forged', head.seq, `the signature of the head of row ${head.seq} ${why}`)
  }

  /** Checks that are only possible at the end of the file. */
  #conclude(): void {
    const chain = this.#chain
    if (chain === undefined || this.#header === undefined) return this.#bad('malformed', null, 'the file is empty', null)
    chain.finish()
    // A gap is reported long after its line, so a fault from a later line may already be stored; the gap is still the first fault.
    const later = this.#fault === null || (this.#fault.line ?? Infinity) > (chain.fault?.line ?? Infinity)
    if (chain.fault !== null && later) this.#fault = chain.fault
    const end = this.#end
    if (this.#fault !== null) return
    if (end === undefined) return this.#bad('incomplete', chain.expected, cutOff, null)
    this.#judgeEnd(this.#header, end.line, chain, end.sha256)
  }

  #judgeEnd(header: Header, end: End, chain: Chain, sha256: string): void {
    const promised = Math.max(end.through_seq, header.through_seq)
    if (chain.last_seq < promised)
      return this.#bad('truncated', chain.expected, `the rows end at ${chain.last_seq}, but the export goes to row ${promised}`, null)
    const kept = chain.beyond(header.newest_seq, header.exported_at)
    if (kept !== undefined)
      return this.#bad(
        'truncated',
        chain.expected,
        `the trail ends at row ${header.newest_seq}, but there is a kept head of row ${kept.seq}`,
        null,
      )
    const { type: _type, signature, ...seal } = end
    if (!signatureHolds(this.#keys, end.kid, auditSealText({ ...seal, tenant: header.tenant }), signature))
      return this.#bad('forged', null, 'the signature at the end of the export was not made with the trusted key')
    if (sha256 !== end.sha256)
      return this.#bad(
        'changed',
        null,
        'every row fits its hash, but the file is not what was sealed: a MAC, a key or a spelling differs',
        null,
      )
    const { from_seq, through_seq, rows } = end
    if (from_seq !== header.from_seq || through_seq !== header.through_seq || rows !== chain.rows)
      this.#bad('changed', null, 'the end of the export names other rows than the file has')
  }

  verdict(): AuditVerdict {
    this.#conclude()
    const header = this.#header
    const chain = this.#chain
    const rows = chain?.rows ?? 0
    return {
      ok: this.#fault === null,
      tenant: header?.tenant ?? null,
      rows,
      first_seq: rows === 0 ? null : (header?.from_seq ?? null),
      last_seq: rows === 0 ? null : (chain?.last_seq ?? null),
      heads: chain?.heads ?? 0,
      proven: chain?.proven ?? null,
      key: this.#trust.keys.length === 0 ? 'in-file' : 'given',
      passkeys: this.#signed?.passkeys ?? [],
      exported_at: header?.exported_at ?? null,
      whole: header !== undefined && header.from_seq === 1 && header.through_seq === header.newest_seq,
      fault: this.#fault,
    }
  }

  tooLong(line: number): void {
    this.#line = line
    this.#bad('malformed', this.#chain?.expected ?? null, `line ${line} is longer than any line of an export`)
  }
}

/**
 * Verifies an export of `GET /audit/export`.
 * @param source The file's bytes, as a stream (`fs.createReadStream(path)`) or any iterable of chunks.
 * @param trust Trusted public keys, and heads kept elsewhere (`parseTrust`); without keys, the key in the file is believed.
 * @returns Rejects only for errors of reading, never because of the file's content.
 */
export async function verifyAudit(
  source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  trust: Trust = noTrust,
): Promise<AuditVerdict> {
  const verification = new Verification(trust)
  try {
    for await (const line of linesOf(withoutMark(source))) if (!verification.take(line) || !(await verification.checkSignature())) break
  } catch (error) {
    if (!(error instanceof LineTooLong)) throw error
    verification.tooLong(error.line)
  }
  return verification.verdict()
}
