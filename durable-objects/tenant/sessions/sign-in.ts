/** Responsible for signing browsers in, by key or by passkey, and for the delays and bans after failed sign-ins. */
import { limits } from '@modelreins/contract'
import type { Parsed, SignedIn } from '@modelreins/contract'
import { afterFailure, isBan } from '../../../src/domain/session/ban.ts'
import { readChallenge } from '../../../src/domain/session/challenge.ts'
import type { SessionRecord } from '../../../src/domain/session/session.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { Caller, CommandContext } from '../kernel/context.ts'
import { endSession, showSession } from './sessions.ts'
import { checkAssertion, rpIdHash } from './webauthn-response.ts'

type Member = Extract<Caller, { kind: 'member' }>['member']

const refused = fail('unauthorized', 'The sign-in is not valid.')

export const addressSubject = (address: string): string => `address:${address}`
export const memberSubject = (memberId: string): string => `member:${memberId}`

/** Counts a failed sign-in and records a ban in the audit log. The count is kept although the command itself fails. */
export function countFailure(ctx: CommandContext, subject: string): void {
  const failure = afterFailure(ctx.store.sessions.failure(subject), subject, `bn${ctx.randomText(16)}`, ctx.at)
  ctx.keep()
  ctx.store.sessions.noteFailure(failure)
  if (!isBan(failure, ctx.at)) return
  const seconds = Math.round((failure.until - ctx.at) / 1000)
  ctx.record({ action: 'sign_in.ban', subject, summary: `${failure.failures} failed sign-ins, refused for ${seconds} s` })
}

/** Milliseconds until sign-ins by key are accepted again for these subjects. */
function waitOf(ctx: CommandContext, subjects: readonly string[]): number {
  return Math.max(0, ...subjects.map((subject) => (ctx.store.sessions.failure(subject)?.until ?? 0) - ctx.at))
}

function openSession(ctx: CommandContext, member: Member, method: 'key' | 'passkey', passkeyId: string | null): Result<SignedIn> {
  const { visit } = ctx
  if (visit?.session === undefined) throw new Error('The edge minted no session')
  const open = ctx.store.sessions.ofMember(member.member_id)
  for (const old of open.slice(limits.sessions_per_member - 1)) endSession(ctx, old, 'replaced by a newer session')
  const session: SessionRecord = {
    session_id: visit.session.session_id,
    member_id: member.member_id,
    method,
    passkey_id: passkeyId,
    hash: visit.session.hash,
    device: visit.device,
    place: visit.place,
    created_at: ctx.at,
    last_used_at: ctx.at,
    ended_at: null,
  }
  ctx.store.sessions.add(session)
  ctx.record({
    action: 'session.create',
    subject: `session:${session.session_id}`,
    summary: `by ${method}, ${visit.device}`,
    actor: { kind: 'member', id: member.member_id, name: member.name },
  })
  const { member_id, name, role } = member
  return ok({ session: showSession(session, session.session_id), member: { member_id, name, role }, tenant: ctx.tenant })
}

/** The caller is the member whose key was sent; a session cannot create another session. */
export function create(ctx: CommandContext): Result<SignedIn> {
  if (ctx.caller.kind !== 'member' || ctx.caller.session !== undefined) return refused
  const { member } = ctx.caller
  const address = addressSubject(ctx.visit?.address ?? 'unknown')
  const wait = waitOf(ctx, [address, memberSubject(member.member_id)])
  if (wait > 0)
    return fail('rate-limited', `Too many failed sign-ins. Try again in ${Math.ceil(wait / 1000)} s, or use a passkey.`, {
      retry_after_ms: wait,
    })
  ctx.store.sessions.forgetFailures(address)
  return openSession(ctx, member, 'key', null)
}

/** A valid passkey is accepted despite earlier failures, so that failed attempts of others cannot lock a member out. */
export function createWithPasskey(ctx: CommandContext, input: Parsed<'sessions.create_with_passkey'>): Result<SignedIn> {
  const { visit } = ctx
  if (visit === undefined) throw new Error('The edge told nothing of the visit')
  const address = addressSubject(visit.address)
  const passkey = ctx.store.sessions.passkeyByCredential(input.credential.rawId)
  const member = passkey === undefined ? undefined : ctx.store.credentials.member(passkey.member_id)
  if (passkey === undefined || member === undefined || member.revoked_at !== null) {
    countFailure(ctx, address)
    return refused
  }
  const checked = checkAssertion(input.credential, passkey, {
    origin: visit.origin,
    rpIdHash: rpIdHash(visit.rp_id),
    challenge: (text) => {
      const challenge = readChallenge(text, 'sign-in', '', ctx.at, [ctx.key])
      return challenge !== undefined && ctx.store.sessions.useChallenge(challenge.nonce, challenge.expires_at)
    },
  })
  if (!checked.ok) {
    countFailure(ctx, address)
    countFailure(ctx, memberSubject(member.member_id))
    return refused
  }
  ctx.store.sessions.updatePasskey(passkey.passkey_id, { sign_count: checked.value.sign_count, last_used_at: ctx.at })
  ctx.store.sessions.forgetFailures(address)
  ctx.store.sessions.forgetFailures(memberSubject(member.member_id))
  return openSession(ctx, member, 'passkey', passkey.passkey_id)
}
