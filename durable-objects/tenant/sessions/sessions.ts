/** Responsible for listing and ending browser sessions, recording their last use, and listing and lifting sign-in bans. */
import { limits } from '@modelreins/contract'
import type { Ban, Parsed, Session } from '@modelreins/contract'
import { roleMay } from '../../../src/domain/access/access.ts'
import { isBan } from '../../../src/domain/session/ban.ts'
import type { FailureRecord } from '../../../src/domain/session/ban.ts'
import { sessionExpiry, isSessionActive } from '../../../src/domain/session/session.ts'
import type { SessionRecord } from '../../../src/domain/session/session.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { removeDevicesOf } from '../devices/tell.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'

export const showSession = (session: SessionRecord, current: string | undefined): Session => ({
  session_id: session.session_id,
  member_id: session.member_id,
  method: session.method,
  device: session.device,
  place: session.place,
  created_at: isoTime(session.created_at),
  last_used_at: isoTime(session.last_used_at),
  expires_at: isoTime(sessionExpiry(session)),
  current: session.session_id === current,
})

/** Ends one session with its devices; `why` goes into the audit log. */
export function endSession(ctx: CommandContext, session: SessionRecord, why: string): void {
  ctx.store.sessions.end(session.session_id, ctx.at)
  ctx.after({ kind: 'distrust', member_id: session.member_id, key: session.session_id })
  ctx.record({ action: 'session.end', subject: `session:${session.session_id}`, summary: why })
  removeDevicesOf(ctx, session.member_id, `its session ended, ${why}`, (device) => device.session_id === session.session_id)
}

/** Ends the open sessions of a member for which `fits` is true; returns how many were ended. */
export function endSessionsOf(
  ctx: CommandContext,
  memberId: string,
  why: string,
  fits: (session: SessionRecord) => boolean = () => true,
): number {
  const open = ctx.store.sessions.ofMember(memberId).filter(fits)
  for (const session of open) endSession(ctx, session, why)
  return open.length
}

const currentOf = (ctx: CommandContext): string | undefined => (ctx.caller.kind === 'member' ? ctx.caller.session : undefined)

/** The member_id that a call is about: the caller, or another member if the caller may manage members. */
function memberOf(ctx: CommandContext, wanted: string | undefined): Result<string> {
  if (ctx.caller.kind !== 'member') return fail('forbidden', 'Only members have browser sessions: use a member key.')
  const { member } = ctx.caller
  if (wanted === undefined || wanted === member.member_id) return ok(member.member_id)
  if (!roleMay(member.role, 'members.manage'))
    return fail('forbidden', `The role ${member.role} may not see the sessions of other members.`)
  return ctx.store.credentials.member(wanted) === undefined ? fail('not-found', `There is no member ${wanted}.`) : ok(wanted)
}

function list(ctx: CommandContext, input: Parsed<'sessions.list'>): Result<{ items: Session[]; next_cursor: string | null }> {
  const about = memberOf(ctx, input.member_id)
  if (!about.ok) return about
  const open = ctx.store.sessions.ofMember(about.value).filter((session) => isSessionActive(session, ctx.at))
  return ok({ items: open.map((session) => showSession(session, currentOf(ctx))), next_cursor: null })
}

function end(ctx: CommandContext, input: Parsed<'sessions.end'>): Result<{ ended: number }> {
  const id = input.session_id === 'current' ? currentOf(ctx) : input.session_id
  const session = id === undefined ? undefined : ctx.store.sessions.find(id)
  if (session === undefined)
    return fail('not-found', input.session_id === 'current' ? 'This call has no browser session.' : 'There is no such session.')
  const about = memberOf(ctx, session.member_id)
  // To callers who may not manage members, sessions of other members look like unknown ones.
  if (!about.ok) return fail('not-found', 'There is no such session.')
  if (!isSessionActive(session, ctx.at)) return ok({ ended: 0 })
  endSession(ctx, session, 'signed out')
  return ok({ ended: 1 })
}

function endMany(ctx: CommandContext, input: Parsed<'sessions.end_many'>): Result<{ ended: number }> {
  if ((input.others === true) === (input.member_id !== undefined))
    return fail(
      'invalid-request',
      'Say either `others=true` (all sessions of the caller but this one) or `member_id` (all of that member).',
    )
  const about = memberOf(ctx, input.member_id)
  if (!about.ok) return about
  const current = currentOf(ctx)
  const fits = input.others === true ? (session: SessionRecord): boolean => session.session_id !== current : undefined
  const ended = endSessionsOf(ctx, about.value, 'signed out from elsewhere', fits)
  // Includes devices whose session was deleted long ago and devices registered with a key: the member may have lost one of them.
  removeDevicesOf(
    ctx,
    about.value,
    'signed out from elsewhere',
    (one) => input.others !== true || (one.session_id ?? undefined) !== current,
  )
  return ok({ ended })
}

const showBan = (record: FailureRecord): Ban => ({
  ban_id: record.ban_id,
  subject: record.subject,
  failures: record.failures,
  until: isoTime(record.until),
})

function listBans(ctx: CommandContext): Result<{ items: Ban[]; next_cursor: string | null }> {
  const bans = ctx.store.sessions.bans().filter((record) => isBan(record, ctx.at))
  return ok({ items: bans.slice(0, limits.list_max).map(showBan), next_cursor: null })
}

function liftBan(ctx: CommandContext, input: Parsed<'bans.lift'>): Result<Ban> {
  const record = ctx.store.sessions.bans().find((one) => one.ban_id === input.ban_id)
  if (record === undefined) return fail('not-found', 'There is no such ban.')
  ctx.store.sessions.forgetFailures(record.subject)
  ctx.record({ action: 'sign_in.unban', subject: record.subject, summary: `${record.failures} failed sign-ins forgotten` })
  return ok({ ...showBan(record), until: isoTime(ctx.at) })
}

export const sessionListCommands = {
  'sessions.list': list,
  'sessions.end': end,
  'sessions.end_many': endMany,
  'bans.list': listBans,
  'bans.lift': liftBan,
}
