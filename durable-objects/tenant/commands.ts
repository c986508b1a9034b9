/** Responsible for the list of everything a tenant object can be asked to do; each noun has a file of its own in commands/. */
import { artifactCommands } from './commands/artifacts.ts'
import { attemptCommands } from './commands/attempts.ts'
import { authorizeCommands } from './commands/authorize.ts'
import { bulkCommands } from './commands/bulk.ts'
import { claimCommands } from './commands/claims.ts'
import { contextCommands } from './commands/context.ts'
import { dispatchCommands } from './commands/dispatch.ts'
import { grantCommands } from './commands/grants.ts'
import { jobCommands } from './commands/jobs.ts'
import { killswitchCommands } from './commands/killswitch.ts'
import { memberCommands } from './commands/members.ts'
import { presenceCommands } from './commands/presence.ts'
import { reviewCommands } from './commands/reviews.ts'
import { webhookCommands } from './commands/webhooks.ts'
import { workerCommands } from './commands/workers.ts'

export const tenantCommands = {
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
  ...webhookCommands,
  ...workerCommands,
}

export type TenantCommands = typeof tenantCommands
