/** Responsible for storing a credential that the edge created: the hash of the token, and the ciphertext that delivers it once. */
import { limits } from '@modelreins/contract'
import type { CommandContext } from '../kernel/context.ts'

/** Returns when the one-time view expires, in milliseconds since 1970. Throws if the edge sent no credential, which is a bug. */
export function storeMinted(ctx: CommandContext, kind: 'member' | 'worker', subject: string): number {
  const { minted } = ctx
  if (minted === undefined) throw new Error(`The edge minted no credential for ${subject}`)
  const expires_at = ctx.at + limits.view_ms
  ctx.store.credentials.add({ credential: minted.credential, kind, subject, hash: minted.hash, created_at: ctx.at })
  ctx.store.credentials.addView({
    view_id: minted.view.id,
    subject,
    iv: minted.view.iv,
    ciphertext: minted.view.ciphertext,
    created_at: ctx.at,
    expires_at,
  })
  ctx.onCommit(() => ctx.live.due.hint(expires_at))
  return expires_at
}
