/** Responsible for handing the tenant's settings to the kernel: they are what a dispatch has when neither it nor its thread says otherwise. */
import type { JobRequest } from '@modelreins/contract'
import type { CommandContext } from '../kernel/context.ts'
import type { Room } from '../kernel/room.ts'
import { settingsCommands } from './commands.ts'

/** Only what somebody has chosen: the rest is the default of the job itself. */
function defaults({ store }: CommandContext, request: JobRequest): JobRequest {
  const { settings } = store
  const effort = request.effort ?? settings.chosen('default_effort')
  const merge = settings.chosen('default_merge')
  const several = request.targets !== undefined || request.fan_out !== undefined
  // Who names a place means it: nothing is moved away from there by default.
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
