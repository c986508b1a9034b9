/** Responsible for reading a thread wherever its turns are by now: in the tenant object, or in D1 once it has let them go. */
import { type Turn, limits } from '@modelreins/contract'
import { countingCursor } from '../../domain/cursor.ts'
import { ok } from '../../domain/result.ts'
import { turnOf } from '../../domain/thread/turn.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { keptOf } from '../jobs/routes.ts'
import { perform, tenantOf } from '../tenant-call.ts'

interface Page {
  readonly turns: readonly Turn[]
  readonly next_cursor: string | null
}

/** Above this job id the page says nothing: there may be more. */
const ceiling = ({ next_cursor }: Page): number => (next_cursor === null ? Number.POSITIVE_INFINITY : Number(next_cursor))

/** One page of both, oldest first, each turn once; the object's word counts. Nothing above what either has read so far is shown. */
export function mergeTurns(kept: Page, archived: Page, limit: number): { readonly turns: Turn[]; readonly next_cursor: string | null } {
  const known = new Set(kept.turns.map((turn) => turn.job_id))
  const all = [...kept.turns, ...archived.turns.filter((turn) => !known.has(turn.job_id))].toSorted(
    (left, right) => left.job_id - right.job_id,
  )
  const highest = Math.min(ceiling(kept), ceiling(archived))
  const turns = all.filter((turn) => turn.job_id <= highest).slice(0, limit)
  const more = turns.length < all.length || kept.next_cursor !== null || archived.next_cursor !== null
  // A page of which nothing may be shown still leads on.
  return { turns, next_cursor: more ? String(turns.at(-1)?.job_id ?? highest) : null }
}

/** Without D1 the turns are those that the object has, and the answer says so. */
export async function getThread(exchange: Exchange<'threads.get'>): Promise<Reply> {
  const { input } = exchange
  const kept = await perform(exchange, 'threads.get', input)
  if (!kept.ok) return kept
  const after = countingCursor(input.cursor, 0)
  if (!after.ok) return after
  const limit = input.limit ?? limits.list_default
  const { jobs } = exchange.ports.registry(exchange.env)
  const archived = await jobs.turns(tenantOf(exchange) ?? '', input.thread_id, after.value, limit)
  if (!archived.ok) return ok({ ...kept.value, archive: 'unavailable' as const })
  const hidden = await keptOf(exchange, new Set(kept.value.turns.map((turn) => turn.job_id)), archived.value.items)
  if (!hidden.ok) return hidden
  // What the object keeps comes from there, on this page or a later one; what is erased does not come at all.
  const turns = archived.value.items.filter(({ id }) => !hidden.value.has(id)).map(turnOf)
  return ok({ ...kept.value, archive: 'read' as const, ...mergeTurns(kept.value, { ...archived.value, turns }, limit) })
}
