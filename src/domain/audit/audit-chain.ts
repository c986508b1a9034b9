/**
 * Responsible for the audit chain: sealing a row onto the previous one, and finding the first row that breaks the chain. Pure: the caller provides
 * hash functions and keys. docs/explanation/audit.md says what a chain proves and what it does not.
 */
import type { AuditRow } from '@modelreins/contract'
import { canonicalJson, NotCanonical } from '@modelreins/contract'

/** A row before it is chained. */
export type AuditDraft = Omit<AuditRow, 'prev_hash' | 'hash' | 'mac'>

/** From text (UTF-8) to lower-case hex. */
export type HexOf = (text: string) => string

/** A point of the chain: row `seq` had this hash. */
export interface ChainHead {
  readonly seq: number
  readonly hash: string
}

/** The previous hash of a tenant's first row. */
export const genesisHash = '0'.repeat(64)

/** The point before the first row: rows count from 1. */
export const genesis: ChainHead = { seq: 0, hash: genesisHash }

/**
 * RFC 8785 of a draft. Every command appends a row, so this avoids the generic sort: the keys are written here in sorted order, and
 * `JSON.stringify` writes numbers and well-formed text as RFC 8785 does. A test proves that it equals `canonicalJson`. A new field of the row must
 * be added here at its sorted place.
 */
export function canonicalRow(row: AuditDraft): string {
  const { actor, proof } = row
  const sorted = {
    action: row.action,
    actor: { id: actor.id, kind: actor.kind, name: actor.name },
    at: row.at,
    capability: row.capability,
    digest: row.digest,
    job_id: row.job_id,
    risk_tier: row.risk_tier,
    seq: row.seq,
    subject: row.subject,
    summary: row.summary,
    worker_id: row.worker_id,
  }
  if (proof !== undefined) return canonicalJson({ ...sorted, proof })
  const spelled = JSON.stringify(sorted)
  // A lone surrogate, which has no canonical spelling, or a backslash before "ud" in a text itself.
  return spelled.includes('\\ud') ? canonicalJson(sorted) : spelled
}

const repaired = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd')

/** Lone surrogates cannot be encoded as UTF-8: a store would replace them with U+FFFD, and the row would no longer match its hash. */
function wellFormed(draft: AuditDraft): AuditDraft {
  const { actor } = draft
  return {
    ...draft,
    actor: { kind: actor.kind, id: repaired(actor.id), name: repaired(actor.name) },
    action: repaired(draft.action),
    subject: repaired(draft.subject),
    worker_id: draft.worker_id === null ? null : repaired(draft.worker_id),
    capability: draft.capability === null ? null : repaired(draft.capability),
    summary: repaired(draft.summary),
    ...(draft.proof === undefined ? {} : { proof: { ...draft.proof, passkey_name: repaired(draft.proof.passkey_name) } }),
  }
}

interface SealCrypto {
  readonly sha256: HexOf
  readonly hmac: HexOf
}

export interface Sealed {
  readonly row: AuditRow
  /** The row as JSON: the hashed text, followed by the fields that are not hashed. The row is serialised only once. */
  readonly text: string
}

function seal(draft: AuditDraft, prevHash: string, crypto: SealCrypto): Sealed {
  const spelled = canonicalRow(draft)
  const hash = crypto.sha256(prevHash + spelled)
  const mac = crypto.hmac(hash)
  return {
    row: { ...draft, prev_hash: prevHash, hash, mac },
    text: `${spelled.slice(0, -1)},"prev_hash":"${prevHash}","hash":"${hash}","mac":"${mac}"}`,
  }
}

export const sealRow = (draft: AuditDraft, prevHash: string, crypto: SealCrypto): AuditRow => sealed(draft, prevHash, crypto).row

/**
 * The row, chained to `prevHash`; `hmac` uses the tenant's audit key. Text that is not valid Unicode is repaired, so store the row that is returned.
 */
export function sealed(draft: AuditDraft, prevHash: string, crypto: SealCrypto): Sealed {
  try {
    return seal(draft, prevHash, crypto)
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error
    return seal(wellFormed(draft), prevHash, crypto)
  }
}

/**
 * `changed`: a row does not match its hash or MAC, or it was hashed again and the next row does not continue it. `deleted`: rows are missing.
 * `inserted`: a number has a second row. `reordered`: a row stands before its predecessor. `truncated`: a head names rows beyond the end.
 * `rewritten`: the rows are consistent with each other but contradict a head.
 */
export type ChainFault = 'changed' | 'deleted' | 'inserted' | 'reordered' | 'truncated' | 'rewritten'

export type ChainVerdict =
  | { readonly ok: true; readonly rows: number; readonly last: ChainHead }
  /** `seq`: the number that the first bad row states, or the number of a missing row; `rows`: how many rows before it are valid. */
  | { readonly ok: false; readonly rows: number; readonly seq: number; readonly fault: ChainFault; readonly detail: string }

