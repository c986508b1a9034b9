/** Responsible for whose decisions count today. */
import { roleMay } from '../../../src/domain/access/access.ts'
import type { CommandContext } from '../kernel/context.ts'

/** Whether a member's decisions count today: revoked members and lesser roles decide nothing, also not in hindsight. */
export const mayDecide =
  (ctx: Pick<CommandContext, 'store'>) =>
  (memberId: string): boolean => {
    const member = ctx.store.credentials.member(memberId)
    return member !== undefined && member.revoked_at === null && roleMay(member.role, 'reviews.decide')
  }
