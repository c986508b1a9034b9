/**
 * Responsible for registering with the kernel what members do as workers: taking jobs, the inbox, their running jobs, and their absence.
 */
import type { JobRequest } from '@modelreins/contract'
import type { CommandContext } from '../kernel/context.ts'
import type { Room } from '../kernel/room.ts'
import { findWorker } from '../queue/commands/dispatch.ts'
import { absenceDuty } from './absence.ts'
import { workClaimCommands } from './claim.ts'
import { inboxCommands } from './inbox.ts'
import { rememberLately } from './lately.ts'
import { personCommands } from './person.ts'
import { tellPersons } from './tell-persons.ts'

/** Whether only people declare the capability that the job needs. */
function isOnlyOfPeople({ store }: CommandContext, { capability }: JobRequest): boolean {
  if (capability === undefined) return false
  let people = false
  for (const { kind, capabilities } of store.workers.active()) {
    if (!capabilities.some((item) => item.name === capability)) continue
    if (kind !== 'carbon') return false
    people = true
  }
  return people
}

/** Jobs for people get a longer default expiry, since people start later than machines do. */
function defaults(ctx: CommandContext, request: JobRequest): JobRequest {
  if (request.expires_in !== undefined || !ctx.store.workers.hasPeople()) return request
  const targets = [...(request.target === undefined ? [] : [request.target]), ...(request.targets ?? [])]
  const named = targets.some((name) => (findWorker(ctx, name)?.member_id ?? null) !== null)
  const forPerson = named || request.substrate === 'carbon' || isOnlyOfPeople(ctx, request)
  return forPerson ? { ...request, expires_in: ctx.store.settings.get('person_expires_in') } : request
}

export const workRoom = {
  name: 'work',
  commands: { ...personCommands, ...inboxCommands, ...workClaimCommands },
  duties: [absenceDuty],
  defaults,
  onSaved: tellPersons,
  onSettled: (ctx, job) => {
    if (job.spec.person !== undefined && job.worker_id !== null) rememberLately(ctx, job.worker_id, job.id)
  },
} satisfies Room
