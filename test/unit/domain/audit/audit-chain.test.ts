import { createHash, createHmac } from 'node:crypto'
import type { AuditRow, DecisionProof } from '@modelreins/contract'
import { auditRow, canonicalJson } from '@modelreins/contract'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AuditDraft, ChainHead } from '../../../../src/domain/audit/audit-chain.ts'
import { canonicalRow, genesisHash, sealRow, verifyRows } from '../../../../src/domain/audit/audit-chain.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (text: string): string => createHmac('sha256', 'the key of one tenant').update(text).digest('hex')
const crypto = { sha256, hmac }

const draft = (seq: number): AuditDraft => ({
  seq,
  at: new Date(Date.UTC(2026, 0, 1) + seq * 1_000).toISOString(),
  actor: { kind: 'member', id: 'mbaaaaaaaaaa', name: 'Ada' },
  action: 'job.dispatch',
  subject: `job:${seq}`,
  job_id: seq,
  worker_id: null,
  capability: 'email.reply',
  risk_tier: 'audit',
  digest: sha256(`payload ${seq}`),
  summary: `dispatched “job ${seq}”`,
})

function chain(length: number): AuditRow[] {
  const rows: AuditRow[] = []
  for (let seq = 1; seq <= length; seq += 1) rows.push(sealRow(draft(seq), rows.at(-1)?.hash ?? genesisHash, crypto))
  return rows
}

const at = (rows: readonly AuditRow[], seq: number): AuditRow => {
  const row = rows.find((candidate) => candidate.seq === seq)
  if (row === undefined) throw new Error(`no row ${seq}`)
  return row
}
const headOf = (rows: readonly AuditRow[], seq: number): ChainHead => ({ seq, hash: at(rows, seq).hash })
/** The same rows, sealed anew from the first one that was touched, as somebody who can write the table but has no key would. */
const resealed = (rows: readonly AuditDraft[]): AuditRow[] => {
  const out: AuditRow[] = []
  for (const { seq, at: when, actor, action, subject, job_id, worker_id, capability, risk_tier, digest, summary } of rows) {
    const row = { seq, at: when, actor, action, subject, job_id, worker_id, capability, risk_tier, digest, summary }
    out.push(sealRow(row, out.at(-1)?.hash ?? genesisHash, { sha256, hmac: () => 'made up' }))
  }
  return out
}

const proofOf = (passkey_name: string): DecisionProof => ({
  review_id: 7,
  digest: sha256('payload'),
  verdict: 'approve',
  edited_digest: null,
  comment_digest: null,
  grant: { ttl_ms: 60_000, uses: null },
  nonce: 'nonce',
  passkey_id: 'pkaaaaaaaaaa',
  passkey_name,
  algorithm: -7,
  public_key: 'a2V5',
  client_data: 'e30',
  authenticator_data: 'AAAA',
  signature: 'AAAA',
})

describe('sealing', () => {
  const unicode = fc.string({ unit: 'binary' })
  const orNull = (text: fc.Arbitrary<string>) => fc.option(text, { nil: null })
  const anyDraft: fc.Arbitrary<AuditDraft> = fc.record({
    seq: fc.nat(Number.MAX_SAFE_INTEGER),
    at: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') }).map((date) => date.toISOString()),
    actor: fc.record({ kind: fc.constantFrom('member', 'worker', 'system', 'master'), id: unicode, name: unicode }),
    action: unicode,
    subject: unicode,
    job_id: fc.option(fc.nat(Number.MAX_SAFE_INTEGER), { nil: null }),
    worker_id: orNull(unicode),
    capability: orNull(unicode),
    risk_tier: orNull(unicode),
    digest: orNull(unicode),
    summary: unicode,
  })
  const anySigned = fc.tuple(anyDraft, fc.option(unicode)).map(([row, name]) => (name === null ? row : { ...row, proof: proofOf(name) }))

  it('spells every row exactly as RFC 8785 does', () => {
    fc.assert(
      fc.property(anySigned, (row) => {
        expect(canonicalRow(row)).toBe(canonicalJson(row))
      }),
      { numRuns: 500 },
    )
  })

  it('covers every field of the contract but the seal itself', () => {
    const spelled = Object.keys(JSON.parse(canonicalRow({ ...draft(1), proof: proofOf('laptop') })) as object)
    const sealed = new Set(['prev_hash', 'hash', 'mac'])
    expect(spelled).toEqual(
      Object.keys(auditRow.shape)
        .filter((key) => !sealed.has(key))
        .sort(),
    )
  })

  it('hashes the previous hash and the row, and MACs the hash', () => {
    const row = sealRow(draft(1), genesisHash, crypto)
    expect(row.hash).toBe(sha256(`${'0'.repeat(64)}${canonicalJson(draft(1))}`))
    expect(row.mac).toBe(hmac(row.hash))
    expect(row.prev_hash).toBe(genesisHash)
  })
})

