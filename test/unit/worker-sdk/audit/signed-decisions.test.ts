/** Says which decisions signed with a passkey verify offline, and that whatever is changed about one names its row. */
import { verifyAuthenticationResponse } from '@simplewebauthn/server'
import { createHash } from 'node:crypto'
import { signedDecisionText, type AuditRow, type DecisionProof, type SignedDecision } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { parsePublicKey } from '../../../../worker-sdk/src/audit/trust.ts'
import { verifyAudit } from '../../../../worker-sdk/src/audit/verify.ts'
import type { AuditDraft } from '../../../../src/domain/audit/audit-chain.ts'
import { newPasskey, type Passkey } from '../../../support/authenticator.ts'
import { fingerprintOf, signDecision } from '../../../support/signed-decision.ts'
import { linesOf, newSigner, newTrail, spell } from './trail.ts'

const signer = newSigner()
const rosa = { kind: 'member', id: 'mbrosarosaro', name: 'Rosa' } as const
const digest = 'a'.repeat(64)
const decision: SignedDecision = {
  review_id: 7,
  digest,
  verdict: 'approve',
  edited_digest: null,
  comment_digest: null,
  grant: null,
  nonce: 'wac_decide_mbrosarosaro_nonce',
}
const registers = (passkey: Passkey): Partial<AuditDraft> => ({
  actor: rosa,
  action: 'passkey.create',
  subject: 'passkey:pkaaaaaaaaaa',
  digest: fingerprintOf(passkey),
})
const decides = (proof: DecisionProof, more: Partial<AuditDraft> = {}): Partial<AuditDraft> => ({
  actor: rosa,
  action: `review.${proof.verdict}`,
  subject: `review:${proof.review_id}`,
  digest: proof.edited_digest ?? proof.digest,
  proof,
  ...more,
})
const trailOf = (rows: Readonly<Record<number, Partial<AuditDraft>>>) =>
  newTrail({ signer, rows: 12, headsAt: [12], change: (seq) => rows[seq] ?? {} })
const trust = { keys: [parsePublicKey(signer.key.raw)], heads: [] }
/** Sealed anew by whoever holds the keys of the control plane: chain and heads hold whatever is in the rows. */
const judge = (rows: Readonly<Record<number, Partial<AuditDraft>>>, passkeys: readonly string[] = []) =>
  verifyAudit([spell(linesOf(trailOf(rows)))], { ...trust, passkeys })

describe.each([
  ['ES256', -7],
  ['EdDSA', -8],
  ['RS256', -257],
] as const)('a decision signed with %s', (_name, algorithm) => {
  test('verifies, as the reference implementation says too, and says whose passkey it was', async () => {
    for (let round = 0; round < (algorithm === -7 ? 40 : 1); round += 1) {
      const passkey = newPasskey(algorithm)
      const proof = signDecision(passkey, 'acme', decision)
      expect(await judge({ 2: registers(passkey), 5: decides(proof) })).toMatchObject({
        ok: true,
        passkeys: [{ name: 'laptop', member: 'Rosa', decisions: 1, pinned: 'registered', fingerprint: fingerprintOf(passkey) }],
      })
    }
  })

  test('does not verify when a byte of the signature differs', async () => {
    const passkey = newPasskey(algorithm)
    const proof = signDecision(passkey, 'acme', decision)
    const bytes = Buffer.from(proof.signature, 'base64url')
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1
    const changed = { ...proof, signature: bytes.toString('base64url') }
    expect(await judge({ 2: registers(passkey), 5: decides(changed) })).toMatchObject({ ok: false, fault: { kind: 'forged', seq: 5 } })
  })
})

const passkey = newPasskey()
const proof = signDecision(passkey, 'acme', decision)

