/**
 * Responsible for one bounded step of verifying a stored trail: it checks rows and copied heads in D1 against their hashes, their MACs, the
 * signed heads in R2, and the state of the tenant object.
 */
import { createHash, createHmac } from 'node:crypto'
import type { AuditFault, AuditHead, AuditRow, AuditVerification, Parsed } from '@modelreins/contract'
import type { AuditStatus } from '../../../durable-objects/tenant/call.ts'
import { type ChainHead, type ChainVerdict, genesis, verifyRows } from '../../domain/audit/audit-chain.ts'
import { auditMacKey } from '../../domain/audit/audit-keys.ts'
import { type Result, fail, ok } from '../../domain/result.ts'
import type { Exchange } from '../exchange.ts'
import { signingKeys } from '../access/gatekeeper.ts'
import { type ArchivedHead, archivedHeads, headChecker } from './archived-heads.ts'

const rowsByDefault = 1_000
/** The most heads per step: checking a signature costs far more than checking a row. */
const headsPerStep = 100

export interface VerifyRequest {
  readonly tenant: string
  readonly status: AuditStatus
  readonly input: Parsed<'audit.verify'>
}

/** The cursor is the last valid row. A forged cursor only gives its sender a wrong result. */
const cursorOf = ({ seq, hash }: ChainHead): string => `${seq}.${hash}`

function pointOf(cursor: string): Result<ChainHead> {
  const match = /^(\d{1,16})\.([0-9a-f]{64})$/.exec(cursor)
  if (match !== null) return ok({ seq: Number(match[1]), hash: match[2] ?? '' })
  return fail('invalid-request', 'Invalid `cursor`: pass the `next_cursor` of the previous verification.', {
    issues: [{ path: 'cursor', message: 'pass next_cursor of the step before, unchanged' }],
  })
}

/** Where to start: at the cursor, else at the last head before `from_seq` with a valid signature, else before the first row. */
async function startOf(exchange: Exchange, { tenant, status, input }: VerifyRequest): Promise<Result<ChainHead>> {
  if (input.cursor !== undefined) return pointOf(input.cursor)
  if (input.from_seq === undefined) return ok(genesis)
  const before = await exchange.ports.registry(exchange.env).heads.list(tenant, { limit: 1, cursor: String(input.from_seq) })
  if (!before.ok) return before
  const seq = before.value.items[0]?.seq
  if (seq === undefined) return ok(genesis)
  const archived = await archivedHeads(exchange, tenant, { from: seq, through: seq })
  if (!archived.ok) return archived
  const head = archived.value[0]?.head
  return ok(head !== undefined && headChecker(tenant, status.key)(head) ? { seq: head.seq, hash: head.hash } : genesis)
}

interface Material {
  readonly rows: readonly AuditRow[]
  readonly heads: readonly ArchivedHead[]
  /** The copies of heads in D1. */
  readonly copies: readonly { readonly seq: number; readonly hash: string }[]
  /** True when no rows follow. */
  readonly last: boolean
}

async function rowsAfter(exchange: Exchange, tenant: string, after: number, limit: number): Promise<Result<readonly AuditRow[]>> {
  const rows: AuditRow[] = []
  while (rows.length < limit) {
    const { audit } = exchange.ports.registry(exchange.env)
    const page = await audit.range(tenant, { after: rows.at(-1)?.seq ?? after, limit: limit - rows.length })
    if (!page.ok) return page
    rows.push(...page.value)
    if (page.value.length === 0) break
  }
  return ok(rows)
}

/** Reads the material of a step, up to the limit of rows or of heads, whichever is reached first. */
async function gather(exchange: Exchange, { tenant, input }: VerifyRequest, start: ChainHead): Promise<Result<Material>> {
  const limit = input.limit ?? rowsByDefault
  const found = await rowsAfter(exchange, tenant, start.seq, limit)
  if (!found.ok) return found
  const whole = found.value.length < limit
  const newest = found.value.at(-1)?.seq ?? start.seq
  // At the end of the rows, also read heads of later rows: they prove that rows are missing.
  const through = whole ? Number.MAX_SAFE_INTEGER : newest
  const heads = await archivedHeads(exchange, tenant, { from: start.seq, through, limit: headsPerStep })
  if (!heads.ok) return heads
  const lastHead = heads.value.at(-1)?.seq ?? 0
  const cut = heads.value.length === headsPerStep && lastHead > start.seq && lastHead < newest
  const rows = cut ? found.value.filter(({ seq }) => seq <= lastHead) : found.value
  const upTo = cut ? lastHead : newest
  const copies = await exchange.ports.registry(exchange.env).heads.range(tenant, { after: start.seq, through: upTo })
  return copies.ok ? ok({ rows, heads: heads.value, copies: copies.value, last: whole && !cut }) : copies
}

