/**
 * Responsible for WebAuthn challenges that need no storage before they are answered: a challenge contains its purpose and its expiry time, and a MAC.
 * The code that accepts one remembers its nonce until it expires, so that it is accepted only once.
 */
import { limits } from '@modelreins/contract'
import { isMacValid, sign } from '../access/token.ts'
import type { TokenKey } from '../access/token.ts'

export type ChallengePurpose = 'register' | 'sign-in' | 'decide'

export interface Challenge {
  readonly nonce: string
  readonly expires_at: number
}

const pattern = /^wac_([a-z-]+)_([a-z0-9]{0,40})_([a-z0-9]{10,60})_([a-z0-9]{6,11})_([a-z0-9]{20,64})$/

/** `subject`: the member it is for; empty when the member is not known yet. `nonce`: random lower-case letters and digits. */
export const newChallenge = (purpose: ChallengePurpose, subject: string, nonce: string, at: number, key: TokenKey): string =>
  sign(`wac_${purpose}_${subject}_${nonce}_${(at + limits.challenge_ms).toString(36)}`, key)

/** The parsed challenge, if this server made it, for this purpose and subject, and it has not expired. */
export function readChallenge(
  text: string,
  purpose: ChallengePurpose,
  subject: string,
  at: number,
  keys: readonly TokenKey[],
): Challenge | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, kind = '', about = '', nonce = '', expires = '', mac = ''] = match
  if (kind !== purpose || about !== subject) return undefined
  if (!isMacValid(text.slice(0, text.length - mac.length - 1), mac, keys)) return undefined
  const expires_at = Number.parseInt(expires, 36)
  return expires_at > at ? { nonce, expires_at } : undefined
}
