/** Responsible for what the edge sends with a call besides the input: the credential, a minted token, and data about the browser. */
import type { LeaseToken } from '@modelreins/contract'

/** The caller's credential: the hash of the token, never the token itself. */
export type CallCredential =
  | { readonly kind: 'member' | 'worker' | 'session'; readonly credential: string; readonly hash: string }
  | { readonly kind: 'lease'; readonly lease: Omit<LeaseToken, 'signed' | 'mac'> }
  | { readonly kind: 'master' }
  | { readonly kind: 'none' }

/** A credential that the edge minted, for operations that create or replace one: the object stores only hash and ciphertext. */
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
  /** The client's network address, as `addressKey` returns it. */
  readonly address: string
  readonly device: string
  readonly place: string | null
  /** The session that the edge minted; the edge sends its token in the cookie of the response. */
  readonly session?: { readonly session_id: string; readonly hash: string }
}
