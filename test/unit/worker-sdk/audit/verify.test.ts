import * as fc from 'fast-check'
import type { AuditExportLine, AuditRow } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { joinTrust, parsePublicKey, parseTrust, type Trust } from '../../../../worker-sdk/src/audit/trust.ts'
import { verifyAudit } from '../../../../worker-sdk/src/audit/verify.ts'
import { chain, draftOf, linesOf, newSigner, newTrail, sealed, signHead, spell, type Trail } from './trail.ts'

const trail = newTrail()
const trust: Trust = { keys: [parsePublicKey(trail.signer.key.raw)], heads: [] }
const lines = linesOf(trail)

const judge = (changed: readonly AuditExportLine[] | string, given: Trust = trust) =>
  verifyAudit([typeof changed === 'string' ? changed : spell(changed)], given)

const isRow = (line: AuditExportLine, seq: number): boolean => line.type === 'row' && line.seq === seq
const indexOf = (seq: number): number => lines.findIndex((line) => isRow(line, seq))
const rowAt = (seq: number): AuditRow => {
  const row = trail.rows.find((one) => one.seq === seq)
  if (row === undefined) throw new Error(`no row ${seq}`)
  return row
}
/** The lines with some rows replaced by others. */
const withRows = (rows: readonly AuditRow[], of: Trail = trail): AuditExportLine[] =>
  linesOf(of).map((line) => {
    const other = line.type === 'row' ? rows.find(({ seq }) => seq === line.seq) : undefined
    return other === undefined ? line : { type: 'row', ...other }
  })

