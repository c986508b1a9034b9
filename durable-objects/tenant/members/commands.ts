/** Responsible for the commands about members and one-time views: create, list, revoke, rotate, reveal, whoami. */
import { limits, tokenBegins } from '@modelreins/contract'
import type { JobError, Member, Output, Parsed, SealedView } from '@modelreins/contract'
import { lookAlikeKey } from '../../../src/domain/access/look-alike.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime, isoTimeOrNull } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { MemberRow } from './credential-store.ts'
import { removeDevicesOf } from '../devices/tell.ts'
import { endSessionsOf } from '../sessions/sessions.ts'
import { endUnbackedGrants } from '../reviews/commands/grants.ts'
import { abortJob, abortReason } from '../queue/commands/jobs.ts'
import { revokeWorker } from '../queue/commands/revoke-worker.ts'
import { endAttemptsOf, voidOffersTo } from '../queue/commands/attempts.ts'
import { storeMinted } from './store-minted.ts'

const show = (row: MemberRow): Member => ({
  member_id: row.member_id,
  name: row.name,
  role: row.role,
  created_at: isoTime(row.created_at),
  revoked_at: isoTimeOrNull(row.revoked_at),
})
const subject = (row: MemberRow): string => `member:${row.member_id}`

/** Also used by provisioning, which creates the first owner. */
export function addMember(
  ctx: CommandContext,
  name: string,
  role: MemberRow['role'],
): { readonly member: Member; readonly expires_at: string } {
  // Ids start with the time, so that a list in id order is a list in time order.
  const row: MemberRow = { member_id: `mb${ctx.at.toString(36)}${ctx.randomText(10)}`, name, role, created_at: ctx.at, revoked_at: null }
  ctx.store.credentials.addMember(row)
  const expires_at = storeMinted(ctx, 'member', row.member_id)
  ctx.record({ action: 'member.create', subject: subject(row), summary: `${role} ${name}` })
  return { member: show(row), expires_at: isoTime(expires_at) }
}

function create(ctx: CommandContext, input: Parsed<'members.create'>) {
  if (ctx.store.credentials.memberNamed(input.name) !== undefined) return fail('name-taken', `A member named ${input.name} exists.`)
  const look = lookAlikeKey(input.name)
  const alike = ctx.store.credentials.membersInForce().find((member) => lookAlikeKey(member.name) === look)
  if (alike !== undefined)
    return fail('name-taken', `The name looks like that of ${alike.name} (${alike.member_id}). Choose a name that does not.`)
  const made = addMember(ctx, input.name, input.role)
  return ok({ ...made.member, expires_at: made.expires_at })
}

function list(ctx: CommandContext, input: Parsed<'members.list'>): Result<{ items: Member[]; next_cursor: string | null }> {
  const limit = input.limit ?? limits.list_default
  const found = ctx.store.credentials.listMembers(limit + 1, input.cursor)
  const items = found.slice(0, limit)
  const keys = ctx.store.credentials.inForceOf(items.map((row) => row.member_id))
  const withKey = (row: MemberRow): Member => {
    const key = keys.get(row.member_id)
    const shown =
      key === undefined ? null : { begins: tokenBegins('member', ctx.tenant, key.credential), created_at: isoTime(key.created_at) }
    return { ...show(row), key: shown }
  }
  return ok({ items: items.map(withKey), next_cursor: found.length > limit ? (items.at(-1)?.member_id ?? null) : null })
}

/**
 * Counts the unfinished jobs of a revoked member, and aborts them if `stop` is true. By default they continue: they may be a colleague's
 * work as well as an attacker's, so the revoking member chooses.
 */
function jobsLeftBy(ctx: CommandContext, memberId: string, name: string, stop: boolean): NonNullable<Output<'members.revoke'>['jobs']> {
  const theirs = { created_by: memberId, unfinished: true }
  const all = ctx.store.jobs.count(theirs)
  const running = ctx.store.jobs.count({ ...theirs, statuses: ['running'] })
  const ids = stop ? ctx.store.jobs.ids(theirs, limits.bulk_jobs) : []
  for (const id of ids) {
    const job = ctx.store.jobs.get(id)
    if (job !== undefined) abortJob(ctx, job, abortReason(ctx, `${name} was revoked`))
  }
  return { waiting: all - running, running, stopped: ids.length }
}

