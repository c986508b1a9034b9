/** Responsible for the commands about grants, and about the list of actions that ran under the tier `audit` and should be looked at. */
import { limits } from '@modelreins/contract'
import type { Grant, Parsed, ToLookAt } from '@modelreins/contract'
import { countingCursor } from '../../../../src/domain/cursor.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import { isGrantBacked } from '../clearance.ts'
import { isoTime, isoTimeOrNull, systemActor } from '../../kernel/context.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { GrantRecord } from '../../../../src/domain/review/grant.ts'
import { showGrant } from '../review-view.ts'
import type { WorkerRecord } from '../../queue/workforce/worker-store.ts'
import type { LookRow } from '../grant-store.ts'

/** A worker sees only its own grants. */
function list(ctx: CommandContext, input: Parsed<'grants.list'>): Result<{ items: Grant[]; next_cursor: string | null }> {
  const limit = input.limit ?? limits.list_default
  const found = ctx.store.grants.list({
    limit: limit + 1,
    ...(input.cursor === undefined ? {} : { before: input.cursor }),
    ...(input.session === undefined ? {} : { session: input.session }),
    ...(ctx.caller.kind === 'worker' ? { worker_id: ctx.caller.worker.worker_id } : {}),
    ...(input.include_ended === true ? {} : { inForceAt: ctx.at }),
  })
  const items = found.slice(0, limit)
  return ok({ items: items.map(showGrant), next_cursor: found.length > limit ? (items.at(-1)?.grant_id ?? null) : null })
}

/** The next use needs a new review; running work continues. */
function revoke(ctx: CommandContext, input: Parsed<'grants.revoke'>): Result<Grant> {
  const grant = ctx.store.grants.get(input.grant_id)
  if (grant === undefined) return fail('not-found', `There is no grant ${input.grant_id}.`)
  return ok(showGrant(grant.revoked_at === null ? endGrant(ctx, grant) : grant))
}

/** `why`: given when the service ends the grant and no member revoked it. */
export function endGrant(ctx: CommandContext, grant: GrantRecord, why?: string): GrantRecord {
  const after = { ...grant, revoked_at: ctx.at }
  ctx.store.grants.save(after)
  ctx.record({
    action: 'grant.revoke',
    subject: `grant:${grant.grant_id}`,
    worker_id: grant.worker_id,
    capability: grant.capability,
    risk_tier: 'session',
    summary: `${grant.session}, used ${grant.uses} ${grant.uses === 1 ? 'time' : 'times'}${why === undefined ? '' : `, ${why}`}`,
    ...(why === undefined ? {} : { actor: systemActor }),
  })
  // Jobs that relied on the grant are sent to review when their worker next asks for work.
  ctx.after({ kind: 'feed', worker_id: grant.worker_id })
  return after
}

/** Called when a member loses the right to decide: revokes grants that depended on their approval, so that lists show them as ended. */
export function endUnbackedGrants(ctx: CommandContext): void {
  for (const grant of ctx.store.grants.allInForce(ctx.at)) {
    if (!isGrantBacked(ctx, grant))
      endGrant(ctx, grant, `the member who approved it in review ${grant.review_id} may no longer decide reviews`)
  }
}

const showLook = (ctx: CommandContext, row: LookRow): ToLookAt => ({
  ...row,
  at: isoTime(row.at),
  worker: row.worker_id === null ? null : (ctx.store.workers.get(row.worker_id)?.name ?? null),
  seen_at: isoTimeOrNull(row.seen_at),
})

/** The cursor is the audit `seq` of the last row on the page. */
function toLookAt(ctx: CommandContext, input: Parsed<'audit.to_look_at'>): Result<{ items: ToLookAt[]; next_cursor: string | null }> {
  const after = countingCursor(input.cursor, 0)
  if (!after.ok) return after
  const limit = input.limit ?? limits.list_default
  const found = ctx.store.grants.flagged({ limit: limit + 1, after: after.value, includeSeen: input.include_seen ?? false })
  const items = found.slice(0, limit)
  return ok({ items: items.map((row) => showLook(ctx, row)), next_cursor: found.length > limit ? String(items.at(-1)?.seq) : null })
}

function markSeen(ctx: CommandContext, input: Parsed<'audit.seen'>): Result<{ seen: number[] }> {
  const seen = ctx.store.grants.markSeen([...new Set(input.seqs)], ctx.at, ctx.caller.actor.name)
  if (seen.length > 0) {
    ctx.record({ action: 'audit.seen', subject: 'audit', summary: `${seen.length} rows: ${seen.slice(0, 50).join(', ')}` })
  }
  return ok({ seen: [...seen] })
}

/** A grant is for the worker's current provider and model: after a change of either, a new review is needed. */
export function endGrantsOfChanged(ctx: CommandContext, before: WorkerRecord, after: WorkerRecord): void {
  const doer = ({ config, profile }: WorkerRecord): string =>
    JSON.stringify([config.provider ?? profile.provider, config.model ?? profile.model])
  if (doer(before) === doer(after)) return
  for (const grant of ctx.store.grants.inForce(after.worker_id, ctx.at)) endGrant(ctx, grant, 'its worker has another provider or model')
}

export const grantCommands = {
  'grants.list': list,
  'grants.revoke': revoke,
  'audit.to_look_at': toLookAt,
  'audit.seen': markSeen,
}
