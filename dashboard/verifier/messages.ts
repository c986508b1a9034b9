/** Responsible for what page and verifier say to each other. */
import type { AuditFault, AuditHead } from '@modelreins/contract'

/** `trust`: a saved answer of `GET /audit/heads`, keys and heads. */
export type ToVerifier =
  | { readonly type: 'begin'; readonly trust: string }
  | { readonly type: 'piece'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'end' }

/** As the SDK's verifier answers. */
export interface Verdict {
  readonly rows: number
  readonly first_seq: number | null
  readonly last_seq: number | null
  readonly heads: number
  readonly passkeys: readonly {
    readonly name: string
    readonly member: string
    readonly fingerprint: string
    readonly decisions: number
    readonly pinned: 'registered' | 'given' | 'in-file'
  }[]
  readonly proven: Pick<AuditHead, 'seq' | 'at' | 'kid'> | null
  readonly fault: (AuditFault & { readonly line: number | null }) | null
}

export type FromVerifier =
  | { readonly type: 'progress'; readonly lines: number; readonly bytes: number }
  | { readonly type: 'verdict'; readonly verdict: Verdict }
  | { readonly type: 'fault'; readonly message: string }
