/**
 * Responsible for following the chain row by row and for naming the kind of change where it breaks. The caller passes only heads with valid
 * signatures; it checks no signature itself.
 */
import { createHash } from 'node:crypto'
import { canonicalJson, NotCanonical, type AuditFault, type AuditHead, type AuditRow } from '@modelreins/contract'

const genesisHash = '0'.repeat(64)

type LocatedFault = AuditFault & { readonly line: number | null }

/** Rows are missing here. Later rows show whether they were moved, deleted, or cut off at the end. */
interface Gap {
  readonly expected: number
  readonly line: number
  /** The row in the place of the missing one; undefined when a head is the evidence of the gap. */
  readonly found: number | undefined
}

/** The hash over everything except the three fields that are derived from it. */
function hashOf(prevHash: string, raw: Readonly<Record<string, unknown>>): string | undefined {
  const { type: _type, prev_hash: _prev, hash: _hash, mac: _mac, ...draft } = raw
  try {
    return createHash('sha256')
      .update(prevHash + canonicalJson(draft))
      .digest('hex')
  } catch (error) {
    if (error instanceof NotCanonical) return undefined
    throw error
  }
}

/** Of several heads of one row, the one that was signed first: they state the same hash, and the oldest proves the most. */
function earliest(heads: readonly AuditHead[]): ReadonlyMap<number, AuditHead> {
  const bySeq = new Map<number, AuditHead>()
  for (const head of heads) {
    const known = bySeq.get(head.seq)
    if (known === undefined || Date.parse(head.at) < Date.parse(known.at)) bySeq.set(head.seq, head)
  }
  return bySeq
}

/** Two signed heads of one row with different hashes: there was another trail, whichever one is shown now. Answers the lowest such row. */
export function contradiction(heads: readonly AuditHead[]): readonly [first: AuditHead, second: AuditHead] | undefined {
  const firsts = new Map<number, AuditHead>()
  for (const head of [...heads].sort((one, other) => one.seq - other.seq || Date.parse(one.at) - Date.parse(other.at))) {
    const first = firsts.get(head.seq)
    if (first === undefined) firsts.set(head.seq, head)
    else if (first.hash !== head.hash) return [first, head]
  }
  return undefined
}

export class Chain {
  readonly #from: number
  readonly #kept: ReadonlyMap<number, AuditHead>
  readonly #heldHeads = new Set<number>()
  /** Hash of the last valid row; undefined before the first row of a partial trail, because the row before it is not in the file. */
  #lastHash: string | undefined
  #lastSeq: number
  #proven: AuditHead | undefined
  #gap: Gap | undefined
  #fault: LocatedFault | null = null

  constructor(from: number, kept: readonly AuditHead[]) {
    this.#from = from
    this.#kept = earliest(kept)
    this.#lastSeq = from - 1
    this.#lastHash = from === 1 ? genesisHash : this.#kept.get(from - 1)?.hash
    const anchor = this.#kept.get(from - 1)
    if (anchor !== undefined) this.#proves(anchor)
  }

  get rows(): number {
    return this.#lastSeq - this.#from + 1
  }

  /** Number of the last valid row. */
  get last_seq(): number {
    return this.#lastSeq
  }

  /** The number that the next row should have. */
  get expected(): number {
    return this.#lastSeq + 1
  }

  get heads(): number {
    return this.#heldHeads.size
  }

  get proven(): Pick<AuditHead, 'seq' | 'at' | 'kid'> | null {
    return this.#proven === undefined ? null : { seq: this.#proven.seq, at: this.#proven.at, kid: this.#proven.kid }
  }

  get fault(): LocatedFault | null {
    return this.#fault
  }

  /** The kind of the first fault is known. */
  get settled(): boolean {
    return this.#fault !== null
  }

