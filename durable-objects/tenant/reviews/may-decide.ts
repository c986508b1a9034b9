/** Responsible for which members' decisions count today. */
import { roleMay } from '../../../src/domain/access/access.ts'
import type { CommandContext } from '../kernel/context.ts'

/**
 * Whether a member's decisions count today. Past decisions of revoked members, or of members without a deciding role, do not count either.
 */
export const mayDecide =
  (ctx: Pick<CommandContext, 'store'>) =>
  (memberId: string): boolean => {
    const member = ctx.store.credentials.member(memberId)
    return member !== undefined && member.revoked_at === null && roleMay(member.role, 'reviews.decide')
  }
