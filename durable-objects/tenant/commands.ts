/** Responsible for the list of everything a tenant object can be asked to do: a command for every row of the operations table that says `by: 'tenant'`. */
import type { Parsed, TenantOperationId } from '@modelreins/contract'
import type { Result } from '../../src/domain/result.ts'
import type { TenantReply } from './kernel/call.ts'
import type { CommandContext } from './kernel/context.ts'
import { artifactCommands } from './artifacts/commands.ts'
import { attemptCommands } from './queue/commands/attempts.ts'
import { authorizeCommands } from './reviews/commands/authorize.ts'
import { bulkCommands } from './queue/commands/bulk.ts'
import { claimCommands } from './queue/commands/claims.ts'
import { contextCommands } from './queue/commands/job-context.ts'
import { dispatchCommands } from './queue/commands/dispatch.ts'
import { grantCommands } from './reviews/commands/grants.ts'
import { jobCommands } from './queue/commands/jobs.ts'
import { killswitchCommands } from './killswitch/commands.ts'
import { memberCommands } from './members/commands.ts'
import { presenceCommands } from './workers/presence-commands.ts'
import { reviewCommands } from './reviews/commands/reviews.ts'
import { settingsCommands } from './reviews/commands/loosening.ts'
import { sessionCommands } from './sessions/commands.ts'
import { webhookCommands } from './webhooks/commands.ts'
import { workerCommands } from './workers/commands.ts'

type TenantCommands = {
  readonly [Id in TenantOperationId]: (ctx: CommandContext, input: Parsed<Id>) => Result<TenantReply<Id>>
}

export const tenantCommands: TenantCommands = {
  ...artifactCommands,
  ...attemptCommands,
  ...authorizeCommands,
  ...bulkCommands,
  ...claimCommands,
  ...contextCommands,
  ...dispatchCommands,
  ...grantCommands,
  ...jobCommands,
  ...killswitchCommands,
  ...memberCommands,
  ...presenceCommands,
  ...reviewCommands,
  ...sessionCommands,
  ...settingsCommands,
  ...webhookCommands,
  ...workerCommands,
}
