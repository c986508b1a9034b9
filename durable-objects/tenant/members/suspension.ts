/** Responsible for suspending and resuming a tenant. While it is suspended, every token is refused; open streams are closed at once. */
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime } from '../kernel/context.ts'
import type { Caller, CommandContext } from '../kernel/context.ts'

export const masterCaller: Caller = { kind: 'master', actor: { kind: 'master', id: 'master', name: 'master' } }

/** A repeated call changes nothing. */
export function setSuspended(ctx: CommandContext, suspended: boolean): Result<{ readonly name: string; readonly created_at: string }> {
  const identity = ctx.store.identity.get()
  if (identity === undefined) return fail('not-found', 'There is no such tenant.')
  if (identity.suspended !== suspended) {
    ctx.store.identity.set({ ...identity, suspended })
    const action = suspended ? 'tenant.suspend' : 'tenant.resume'
    ctx.record({ action, subject: `tenant:${identity.tenant}`, summary: identity.name })
  }
  if (suspended) ctx.after({ kind: 'distrust' })
  return ok({ name: identity.name, created_at: isoTime(identity.created_at) })
}