function revoke(ctx: CommandContext, input: Parsed<'members.revoke'>): Result<Output<'members.revoke'>> {
  const row = ctx.store.credentials.member(input.member_id)
  if (row === undefined) return fail('not-found', `There is no member ${input.member_id}.`)
  const jobs = (): NonNullable<Output<'members.revoke'>['jobs']> => jobsLeftBy(ctx, row.member_id, row.name, input.stop_jobs === true)
  // A repeated call may still abort the remaining jobs.
  if (row.revoked_at !== null) return ok({ ...show(row), jobs: jobs() })
  if (row.role === 'owner' && ctx.store.credentials.owners() === 1)
    return fail('conflict', 'The last owner cannot be revoked: add another one first.')
  ctx.store.credentials.revokeMember(row.member_id, ctx.at)
  ctx.store.credentials.revokeOf(row.member_id, ctx.at)
  ctx.record({ action: 'member.revoke', subject: subject(row), summary: row.name })
  endSessionsOf(ctx, row.member_id, 'its member was revoked')
  removeDevicesOf(ctx, row.member_id, 'its member was revoked')
  ctx.after({ kind: 'distrust', member_id: row.member_id })
  for (const companion of companionsOf(ctx, row.member_id)) endAttemptsOf(ctx, companion, keyGone(row, 'revoked'))
  const person = ctx.store.workers.ofMember(row.member_id)
  if (person !== undefined) revokeWorker(ctx, person, 'was revoked with the member')
  endUnbackedGrants(ctx)
  return ok({ ...show({ ...row, revoked_at: ctx.at }), jobs: jobs() })
}

const companionsOf = (ctx: CommandContext, memberId: string) =>
  [...ctx.store.workers.active()].filter((worker) => worker.companion_of === memberId)

const keyGone = (row: MemberRow, how: string): JobError => ({
  type: 'token_replaced',
  message: `The key of ${row.name}, under which it ran, was ${how}`,
  retryable: true,
})

function rotate(ctx: CommandContext, input: Parsed<'members.rotate'>): Result<{ expires_at: string }> {
  const row = ctx.store.credentials.member(input.member_id)
  if (row === undefined) return fail('not-found', `There is no member ${input.member_id}.`)
  if (row.revoked_at !== null) return fail('wrong-state', `${row.name} was revoked at ${isoTime(row.revoked_at)}.`)
  ctx.store.credentials.revokeOf(row.member_id, ctx.at)
  const expires_at = storeMinted(ctx, 'member', row.member_id)
  ctx.record({ action: 'member.rotate', subject: subject(row), summary: row.name })
  // Sessions opened with the old key may belong to the person that the rotation should keep out. The session that rotates the key stays.
  const current = ctx.caller.kind === 'member' ? ctx.caller.session : undefined
  endSessionsOf(ctx, row.member_id, 'its key was replaced', (one) => one.method === 'key' && one.session_id !== current)
  // Devices of passkey sessions stay, as those sessions do.
  const byPasskey = (id: string | null): boolean => id !== null && ctx.store.sessions.find(id)?.method === 'passkey'
  removeDevicesOf(ctx, row.member_id, 'its key was replaced', (one) => one.session_id !== current && !byPasskey(one.session_id))
  ctx.after({ kind: 'distrust', member_id: row.member_id })
  for (const companion of companionsOf(ctx, row.member_id)) {
    if (input.keep_running === true) voidOffersTo(ctx, companion)
    else endAttemptsOf(ctx, companion, keyGone(row, 'replaced'))
  }
  return ok({ expires_at: isoTime(expires_at) })
}

function reveal(ctx: CommandContext, input: Parsed<'views.reveal'>): Result<SealedView> {
  const view = ctx.store.credentials.view(input.view_id)
  if (view === undefined) return fail('not-found', 'There is no such view.')
  if (view.revealed_at !== null) return fail('gone', `It was opened at ${isoTime(view.revealed_at)} and then erased.`)
  if (view.iv === null || view.ciphertext === null || view.expires_at <= ctx.at)
    return fail('gone', `It expired at ${isoTime(view.expires_at)}.`)
  ctx.store.credentials.eraseView(view.view_id, ctx.at)
  ctx.record({ action: 'view.reveal', subject: `view:${view.view_id}`, summary: `token of ${view.subject}` })
  return ok({ iv: view.iv, ciphertext: view.ciphertext })
}

function whoami(ctx: CommandContext) {
  const server_time = isoTime(ctx.at)
  if (ctx.caller.kind === 'member') {
    const { member } = ctx.caller
    return ok({ tenant: ctx.tenant, kind: 'member' as const, id: member.member_id, name: member.name, role: member.role, server_time })
  }
  if (ctx.caller.kind === 'worker') {
    const { worker } = ctx.caller
    return ok({ tenant: ctx.tenant, kind: 'worker' as const, id: worker.worker_id, name: worker.name, role: null, server_time })
  }
  return fail('forbidden', '`whoami` needs a member key or a worker token.')
}

export const memberCommands = {
  'members.create': create,
  'members.list': list,
  'members.revoke': revoke,
  'members.rotate': rotate,
  'members.whoami': whoami,
  'views.reveal': reveal,
}
