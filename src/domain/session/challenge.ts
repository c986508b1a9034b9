/**
 * Responsible for WebAuthn challenges that need no storage before they are answered: a challenge says what it is for and until when, and
 * carries a MAC. Whoever accepts one remembers its nonce until it expires, so that it is good once.
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

/** `subject`: the member it is for; empty when nobody is known yet. `nonce`: random lower-case letters and digits. */
export const newChallenge = (purpose: ChallengePurpose, subject: string, nonce: string, at: number, key: TokenKey): string =>
  sign(`wac_${purpose}_${subject}_${nonce}_${(at + limits.challenge_ms).toString(36)}`, key)

/** The challenge, if it is one of ours, for this purpose and subject, and not over. */
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
