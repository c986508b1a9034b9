/** Responsible for the review policy of a capability: the worker's values, completed with the tenant's defaults. */
import type { Capability } from '@modelreins/contract'
import { policyOf, withDefaults } from '../../../src/domain/review/risk.ts'
import type { Policy } from '../../../src/domain/review/risk.ts'
import type { CommandContext } from '../kernel/context.ts'

type Seeing = Pick<CommandContext, 'store'>

/** The capability with its complete policy. */
export const inForce = ({ store }: Seeing, item: Capability): Capability =>
  withDefaults(item, store.settings.get('review_policies')[item.name])

/** The complete policy; the built-in defaults without a capability. */
export const policyFor = (ctx: Seeing, item: Capability | undefined): Policy =>
  policyOf(item === undefined ? undefined : inForce(ctx, item).policy)
