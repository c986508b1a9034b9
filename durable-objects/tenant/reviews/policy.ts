/** Responsible for the review policy of a capability: what its worker says, and what that leaves out as the tenant's settings say. */
import type { Capability } from '@modelreins/contract'
import { policyOf, withDefaults } from '../../../src/domain/review/risk.ts'
import type { Policy } from '../../../src/domain/review/risk.ts'
import type { CommandContext } from '../kernel/context.ts'

type Seeing = Pick<CommandContext, 'store'>

/** The capability with its whole policy. */
export const inForce = ({ store }: Seeing, item: Capability): Capability =>
  withDefaults(item, store.settings.get('review_policies')[item.name])

/** Without a capability: nobody has chosen anything. */
export const policyFor = (ctx: Seeing, item: Capability | undefined): Policy =>
  policyOf(item === undefined ? undefined : inForce(ctx, item).policy)