/** The fault of the first invalid head in the step. */
function headFault({ heads, copies }: Material, genuine: ReadonlySet<number>): AuditFault | undefined {
  const archived = new Map(heads.map(({ seq, head }) => [seq, head]))
  const faults: AuditFault[] = heads
    .filter(({ seq }) => !genuine.has(seq))
    .map(({ seq }) => ({ kind: 'forged', seq, detail: `the archived head of row ${seq} was not signed with the tenant's key` }))
  for (const { seq, hash } of copies) {
    const head = archived.get(seq)
    if (!archived.has(seq)) {
      faults.push({ kind: 'head-missing', seq, detail: `the signed head of row ${seq} is known, but it is missing from the archive` })
    } else if (head !== undefined && head.hash !== hash) {
      faults.push({ kind: 'forged', seq, detail: `the database's copy of the head of row ${seq} differs from the archived one` })
    }
  }
  return faults.toSorted((one, other) => (one.seq ?? 0) - (other.seq ?? 0))[0]
}

/** The fault when D1 differs from the tenant object, which has stopped shipping: later rows exist only in the object. */
const forkFault = ({ fork }: AuditStatus): AuditFault | undefined =>
  fork === null
    ? undefined
    : {
        kind: 'rewritten',
        seq: fork,
        detail: `the database holds another row ${fork} than the tenant's own chain; no row is stored behind it`,
      }

/** The fault when the rows in D1 are consistent, but do not end where the tenant object says. */
function endFault({ head, shipped }: AuditStatus, end: ChainHead): AuditFault | undefined {
  if (end.seq < shipped)
    return { kind: 'truncated', seq: end.seq + 1, detail: `the rows end at ${end.seq}, but row ${shipped} had arrived in the database` }
  if (end.seq === head.seq && end.hash !== head.hash)
    return { kind: 'rewritten', seq: end.seq, detail: `the tenant's own chain has another row ${end.seq}` }
  return undefined
}

const faultOf = (verdict: ChainVerdict): AuditFault | undefined =>
  verdict.ok ? undefined : { kind: verdict.fault, seq: verdict.seq, detail: verdict.detail }

/** The fault that comes first in the chain. */
const earliest = (...faults: readonly (AuditFault | undefined)[]): AuditFault | undefined =>
  faults.flatMap((fault) => fault ?? []).toSorted((one, other) => (one.seq ?? 0) - (other.seq ?? 0))[0]

export async function verifyStep(exchange: Exchange, request: VerifyRequest): Promise<Result<AuditVerification>> {
  const { tenant, status } = request
  const keys = signingKeys(exchange)
  if (!keys.ok) return keys
  const signingKey = keys.value.find((key) => key.id === status.kid)
  if (signingKey === undefined) return fail('unavailable', `MODELREINS_SECRET no longer has the key ${status.kid} of this audit trail.`)
  const macKey = auditMacKey(signingKey, tenant)
  const start = await startOf(exchange, request)
  if (!start.ok) return start
  const material = await gather(exchange, request, start.value)
  if (!material.ok) return material

  const isGenuine = headChecker(tenant, status.key)
  const genuine: AuditHead[] = material.value.heads.flatMap(({ head }) => (head !== undefined && isGenuine(head) ? [head] : []))
  const verdict = verifyRows(material.value.rows, {
    from: start.value,
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    hmac: (text) => createHmac('sha256', macKey).update(text).digest('hex'),
    heads: genuine,
  })
  const ended = verdict.ok && material.value.last
  const fault = earliest(
    faultOf(verdict),
    headFault(material.value, new Set(genuine.map(({ seq }) => seq))),
    ended ? (forkFault(status) ?? endFault(status, verdict.last)) : undefined,
  )
  const last_seq = start.value.seq + verdict.rows
  const held = genuine.filter(({ seq }) => seq <= last_seq && seq >= start.value.seq)
  return ok({
    ok: fault === undefined,
    complete: fault === undefined && ended,
    rows: verdict.rows,
    first_seq: verdict.rows === 0 ? null : start.value.seq + 1,
    last_seq: verdict.rows === 0 ? null : last_seq,
    heads: held.length,
    last_head: held.at(-1) ?? null,
    fault: fault ?? null,
    next_cursor: verdict.ok && fault === undefined && !ended ? cursorOf(verdict.last) : null,
  })
}
