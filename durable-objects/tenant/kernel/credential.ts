/** Responsible for what comes with a call from the edge besides its input: who calls, and what the edge minted or knows of a browser. */
import type { LeaseToken } from '@modelreins/contract'

/** Who calls: a hash, never a token. */
export type CallCredential =
  | { readonly kind: 'member' | 'worker' | 'session'; readonly credential: string; readonly hash: string }
  | { readonly kind: 'lease'; readonly lease: Omit<LeaseToken, 'signed' | 'mac'> }
  | { readonly kind: 'master' }
  | { readonly kind: 'none' }

/** A credential that the edge minted for an operation that creates or replaces one: the object stores hash and ciphertext. */
export interface Minted {
  readonly credential: string
  /** SHA-256 of the token, hex. */
  readonly hash: string
  readonly view: { readonly id: string; readonly iv: string; readonly ciphertext: string }
}

/** What the edge knows of a browser that signs in or registers a passkey. */
export interface Visit {
  /** Scheme, host and port of the page. */
  readonly origin: string
  /** WebAuthn RP id: the host name. */
  readonly rp_id: string
  /** From `addressKey`. */
  readonly address: string
  readonly device: string
  readonly place: string | null
  /** The session that the edge minted; its token is in the cookie of the answer. */
  readonly session?: { readonly session_id: string; readonly hash: string }
}