describe('an export that nobody touched', () => {
  test('verifies, and says how far it is proven', async () => {
    expect(await judge(lines)).toEqual({
      ok: true,
      tenant: 'acme',
      rows: 30,
      first_seq: 1,
      last_seq: 30,
      heads: 3,
      proven: { seq: 30, at: trail.heads[2]?.at, kid: trail.signer.key.kid },
      key: 'given',
      passkeys: [],
      exported_at: expect.any(String),
      whole: true,
      fault: null,
    })
  })

  test('verifies with the key that is in it, and says that this is what it did', async () => {
    expect(await judge(lines, { keys: [], heads: [] })).toMatchObject({ ok: true, key: 'in-file' })
  })

  test('is proven only up to its last head', async () => {
    const some = newTrail({ headsAt: [10] })
    expect(await judge(linesOf(some), { keys: [], heads: [] })).toMatchObject({ ok: true, last_seq: 30, proven: { seq: 10 } })
  })

  test.each([
    ['UTF-8 with a byte order mark', (text: string) => Buffer.from(`\uFEFF${text}`)],
    ['UTF-8 with a mark and two characters at each line end', (text: string) => Buffer.from(`\uFEFF${text.replaceAll('\n', '\r\n')}`)],
    ['UTF-16, as PowerShell writes it', (text: string) => Buffer.from(`\uFEFF${text.replaceAll('\n', '\r\n')}`, 'utf16le')],
    ['UTF-16, big end first', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
  ])('verifies when a program has written it anew in %s', async (_name, written) => {
    const bytes = written(spell(lines))
    for (const size of [1, 7, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
      expect(await verifyAudit(pieces, trust)).toMatchObject({ ok: true, rows: 30, whole: true })
    }
  })

  test('verifies in whatever pieces it is read', async () => {
    const bytes = Buffer.from(spell(linesOf(newTrail({ rows: 5, headsAt: [3], signer: trail.signer }))))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 40 }), async (sizes) => {
        const pieces: Buffer[] = []
        let from = 0
        for (const size of sizes) {
          pieces.push(bytes.subarray(from, from + size))
          from += size
        }
        pieces.push(bytes.subarray(from))
        expect((await verifyAudit(pieces, trust)).ok).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('may be empty', async () => {
    expect(await judge(linesOf(newTrail({ rows: 0 })), { keys: [], heads: [] })).toMatchObject({
      ok: true,
      rows: 0,
      first_seq: null,
      proven: null,
    })
  })

  test('may be a part, tied to the head before it or to nothing before it', async () => {
    expect(await judge(linesOf(trail, 11, 25))).toMatchObject({ ok: true, rows: 15, first_seq: 11, last_seq: 25, heads: 2, whole: false })
    expect(await judge(linesOf(trail, 13, 25))).toMatchObject({ ok: true, rows: 13, heads: 1, proven: { seq: 20 } })
  })
})

describe('tampering by somebody without the key', () => {
  test('a changed row is named', async () => {
    const changed = withRows([{ ...rowAt(7), summary: 'standard, nothing to see' }])
    expect((await judge(changed)).fault).toMatchObject({ kind: 'changed', seq: 7, line: 8 })
  })

  test('a row that was changed and hashed anew is named by the row that continues the old one', async () => {
    const [anew] = chain([{ ...draftOf(rowAt(7)), actor: { kind: 'member', id: 'mbzzzzzzzzzz', name: 'Mallory' } }], rowAt(7).prev_hash)
    const verdict = await judge(withRows(anew === undefined ? [] : [anew]))
    expect(verdict).toMatchObject({ ok: false, rows: 6, fault: { kind: 'changed', seq: 7 } })
  })

  test('a trail hashed anew from a change on is found at the next signed head', async () => {
    const drafts = trail.rows.filter(({ seq }) => seq >= 12).map(draftOf)
    const anew = chain(
      drafts.map((one) => (one.seq === 12 ? { ...one, subject: 'job:99' } : one)),
      rowAt(12).prev_hash,
    )
    const verdict = await judge(withRows(anew))
    expect(verdict.fault).toMatchObject({ kind: 'rewritten', seq: 20 })
    expect(verdict.fault?.detail).toContain('after row 10')
  })

  test.each([1, 7, 10, 29])('a deleted row %i is named, also when it is one that a head knows', async (seq) => {
    expect((await judge(lines.filter((line) => !isRow(line, seq)))).fault).toMatchObject({ kind: 'deleted', seq })
  })

  test('several deleted rows are told by the first', async () => {
    const without = lines.filter((line) => !(line.type === 'row' && line.seq >= 14 && line.seq <= 17))
    expect((await judge(without)).fault).toMatchObject({ kind: 'deleted', seq: 14, detail: 'rows 14 to 17 are missing' })
  })

  test('an inserted row is named', async () => {
    const [extra] = chain([{ ...draftOf(rowAt(9)), summary: 'was always here' }], rowAt(8).hash)
    if (extra === undefined) throw new Error('no row')
    const at = indexOf(8)
    const inserted: AuditExportLine[] = [...lines.slice(0, at + 1), { type: 'row', ...extra }, ...lines.slice(at + 1)]
    expect((await judge(inserted)).fault).toMatchObject({ kind: 'inserted', seq: 9 })
    const twice: AuditExportLine[] = [...lines.slice(0, at + 4), { type: 'row', ...rowAt(5) }, ...lines.slice(at + 4)]
    expect((await judge(twice)).fault).toMatchObject({ kind: 'inserted', seq: 5 })
  })

  test('reordered rows are told from missing ones', async () => {
    const swapped = [...lines]
    const [one, other] = [indexOf(14), indexOf(15)]
    ;[swapped[one], swapped[other]] = [lines[other] as AuditExportLine, lines[one] as AuditExportLine]
    expect((await judge(swapped)).fault).toMatchObject({ kind: 'reordered', seq: 15 })
  })

  test('rows cut off the end are missed: by the heads behind them, by the end of the export, by its absence', async () => {
    expect((await judge(lines.filter((line) => line.type !== 'row' || line.seq <= 24))).fault).toMatchObject({ kind: 'truncated', seq: 25 })
    const noHeads = lines.filter((line) => line.type === 'export' || line.type === 'end' || (line.type === 'row' ? line.seq : 99) <= 24)
    expect((await judge(noHeads)).fault).toMatchObject({ kind: 'truncated', seq: 25 })
    expect((await judge(lines.slice(0, indexOf(25)))).fault).toMatchObject({ kind: 'incomplete', seq: 25 })
    const text = spell(lines)
    expect((await judge(text.slice(0, text.indexOf('"seq":25')))).fault).toMatchObject({ kind: 'incomplete', seq: 25 })
  })

  test('a shorter export with an end of its own needs the key', async () => {
    const mallory = newSigner()
    const kept = lines.filter((line) => line.type === 'export' || (line.type !== 'end' && line.seq <= 20))
    const short = sealed(
      kept.map((line): AuditExportLine => (line.type === 'export' ? { ...line, through_seq: 20, newest_seq: 20 } : line)),
      mallory,
    )
    expect((await judge(short)).fault).toMatchObject({ kind: 'forged' })
  })

  test('a head with a wrong signature, of another key, or of another tenant is forged', async () => {
    const head = trail.heads[0]
    if (head === undefined) throw new Error('no head')
    const put = (other: typeof head): AuditExportLine[] =>
      lines.map((line) => (line.type === 'head' && line.seq === 10 ? { type: 'head', ...other } : line))
    const bent = `${head.signature.startsWith('A') ? 'B' : 'A'}${head.signature.slice(1)}`
    expect((await judge(put({ ...head, signature: bent }))).fault).toMatchObject({ kind: 'forged', seq: 10 })
    expect((await judge(put({ ...head, at: '2026-06-01T00:10:01.000Z' }))).fault).toMatchObject({ kind: 'forged', seq: 10 })
    expect((await judge(put(signHead(newSigner(), 'acme', rowAt(10))))).fault).toMatchObject({ kind: 'forged', seq: 10 })
    expect((await judge(put(signHead(trail.signer, 'other', rowAt(10))))).fault).toMatchObject({ kind: 'forged', seq: 10 })
  })

  test('a whole trail of somebody else with their own key is forged, unless the verifier trusts the key in the file', async () => {
    const theirs = linesOf(newTrail())
    expect((await judge(theirs)).fault).toMatchObject({ kind: 'forged' })
    expect(await judge(theirs, { keys: [], heads: [] })).toMatchObject({ ok: true, key: 'in-file' })
  })

  test('what no hash covers is covered by the seal: a MAC, a spelling, a line behind the end', async () => {
    const { mac } = rowAt(6)
    expect((await judge(withRows([{ ...rowAt(6), mac: `${mac.startsWith('0') ? '1' : '0'}${mac.slice(1)}` }]))).fault).toMatchObject({
      kind: 'changed',
      seq: null,
    })
    expect((await judge(spell(lines).replace('"seq":6,', '"seq": 6,'))).fault).toMatchObject({ kind: 'changed', seq: null })
    expect((await judge(`${spell(lines)}{}\n`)).fault).toMatchObject({ kind: 'malformed' })
  })

  test('a field that nobody knows does not slip into a row', async () => {
    expect((await judge(spell(lines).replace('"seq":6,', '"approved":true,"seq":6,'))).fault).toMatchObject({ kind: 'changed', seq: 6 })
  })

  test('a lone surrogate does not pass for the replacement character that it would be hashed as', async () => {
    const odd = newTrail({ rows: 3, headsAt: [3], signer: trail.signer, change: (seq) => (seq === 2 ? { summary: 'odd \ufffd' } : {}) })
    expect((await judge(linesOf(odd))).ok).toBe(true)
    expect((await judge(spell(linesOf(odd)).replace('\ufffd', '\\ud800'))).fault).toMatchObject({ kind: 'changed', seq: 2 })
  })

  test('a fault before a gap, or a gap before a fault: the first one is named', async () => {
    const gapThenForged = lines
      .filter((line) => !isRow(line, 5))
      .map((line): AuditExportLine => (line.type === 'head' ? { ...line, kid: 'x' } : line))
    expect((await judge(gapThenForged)).fault).toMatchObject({ kind: 'deleted', seq: 5 })
    const changedThenGap = withRows([{ ...rowAt(4), summary: '' }]).filter((line) => !isRow(line, 6))
    expect((await judge(changedThenGap)).fault).toMatchObject({ kind: 'changed', seq: 4 })
  })

  test('a file that is no export at all is told so', async () => {
    for (const text of ['', '\n', 'hello\n', '{"type":"row"}\n', 'x'.repeat(2_000_000)])
      expect((await judge(text)).fault).toMatchObject({ kind: expect.stringMatching(/malformed|changed|incomplete/), seq: null })
  })

  test('any single byte changed in any row is found, and the row is named unless it is in the MAC', async () => {
    const small = newTrail({ rows: 8, headsAt: [4, 8], signer: trail.signer })
    const bytes = Buffer.from(spell(linesOf(small)))
    const starts = [0]
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) starts.push(at + 1)
    const places = small.rows.map((row) => {
      const from = bytes.indexOf(`{"type":"row","seq":${row.seq},`)
      return { seq: row.seq, from, to: bytes.indexOf(10, from), mac: bytes.indexOf(`"mac":"`, from) }
    })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.nat(), fc.integer({ min: 1, max: 255 }), async (place, where, twist) => {
        const at = place.from + (where % (place.to - place.from))
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ twist
        const verdict = await verifyAudit([changed], trust)
        expect(verdict.ok).toBe(false)
        if (at < place.mac) expect(verdict.fault?.seq).toBe(place.seq)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('tampering by the holder of the key', () => {
  const kept = parseTrust(JSON.stringify({ tenant: 'acme', items: trail.heads.slice(0, 2), next_cursor: null, keys: [trail.signer.key] }))

  test('a trail made anew with all its heads is found by heads kept elsewhere', async () => {
    const forged = newTrail({ signer: trail.signer, change: (seq) => (seq === 15 ? { summary: 'never happened' } : {}) })
    expect((await judge(linesOf(forged))).ok).toBe(true)
    expect((await judge(linesOf(forged), kept)).fault).toMatchObject({ kind: 'rewritten', seq: 20 })
  })

  test('a trail that was shortened is found by a head of what is gone', async () => {
    const short = newTrail({ signer: trail.signer, rows: 15 })
    expect((await judge(linesOf(short))).ok).toBe(true)
    expect((await judge(linesOf(short), kept)).fault).toMatchObject({ kind: 'truncated', seq: 16 })
  })

  test('kept heads of an honest trail hold, also of rows that a part leaves out', async () => {
    expect(await judge(lines, kept)).toMatchObject({ ok: true, heads: 3 })
    expect(await judge(linesOf(trail, 1, 15), kept)).toMatchObject({ ok: true, heads: 1, whole: false })
  })

  test('heads that were signed after the export are no fault of it', async () => {
    const later = newTrail({ signer: trail.signer, rows: 40, headsAt: [40] })
    const head = signHead(trail.signer, 'acme', { seq: 40, hash: later.rows[39]?.hash ?? '' }, '2027-01-01T00:00:00.000Z')
    const newer = parseTrust(JSON.stringify({ tenant: 'acme', items: [head], keys: [trail.signer.key] }))
    expect(await judge(lines, newer)).toMatchObject({ ok: true, proven: { seq: 30 } })
  })

  test('heads of another tenant are not believed', async () => {
    const other = newTrail({ signer: trail.signer, tenant: 'other' })
    const theirs = parseTrust(JSON.stringify({ tenant: 'other', items: other.heads, keys: [other.signer.key] }))
    expect((await judge(lines, theirs)).fault).toMatchObject({ kind: 'forged' })
  })
})

describe('what is trusted', () => {
  const { key } = trail.signer
  const raw = Buffer.from(key.raw, 'base64url')
  const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]).toString('base64')}\n-----END PUBLIC KEY-----\n`

  test.each([
    ['base64url', key.raw],
    ['base64', raw.toString('base64')],
    ['hex', raw.toString('hex')],
    ['PEM', pem],
    ['JWK', JSON.stringify(key.jwk)],
    ['a key set', JSON.stringify({ keys: [key.jwk] })],
    ['the key as the server lists it', JSON.stringify(key)],
    ['an answer of GET /audit/heads', JSON.stringify({ tenant: 'acme', items: trail.heads, next_cursor: null, keys: [key] })],
  ])('may be spelled as %s', async (_, text) => {
    const given = parseTrust(text)
    expect(given.keys.map(({ kid }) => kid)).toEqual([key.kid])
    expect((await judge(lines, given)).ok).toBe(true)
  })

  test.each(['', 'hello', '{"kty":"RSA"}', '{"keys":[]}', '{', raw.subarray(1).toString('hex')])(
    'is refused when it is no key: %s',
    (text) => {
      expect(() => parseTrust(text)).toThrow(/key/)
    },
  )

  test('heads that the key did not sign are refused', () => {
    const page = { tenant: 'acme', items: [{ ...trail.heads[0], seq: 11 }], keys: [key] }
    expect(() => parseTrust(JSON.stringify(page))).toThrow('row 11')
  })

  test('may be several keys, for a trail whose key was changed', async () => {
    const both = joinTrust([{ keys: [parsePublicKey(newSigner().key.raw)], heads: [] }, trust])
    expect((await judge(lines, both)).ok).toBe(true)
  })
})

describe('kept heads from several files', () => {
  const drafts = trail.rows.map(draftOf)
  /** The trail as the holder of the signing key would make it anew from row 12 on, with heads of its own. */
  const anewRows = chain(drafts.map((one) => (one.seq === 12 ? { ...one, subject: 'job:99' } : one)))
  const anew: Trail = {
    ...trail,
    rows: anewRows,
    heads: [10, 20, 30]
      .flatMap((seq) => anewRows.filter((row) => row.seq === seq))
      .map((row) => signHead(trail.signer, 'acme', row, '2026-07-01T00:00:00.000Z')),
  }
  const file = (heads: Trail['heads']): Trust => parseTrust(JSON.stringify({ keys: [trail.signer.key], tenant: 'acme', items: heads }))
  const before = file(trail.heads)
  const after = file(anew.heads)

  test.each([
    ['the older file first', [before, after]],
    ['the newer file first', [after, before]],
    ['the newer file twice', [before, after, after]],
  ])('that contradict each other are the proof of a rewrite: %s', async (_, parts) => {
    for (const shown of [anew, trail]) {
      const { ok, fault } = await judge(linesOf(shown), joinTrust(parts))
      expect([ok, fault?.kind, fault?.seq]).toEqual([false, 'rewritten', 20])
      for (const { rows } of [trail, anew]) expect(fault?.detail).toContain(rows.find(({ seq }) => seq === 20)?.hash)
    }
  })

  test('that contradict each other about a row which is not in this part of the trail are told all the same', async () => {
    expect((await judge(linesOf(anew, 25, 30), joinTrust([before, after]))).fault).toMatchObject({ kind: 'rewritten', seq: 20 })
    expect((await judge(linesOf(trail, 1, 9), joinTrust([before, after]))).fault).toMatchObject({ kind: 'rewritten', seq: 20 })
  })

  test('that say the same verify, however often and in whatever order they come', async () => {
    const later = file(
      trail.rows.filter(({ seq }) => seq === 20).map((row) => signHead(trail.signer, 'acme', row, '2026-07-01T00:00:00.000Z')),
    )
    expect(await judge(lines, joinTrust([later, before, before]))).toMatchObject({ ok: true, proven: { seq: 30 } })
  })
})
