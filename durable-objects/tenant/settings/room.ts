/**
 * Responsible for registering the tenant's settings with the kernel: they apply to a dispatch when neither it nor its thread sets a value.
 */
import type { JobRequest } from '@modelreins/contract'
import type { CommandContext } from '../kernel/context.ts'
import type { Room } from '../kernel/room.ts'
import { settingsCommands } from './commands.ts'

/** Only settings that were changed explicitly; otherwise the job's own defaults apply. */
function defaults({ store }: CommandContext, request: JobRequest): JobRequest {
  const { settings } = store
  const effort = request.effort ?? settings.chosen('default_effort')
  const merge = settings.chosen('default_merge')
  const several = request.targets !== undefined || request.fan_out !== undefined
  // A dispatch that names a worker, provider or model must stay there, so it gets no default fallback chain.
  const placed = request.target !== undefined || request.provider !== undefined || request.model !== undefined
  const given: Partial<JobRequest> = {
    effort,
    mode: settings.chosen('default_mode'),
    expires_in: settings.chosen('default_expires_in'),
    when_offline: settings.chosen('when_offline'),
    max_attempts: settings.chosen('attempts')?.[effort ?? 'standard'],
    fallback: several || placed ? undefined : settings.chosen('fallback')?.[effort ?? 'standard'],
  }
  const chosen = Object.entries(given).filter(([, value]) => value !== undefined)
  const all = chosen.length === 0 ? request : { ...Object.fromEntries(chosen), ...request }
  const deadline = settings.chosen('merge_deadline') ?? 0
  if (!several || (merge === undefined && deadline === 0)) return all
  return { ...all, merge: { by: merge ?? 'worker', ...(deadline === 0 ? {} : { deadline }), ...request.merge } }
}

export const settingsRoom = { name: 'settings', commands: settingsCommands, defaults } satisfies Room
