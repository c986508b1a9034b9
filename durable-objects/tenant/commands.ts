/** Responsible for the list of everything a tenant object can be asked to do; each noun has a file of its own in commands/. */
import { attemptCommands } from './commands/attempts.ts'
import { claimCommands } from './commands/claims.ts'
import { contextCommands } from './commands/context.ts'
import { dispatchCommands } from './commands/dispatch.ts'
import { jobCommands } from './commands/jobs.ts'
import { killswitchCommands } from './commands/killswitch.ts'
import { memberCommands } from './commands/members.ts'
import { presenceCommands } from './commands/presence.ts'
import { workerCommands } from './commands/workers.ts'

export const tenantCommands = {
  ...attemptCommands,
  ...claimCommands,
  ...contextCommands,
  ...dispatchCommands,
  ...jobCommands,
  ...killswitchCommands,
  ...memberCommands,
  ...presenceCommands,
  ...workerCommands,
}

export type TenantCommands = typeof tenantCommands