export interface ChainCheck {
  /** The trusted point before the first row; default: genesis. */
  readonly from?: ChainHead
  readonly sha256: HexOf
  /** Without the tenant's key only the links are checked, not the MACs. */
  readonly hmac?: HexOf
  /** Heads whose signatures the caller has verified, in any order. */
  readonly heads?: readonly ChainHead[]
}

type Fault = Extract<ChainVerdict, { ok: false }>

/** Faults that can be seen in the row alone. */
function ownFault(row: AuditRow, check: ChainCheck): string | undefined {
  let spelled: string
  try {
    spelled = canonicalRow(row)
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error
    return `row ${row.seq} holds text that is not valid Unicode`
  }
  if (check.sha256(row.prev_hash + spelled) !== row.hash) return `row ${row.seq} does not fit its own hash`
  if (check.hmac !== undefined && check.hmac(row.hash) !== row.mac) return `the MAC of row ${row.seq} was not made with the tenant's key`
  return undefined
}

/** `row` does not follow `before`: finds the cause. Only in this case are the following rows read. */
function linkFault(before: ChainHead, row: AuditRow, following: Iterable<AuditRow>): Omit<Fault, 'ok' | 'rows'> {
  const expected = before.seq + 1
  if (row.seq === before.seq) {
    let next: AuditRow | undefined
    for (const later of following) {
      next = later
      break
    }
    // Two rows have the same number: the genuine one is the one that the next row continues.
    return {
      seq: row.seq,
      fault: 'inserted',
      detail:
        next?.prev_hash === row.hash
          ? `two rows are numbered ${row.seq}; the first of them does not belong here`
          : `two rows are numbered ${row.seq}; the second of them does not belong here`,
    }
  }
  if (row.seq < expected)
    return { seq: row.seq, fault: 'inserted', detail: `row ${row.seq} appears a second time, after row ${before.seq}` }
  if (row.seq > expected) {
    for (const later of following) {
      if (later.seq === expected) return { seq: row.seq, fault: 'reordered', detail: `row ${row.seq} stands before row ${expected}` }
    }
    const missing = row.seq - 1 === expected ? `row ${expected} is` : `rows ${expected} to ${row.seq - 1} are`
    return { seq: expected, fault: 'deleted', detail: `${missing} missing` }
  }
  // The number and the row's own hash are right, but it continues another row: the row before it was changed and hashed again.
  return before.seq === 0
    ? { seq: row.seq, fault: 'changed', detail: `row ${row.seq} does not begin a chain` }
    : { seq: before.seq, fault: 'changed', detail: `row ${row.seq} continues a row ${before.seq} that differs from the one here` }
}

/** Reads the rows once, in order, and names the first bad one. */
export function verifyRows(rows: Iterable<AuditRow>, check: ChainCheck): ChainVerdict {
  const from = check.from ?? genesis
  const heads = new Map((check.heads ?? []).map((head) => [head.seq, head]))
  const against = (point: ChainHead): string | undefined => {
    const head = heads.get(point.seq)
    return head === undefined || head.hash === point.hash ? undefined : `the signed head of row ${point.seq} names another hash`
  }
  let last = from
  let count = 0
  const bad = (fault: Omit<Fault, 'ok' | 'rows'>): Fault => ({ ok: false, rows: count, ...fault })

  const disowned = against(from)
  if (disowned !== undefined) return bad({ seq: from.seq, fault: 'rewritten', detail: disowned })
  const iterator = rows[Symbol.iterator]()
  const following: Iterable<AuditRow> = { [Symbol.iterator]: () => ({ next: () => iterator.next() }) }
  for (const row of following) {
    const own = ownFault(row, check)
    if (own !== undefined) return bad({ seq: row.seq, fault: 'changed', detail: own })
    if (row.seq !== last.seq + 1 || row.prev_hash !== last.hash) {
      const fault = linkFault(last, row, following)
      // The count of valid rows must not include the row that is named as bad.
      if (count > 0 && fault.seq === last.seq) count -= 1
      return bad(fault)
    }
    const rewritten = against(row)
    if (rewritten !== undefined)
      return bad({ seq: row.seq, fault: 'rewritten', detail: `${rewritten}: it, or a row before it, was rewritten` })
    last = { seq: row.seq, hash: row.hash }
    count += 1
  }
  const beyond = Math.max(0, ...heads.keys())
  if (beyond > last.seq) {
    return bad({
      seq: last.seq + 1,
      fault: 'truncated',
      detail: `the rows end at ${last.seq}, but there is a signed head of row ${beyond}`,
    })
  }
  return { ok: true, rows: count, last }
}