describe('text that is not Unicode', () => {
  it('is repaired before it is sealed, so that the row still fits its hash after a round through UTF-8', () => {
    const row = sealRow({ ...draft(1), summary: 'cut \ud83d', actor: { kind: 'worker', id: 'wk', name: '\udc00' } }, genesisHash, crypto)
    expect(row.summary).toBe('cut \ufffd')
    const stored: unknown = JSON.parse(Buffer.from(JSON.stringify(row), 'utf8').toString('utf8'))
    expect(verifyRows([auditRow.parse(stored)], { sha256, hmac })).toMatchObject({ ok: true })
  })

  it('is a fault of a row that was sealed', () => {
    const row = sealRow(draft(1), genesisHash, crypto)
    expect(verifyRows([{ ...row, summary: '\ud800' }], { sha256 })).toMatchObject({ ok: false, seq: 1, fault: 'changed' })
  })
})

describe('verifying', () => {
  const rows = chain(9)

  it('accepts a whole chain, a part of one from a trusted point, and none', () => {
    expect(verifyRows(rows, { sha256, hmac, heads: [headOf(rows, 4), headOf(rows, 9)] })).toEqual({
      ok: true,
      rows: 9,
      last: headOf(rows, 9),
    })
    expect(verifyRows(rows.slice(3), { sha256, from: headOf(rows, 3) })).toEqual({ ok: true, rows: 6, last: headOf(rows, 9) })
    expect(verifyRows([], { sha256 })).toEqual({ ok: true, rows: 0, last: { seq: 0, hash: genesisHash } })
  })

  it.each([
    'at',
    'action',
    'subject',
    'job_id',
    'worker_id',
    'capability',
    'risk_tier',
    'digest',
    'summary',
    'actor',
    'prev_hash',
  ] as const)('names the row whose %s was changed', (field) => {
    const change =
      field === 'job_id' ? { job_id: 77 } : field === 'actor' ? { actor: { ...draft(5).actor, name: 'Eve' } } : { [field]: 'x' }
    const tampered = rows.map((row) => (row.seq === 5 ? { ...row, ...change } : row))
    expect(verifyRows(tampered, { sha256 })).toMatchObject({ ok: false, seq: 5, fault: 'changed', rows: 4 })
  })

  it('names a changed row that was hashed anew: by its MAC, or by the row that continued the old one', () => {
    const forged = sealRow({ ...draft(5), summary: 'nothing happened' }, at(rows, 4).hash, { sha256, hmac: () => 'made up' })
    const tampered = rows.map((row) => (row.seq === 5 ? forged : row))
    expect(verifyRows(tampered, { sha256, hmac })).toMatchObject({ ok: false, seq: 5, fault: 'changed', rows: 4 })
    expect(verifyRows(tampered, { sha256 })).toMatchObject({ ok: false, seq: 5, fault: 'changed', rows: 4 })
  })

  it('names missing rows, wherever they are missing', () => {
    const without = (...seqs: number[]) => rows.filter((row) => !seqs.includes(row.seq))
    expect(verifyRows(without(5), { sha256 })).toMatchObject({ ok: false, seq: 5, fault: 'deleted', detail: 'row 5 is missing' })
    expect(verifyRows(without(5, 6), { sha256 })).toMatchObject({ ok: false, seq: 5, fault: 'deleted', detail: 'rows 5 to 6 are missing' })
    expect(verifyRows(without(1), { sha256 })).toMatchObject({ ok: false, seq: 1, fault: 'deleted', rows: 0 })
  })

  it('names a row that was put in, before or behind the genuine one', () => {
    const extra = sealRow({ ...draft(5), summary: 'put in' }, at(rows, 4).hash, crypto)
    const before = [...rows.slice(0, 4), extra, ...rows.slice(4)]
    const behind = [...rows.slice(0, 5), extra, ...rows.slice(5)]
    expect(verifyRows(before, { sha256 })).toMatchObject({
      ok: false,
      seq: 5,
      rows: 4,
      fault: 'inserted',
      detail: expect.stringContaining('first'),
    })
    expect(verifyRows(behind, { sha256 })).toMatchObject({
      ok: false,
      seq: 5,
      rows: 4,
      fault: 'inserted',
      detail: expect.stringContaining('second'),
    })
    expect(verifyRows([...rows, at(rows, 2)], { sha256 })).toMatchObject({ ok: false, seq: 2, fault: 'inserted' })
  })

  it('names a row that stands before its predecessor', () => {
    const swapped = [...rows.slice(0, 3), at(rows, 5), at(rows, 4), ...rows.slice(5)]
    expect(verifyRows(swapped, { sha256 })).toMatchObject({ ok: false, seq: 5, fault: 'reordered', rows: 3 })
  })

  it('finds a cut end only against a head', () => {
    const cut = rows.slice(0, 6)
    expect(verifyRows(cut, { sha256 })).toMatchObject({ ok: true })
    expect(verifyRows(cut, { sha256, heads: [headOf(rows, 9)] })).toMatchObject({ ok: false, seq: 7, fault: 'truncated', rows: 6 })
    expect(verifyRows([], { sha256, heads: [headOf(rows, 9)] })).toMatchObject({ ok: false, seq: 1, fault: 'truncated' })
  })

  it('finds a chain made anew only by the MACs or against a head', () => {
    const anew = resealed(rows.map((row) => (row.seq === 2 ? { ...row, summary: 'nothing happened' } : row)))
    expect(verifyRows(anew, { sha256 })).toMatchObject({ ok: true })
    expect(verifyRows(anew, { sha256, hmac })).toMatchObject({ ok: false, seq: 1, fault: 'changed' })
    expect(verifyRows(anew, { sha256, heads: [headOf(rows, 6)] })).toMatchObject({ ok: false, seq: 6, fault: 'rewritten' })
    expect(verifyRows(rows.slice(3), { sha256, from: headOf(anew, 3), heads: [headOf(rows, 3)] })).toMatchObject({
      ok: false,
      seq: 3,
      fault: 'rewritten',
    })
  })

  it('finds any one change of any one character', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (where, what) => {
        const lines = rows.map((row) => JSON.stringify(row)).join('\n')
        const index = where % lines.length
        const was = lines[index] ?? ''
        fc.pre(/[A-Za-z0-9]/.test(was))
        const becomes = '0123456789abcdef'[what % 16] ?? ''
        fc.pre(was !== becomes)
        const tampered = lines.slice(0, index) + becomes + lines.slice(index + 1)
        const line = lines.slice(0, index).split('\n').length
        let parsed: AuditRow[]
        try {
          parsed = tampered.split('\n').map((text) => auditRow.parse(JSON.parse(text)))
        } catch {
          return // no longer an audit row at all
        }
        expect(verifyRows(parsed, { sha256, hmac })).toMatchObject({ ok: false, rows: line - 1 })
      }),
      { numRuns: 300 },
    )
  })
})
