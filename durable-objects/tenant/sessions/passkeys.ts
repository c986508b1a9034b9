/** Responsible for a member's passkeys: registering, naming, listing and removing them. */
import { Buffer } from 'node:buffer'
import { limits } from '@modelreins/contract'
import type { Parsed, Passkey } from '@modelreins/contract'
import { newChallenge, readChallenge } from '../../../src/domain/session/challenge.ts'
import { algorithms } from '../../../src/domain/session/webauthn.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime, isoTimeOrNull } from '../kernel/context.ts'
import type { Caller, CommandContext } from '../kernel/context.ts'
import type { Visit } from '../kernel/credential.ts'
import { endSessionsOf } from './sessions.ts'
import type { PasskeyRow } from './session-store.ts'
import { checkRegistration, rpIdHash } from './webauthn-response.ts'

type Member = Extract<Caller, { kind: 'member' }>['member']

const show = (ctx: CommandContext, row: PasskeyRow): Passkey => ({
  passkey_id: row.passkey_id,
  name: row.name,
  member_id: row.member_id,
  fingerprint: ctx.sha256(row.public_key),
  created_at: isoTime(row.created_at),
  last_used_at: isoTimeOrNull(row.last_used_at),
})

/** The WebAuthn user handle contains tenant and member, so that a sign-in without a user name finds its tenant (`src/edge/sessions/`). */
export const userHandle = (tenant: string, memberId: string): string => Buffer.from(`${tenant}:${memberId}`).toString('base64url')

interface Asked {
  readonly member: Member
  readonly visit: Visit
}

function asked(ctx: CommandContext): Result<Asked> {
  if (ctx.caller.kind !== 'member') return fail('forbidden', 'Only members have passkeys: use a member key.')
  if (ctx.visit === undefined) throw new Error('The edge told nothing of the visit')
  return ok({ member: ctx.caller.member, visit: ctx.visit })
}

const tooMany = fail('conflict', `A member has at most ${limits.passkeys_per_member} passkeys: remove one first.`)

function options(ctx: CommandContext) {
  const who = asked(ctx)
  if (!who.ok) return who
  const { member, visit } = who.value
  const existing = ctx.store.sessions.passkeysOf(member.member_id)
  if (existing.length >= limits.passkeys_per_member) return tooMany
  const challenge = newChallenge('register', member.member_id, ctx.randomText(32), ctx.at, ctx.key)
  const key = 'public-key' as const
  return ok({
    challenge: Buffer.from(challenge).toString('base64url'),
    rp: { id: visit.rp_id, name: 'ModelReins' },
    user: { id: userHandle(ctx.tenant, member.member_id), name: `${member.name} (${ctx.tenant})`, displayName: member.name },
    pubKeyCredParams: algorithms.map((alg) => ({ type: key, alg })),
    timeout: limits.challenge_ms,
    attestation: 'none' as const,
    authenticatorSelection: { residentKey: 'required' as const, requireResidentKey: true as const, userVerification: 'required' as const },
    excludeCredentials: existing.map((row) => ({ type: key, id: row.credential_id })),
  })
}

function create(ctx: CommandContext, input: Parsed<'passkeys.create'>): Result<Passkey> {
  const who = asked(ctx)
  if (!who.ok) return who
  const { member, visit } = who.value
  if (ctx.store.sessions.passkeysOf(member.member_id).length >= limits.passkeys_per_member) return tooMany
  const checked = checkRegistration(input.credential, {
    origin: visit.origin,
    rpIdHash: rpIdHash(visit.rp_id),
    challenge: (text) => {
      const challenge = readChallenge(text, 'register', member.member_id, ctx.at, [ctx.key])
      return challenge !== undefined && ctx.store.sessions.useChallenge(challenge.nonce, challenge.expires_at)
    },
  })
  if (!checked.ok) return fail('invalid-request', `The passkey was not accepted: ${checked.reason}.`)
  const { credential_id, algorithm, public_key, sign_count } = checked.value
  if (ctx.store.sessions.passkeyByCredential(credential_id) !== undefined) return fail('conflict', 'This passkey is registered already.')
  const passkey_id = `pk${ctx.at.toString(36)}${ctx.randomText(10)}`
  const { member_id } = member
  const row: PasskeyRow = {
    passkey_id,
    member_id,
    name: input.name,
    credential_id,
    algorithm,
    public_key,
    sign_count,
    created_at: ctx.at,
    last_used_at: null,
  }
  ctx.store.sessions.addPasskey(row)
  ctx.record({ action: 'passkey.create', subject: `passkey:${passkey_id}`, summary: input.name, digest: ctx.sha256(public_key) })
  return ok(show(ctx, row))
}

function own(ctx: CommandContext, passkeyId: string): Result<PasskeyRow> {
  if (ctx.caller.kind !== 'member') return fail('forbidden', 'Only members have passkeys: use a member key.')
  const row = ctx.store.sessions.passkey(passkeyId)
  return row === undefined || row.member_id !== ctx.caller.member.member_id ? fail('not-found', 'There is no such passkey.') : ok(row)
}

function list(ctx: CommandContext): Result<{ items: Passkey[]; next_cursor: string | null }> {
  if (ctx.caller.kind !== 'member') return fail('forbidden', 'Only members have passkeys: use a member key.')
  return ok({ items: ctx.store.sessions.passkeysOf(ctx.caller.member.member_id).map((row) => show(ctx, row)), next_cursor: null })
}

function rename(ctx: CommandContext, input: Parsed<'passkeys.rename'>): Result<Passkey> {
  const row = own(ctx, input.passkey_id)
  if (!row.ok) return row
  ctx.store.sessions.updatePasskey(row.value.passkey_id, { name: input.name })
  ctx.record({ action: 'passkey.rename', subject: `passkey:${row.value.passkey_id}`, summary: input.name })
  return ok(show(ctx, { ...row.value, name: input.name }))
}

function remove(ctx: CommandContext, input: Parsed<'passkeys.remove'>): Result<Passkey> {
  const row = own(ctx, input.passkey_id)
  if (!row.ok) return row
  const { passkey_id, member_id, name } = row.value
  ctx.store.sessions.removePasskey(passkey_id)
  ctx.record({ action: 'passkey.remove', subject: `passkey:${passkey_id}`, summary: name })
  const current = ctx.caller.kind === 'member' ? ctx.caller.session : undefined
  endSessionsOf(ctx, member_id, 'its passkey was removed', (one) => one.passkey_id === passkey_id && one.session_id !== current)
  return ok(show(ctx, row.value))
}

export const passkeyCommands = {
  'passkeys.options': options,
  'passkeys.create': create,
  'passkeys.list': list,
  'passkeys.rename': rename,
  'passkeys.remove': remove,
}