  #bad(kind: AuditFault['kind'], seq: number, detail: string, line: number | null): void {
    this.#fault ??= { kind, seq, detail, line }
  }

  #proves(head: AuditHead): void {
    this.#heldHeads.add(head.seq)
    this.#proven = head
  }

  row(row: AuditRow, raw: Readonly<Record<string, unknown>>, line: number): void {
    if (this.#gap !== undefined) return this.#behindGap(this.#gap, row)
    if (hashOf(row.prev_hash, raw) !== row.hash) {
      const itself = row.seq === this.expected ? '' : `; its own number is ${row.seq}`
      return this.#bad('changed', this.expected, `row ${this.expected} does not fit its own hash${itself}`, line)
    }
    if (row.seq > this.expected) {
      this.#gap = { expected: this.expected, line, found: row.seq }
      return
    }
    if (row.seq < this.expected) return this.#bad('inserted', row.seq, this.#twice(row), line)
    if (this.#lastHash !== undefined && row.prev_hash !== this.#lastHash) return this.#broken(row, line)
    this.#lastSeq = row.seq
    this.#lastHash = row.hash
    const kept = this.#kept.get(row.seq)
    if (kept !== undefined) this.#compare(kept, line)
  }

  #twice(row: AuditRow): string {
    return row.seq === this.#lastSeq
      ? `two rows are numbered ${row.seq}`
      : `row ${row.seq} appears a second time, after row ${this.#lastSeq}`
  }

  /** The row has the right number and matches its hash, but it continues another row than the one before it. */
  #broken(row: AuditRow, line: number): void {
    const beforeIsProven = this.rows === 0 || this.#proven?.seq === this.#lastSeq
    if (beforeIsProven) return this.#bad('changed', row.seq, `row ${row.seq} does not continue the row before it`, line)
    const seq = this.#lastSeq
    // The previous row was changed and hashed again, so that row is the invalid one.
    this.#lastSeq -= 1
    this.#bad('changed', seq, `row ${row.seq} continues a row ${seq} that differs from the one here`, line - 1)
  }

  #compare(head: AuditHead, line: number): void {
    if (head.hash === this.#lastHash) return this.#proves(head)
    const since = this.#proven === undefined ? 'it, or a row before it,' : `it, or a row after row ${this.#proven.seq},`
    const { seq } = head
    this.#lastSeq -= 1
    this.#bad('rewritten', seq, `the signed head of row ${seq} names another hash: ${since} was rewritten`, line)
  }

  head(head: AuditHead, line: number): void {
    if (this.#gap !== undefined) return
    if (head.seq === this.#lastSeq) {
      if (this.#lastHash !== undefined) return this.#compare(head, line)
      // The head is of the row before the first one of this part.
      this.#lastHash = head.hash
      return this.#proves(head)
    }
    if (head.seq < this.#lastSeq)
      return this.#bad('reordered', head.seq, `the head of row ${head.seq} stands after row ${this.#lastSeq}`, line)
    this.#gap = { expected: this.expected, line, found: undefined }
  }

  #behindGap(gap: Gap, row: AuditRow): void {
    if (row.seq === gap.expected) {
      const seq = gap.found ?? row.seq
      const before = gap.found === undefined ? 'its head' : `row ${gap.found}`
      this.#bad('reordered', seq, `${before} stands before row ${gap.expected}`, gap.line)
    } else if (gap.found === undefined) this.#gap = { ...gap, found: row.seq }
  }

  /** Called after the last line. */
  finish(): void {
    const gap = this.#gap
    if (gap === undefined) return
    if (gap.found === undefined) {
      this.#bad('truncated', gap.expected, `the rows end at ${this.#lastSeq}, but there is a signed head of a later one`, gap.line)
      return
    }
    const missing = gap.found - 1 === gap.expected ? `row ${gap.expected} is` : `rows ${gap.expected} to ${gap.found - 1} are`
    this.#bad('deleted', gap.expected, `${missing} missing`, gap.line)
  }

  /** A kept head of a row after `newest` that was signed before `at`, which contradicts the claim that `newest` was the newest row at that time. */
  beyond(newest: number, at: string): AuditHead | undefined {
    const missed = [...this.#kept.values()].filter((head) => head.seq > newest && Date.parse(head.at) < Date.parse(at))
    return missed.sort((one, other) => one.seq - other.seq)[0]
  }
}
