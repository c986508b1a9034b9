/** Responsible for decisions signed by a passkey in software, for tests: the proof that an audit row carries. */
import { createHash } from 'node:crypto'
import { signedDecisionText, type DecisionProof, type SignedDecision } from '@modelreins/contract'
import { assertWith, base64url, type Ceremony, type Passkey } from './authenticator.ts'

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

export const publicKeyOf = (passkey: Passkey): string => base64url(passkey.publicKey.export({ format: 'der', type: 'spki' }))
/** As the row of its registration holds it. */
export const fingerprintOf = (passkey: Passkey): string => sha256(publicKeyOf(passkey)).toString('hex')

/** `ceremony`: what the authenticator is asked otherwise than it should be. */
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