describe('whoever runs the control plane, and may seal any row anew,', () => {
  const other = newPasskey()
  const forged: readonly (readonly [string, Readonly<Record<number, Partial<AuditDraft>>>, string])[] = [
    ['moves it to another payload', { 2: registers(passkey), 5: decides(proof, { digest: 'b'.repeat(64) }) }, 'another payload'],
    ['changes the signed digest with it', { 2: registers(passkey), 5: decides({ ...proof, digest: 'b'.repeat(64) }) }, 'another decision'],
    ['turns a yes into a no', { 2: registers(passkey), 5: decides({ ...proof, verdict: 'deny' }) }, 'another decision'],
    ['moves it to another review', { 2: registers(passkey), 5: decides({ ...proof, review_id: 8 }) }, 'another decision'],
    ['names another verdict in the row', { 2: registers(passkey), 5: decides(proof, { action: 'review.deny' }) }, 'review 7, approve'],
    ['adds a comment', { 2: registers(passkey), 5: decides({ ...proof, comment_digest: 'c'.repeat(64) }) }, 'another decision'],
    ['widens a grant', { 2: registers(passkey), 5: decides({ ...proof, grant: { ttl_ms: 9, uses: null } }) }, 'another decision'],
    ['replays it under another nonce', { 2: registers(passkey), 5: decides({ ...proof, nonce: 'another' }) }, 'another decision'],
    ['says another member did it', { 2: registers(passkey), 5: decides(proof, { actor: { ...rosa, id: 'mbother' } }) }, 'another member'],
    ['signs with a passkey of their own', { 2: registers(passkey), 5: decides(signDecision(other, 'acme', decision)) }, 'was registered'],
    ['leaves the registration out', { 5: decides(proof) }, 'no row before it'],
    ['registers it only afterwards', { 5: decides(proof), 6: registers(passkey) }, 'no row before it'],
    [
      'uses a passkey that was removed',
      {
        2: registers(passkey),
        3: { actor: rosa, action: 'passkey.remove', subject: 'passkey:pkaaaaaaaaaa', digest: null },
        5: decides(proof),
      },
      'removed in row 3',
    ],
    [
      'takes a signature of another tenant',
      { 2: registers(passkey), 5: decides(signDecision(passkey, 'other', decision)) },
      'another decision',
    ],
    [
      'takes a sign-in for it',
      { 2: registers(passkey), 5: decides(signDecision(passkey, 'acme', decision, { type: 'webauthn.create' })) },
      'request to sign',
    ],
    [
      'asks nobody for a fingerprint',
      { 2: registers(passkey), 5: decides(signDecision(passkey, 'acme', decision, { flags: 0x01 })) },
      'nobody was verified',
    ],
    [
      'takes it from another site',
      { 2: registers(passkey), 5: decides(signDecision(passkey, 'acme', decision, { rpId: 'evil.example' })) },
      'another site',
    ],
  ]
  test.each(forged)('is found out when it %s', async (_what, rows, why) => {
    expect(await judge(rows)).toMatchObject({
      ok: false,
      rows: 5,
      passkeys: [],
      fault: { kind: 'forged', seq: 5, detail: expect.stringContaining(why) },
    })
  })

  test('is found out for a passkey registered in Rosa’s name only when her own is given', async () => {
    const rows = { 2: registers(other), 5: decides(signDecision(other, 'acme', decision)) }
    expect(await judge(rows)).toMatchObject({ ok: true, passkeys: [{ pinned: 'registered', fingerprint: fingerprintOf(other) }] })
    expect(await judge(rows, [fingerprintOf(passkey)])).toMatchObject({ ok: false, fault: { kind: 'forged', seq: 5 } })
  })
})

test('the first bad row is named, whichever comes first: a broken chain or a broken signature', async () => {
  const bad = decides({ ...proof, verdict: 'deny' })
  const lines = linesOf(trailOf({ 2: registers(passkey), 5: bad }))
  const changed = (seq: number) => lines.map((line) => (line.type === 'row' && line.seq === seq ? { ...line, summary: 'changed' } : line))
  expect(await verifyAudit([spell(changed(4))], trust)).toMatchObject({ fault: { kind: 'changed', seq: 4 } })
  expect(await verifyAudit([spell(changed(6))], trust)).toMatchObject({ fault: { kind: 'forged', seq: 5 } })
  expect(await verifyAudit([spell(lines.filter((line) => line.type !== 'row' || line.seq !== 4))], trust)).toMatchObject({
    fault: { kind: 'deleted', seq: 4 },
  })
})

test('a part of a trail without the registration says that only the row itself vouches for the key', async () => {
  const trail = trailOf({ 2: registers(passkey), 5: decides(proof) })
  const part = [spell(linesOf(trail, 4))]
  expect(await verifyAudit(part, trust)).toMatchObject({ ok: true, passkeys: [{ pinned: 'in-file' }] })
  expect(await verifyAudit(part, { ...trust, passkeys: [fingerprintOf(passkey)] })).toMatchObject({
    ok: true,
    passkeys: [{ pinned: 'given' }],
  })
})

test('a proof that is taken out of its row, or changed in it, breaks the chain', async () => {
  const lines = linesOf(trailOf({ 2: registers(passkey), 5: decides(proof) }))
  const without = lines.map((line) => {
    if (line.type !== 'row' || line.seq !== 5) return line
    const { proof: _proof, ...rest } = line
    return rest as AuditRow & { readonly type: 'row' }
  })
  expect(await verifyAudit([spell(without)], trust)).toMatchObject({ fault: { kind: 'changed', seq: 5 } })
})

test('the reference implementation accepts the very assertion that a row carries', async () => {
  const jwk = passkey.publicKey.export({ format: 'jwk' })
  const part = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url')
  const cose = Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), part(jwk.x), Buffer.from('225820', 'hex'), part(jwk.y)])
  const answer = await verifyAuthenticationResponse({
    response: {
      id: 'cGFzc2tleQ',
      rawId: 'cGFzc2tleQ',
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON: proof.client_data, authenticatorData: proof.authenticator_data, signature: proof.signature },
    },
    expectedChallenge: createHash('sha256').update(signedDecisionText('acme', decision)).digest('base64url'),
    expectedOrigin: 'https://reins.example',
    expectedRPID: 'reins.example',
    requireUserVerification: true,
    credential: { id: 'cGFzc2tleQ', publicKey: new Uint8Array(cose), counter: 0 },
  })
  expect(answer.verified).toBe(true)
})
