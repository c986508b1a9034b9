/** Responsible for exports of audit trails to verify: sealed by the product's own chain, signed by a key that the tests hold, spelled as the server does. */
import { createHash, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { auditHeadText, auditSealText, type AuditExportLine, type AuditHead, type AuditKey, type AuditRow } from '@modelreins/contract'
import { type AuditDraft, genesisHash, sealRow } from '../../../../src/domain/audit/audit-chain.ts'

type Line<Type extends AuditExportLine['type']> = Extract<AuditExportLine, { type: Type }>

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (text: string): string => createHmac('sha256', 'the key of one tenant').update(text).digest('hex')
const minute = (n: number): string => new Date(Date.UTC(2026, 5, 1) + n * 60_000).toISOString()

export interface Signer {
  readonly key: AuditKey
  readonly sign: (text: string) => string
}

export function newSigner(): Signer {
  const pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject } = generateKeyPairSync('ed25519')
  const x = pair.publicKey.export({ format: 'jwk' }).x ?? ''
  const kid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url')
  return {
    key: { kid, jwk: { kty: 'OKP', crv: 'Ed25519', x }, raw: x },
    sign: (text) => sign(null, Buffer.from(text), pair.privateKey).toString('base64url'),
  }
}

const draft = (seq: number, change: Partial<AuditDraft> = {}): AuditDraft => ({
  seq,
  at: minute(seq),
  actor:
    seq % 3 === 0
      ? { kind: 'worker', id: 'wkaaaaaaaaaa', name: 'triager' }
      : { kind: 'member', id: 'mbaaaaaaaaaa', name: 'Ada "A" Lövelace' },
  action: 'job.dispatch',
  subject: `job:${seq}`,
  job_id: seq,
  worker_id: seq % 2 === 0 ? 'wkaaaaaaaaaa' : null,
  capability: seq % 5 === 0 ? 'email.reply' : null,
  risk_tier: seq % 5 === 0 ? 'audit' : null,
  digest: sha256(`payload ${seq}`),
  summary: `standard, queued \u{1f44d}`,
  ...change,
})

/** The chain from `first` on, continuing `prevHash`: what somebody makes who can write rows and compute hashes. */
export function chain(drafts: readonly AuditDraft[], prevHash = genesisHash): AuditRow[] {
  const rows: AuditRow[] = []
  for (const one of drafts) rows.push(sealRow(one, rows.at(-1)?.hash ?? prevHash, { sha256, hmac }))
  return rows
}

export const draftOf = ({ prev_hash: _prev, hash: _hash, mac: _mac, ...rest }: AuditRow): AuditDraft => rest

export interface TrailOptions {
  readonly signer?: Signer
  readonly tenant?: string
  readonly rows?: number
  /** Rows that heads are signed for. */
  readonly headsAt?: readonly number[]
  /** Another draft than the usual one. */
  readonly change?: (seq: number) => Partial<AuditDraft>
}

export interface Trail {
  readonly tenant: string
  readonly signer: Signer
  readonly rows: readonly AuditRow[]
  readonly heads: readonly AuditHead[]
}

export function signHead(signer: Signer, tenant: string, row: Pick<AuditRow, 'seq' | 'hash'>, at = minute(row.seq)): AuditHead {
  const head = { seq: row.seq, hash: row.hash, at, kid: signer.key.kid }
  return { ...head, signature: signer.sign(auditHeadText({ ...head, tenant })) }
}

export function newTrail(options: TrailOptions = {}): Trail {
  const { signer = newSigner(), tenant = 'acme', rows: count = 30, headsAt = [10, 20, 30], change } = options
  const rows = chain(Array.from({ length: count }, (_, index) => draft(index + 1, change?.(index + 1))))
  const heads = rows.filter(({ seq }) => headsAt.includes(seq)).map((row) => signHead(signer, tenant, row))
  return { tenant, signer, rows, heads }
}

/** The lines as the server puts them; `from` and `through` for a part. */
export function linesOf(trail: Trail, from = 1, through = trail.rows.length): AuditExportLine[] {
  const { tenant, signer } = trail
  const rows = trail.rows.filter(({ seq }) => seq >= from && seq <= through)
  const header: Line<'export'> = {
    type: 'export',
    version: 1,
    tenant,
    exported_at: minute(1_000),
    from_seq: from,
    through_seq: through,
    newest_seq: trail.rows.length,
    keys: [signer.key],
  }
  const anchor = trail.heads.filter(({ seq }) => seq === from - 1)
  const body = rows.flatMap((row): AuditExportLine[] => [
    { type: 'row', ...row },
    ...trail.heads.filter(({ seq }) => seq === row.seq).map((head): Line<'head'> => ({ type: 'head', ...head })),
  ])
  return sealed([header, ...anchor.map((head): Line<'head'> => ({ type: 'head', ...head })), ...body], signer)
}

/** With an end that says what is there, signed by `signer`: what only the holder of the key can do. */
export function sealed(lines: readonly AuditExportLine[], signer: Signer): AuditExportLine[] {
  const [header] = lines
  if (header?.type !== 'export') throw new Error('an export begins with its header')
  const { tenant, from_seq, through_seq } = header
  const body = lines.filter(({ type }) => type !== 'end')
  const rows = body.filter(({ type }) => type === 'row').length
  const seal = { from_seq, through_seq, rows, sha256: sha256(spell(body)), at: minute(1_000), kid: signer.key.kid }
  return [...body, { type: 'end', ...seal, signature: signer.sign(auditSealText({ ...seal, tenant })) }]
}

export const spell = (lines: readonly AuditExportLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')
