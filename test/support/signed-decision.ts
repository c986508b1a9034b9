/** Responsible for decisions signed by a software passkey, for tests: the proof that an audit row contains. */
import { createHash } from 'node:crypto'
import { signedDecisionText, type DecisionProof, type SignedDecision } from '@modelreins/contract'
import { assertWith, base64url, type Ceremony, type Passkey } from './authenticator.ts'

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

export const publicKeyOf = (passkey: Passkey): string => base64url(passkey.publicKey.export({ format: 'der', type: 'spki' }))
/** The fingerprint as the audit row of the passkey's registration contains it. */
export const fingerprintOf = (passkey: Passkey): string => sha256(publicKeyOf(passkey)).toString('hex')

/** `ceremony`: overrides of what the authenticator is asked, for invalid signatures. */
export function signDecision(passkey: Passkey, tenant: string, decision: SignedDecision, ceremony: Partial<Ceremony> = {}): DecisionProof {
  const challenge = base64url(sha256(signedDecisionText(tenant, decision)))
  const { response } = assertWith(passkey, { challenge, origin: 'https://reins.example', rpId: 'reins.example', ...ceremony })
  return {
    ...decision,
    passkey_id: 'pkaaaaaaaaaa',
    passkey_name: 'laptop',
    algorithm: passkey.algorithm,
    public_key: publicKeyOf(passkey),
    client_data: response.clientDataJSON,
    authenticator_data: response.authenticatorData,
    signature: response.signature,
  }
}
