/** Responsible for reading the turns of a thread: from the tenant object, and from D1 after the object has dropped them. */
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

/** The job id up to which a page is complete; above it, the source may have more. */
const ceiling = ({ next_cursor }: Page): number => (next_cursor === null ? Number.POSITIVE_INFINITY : Number(next_cursor))

/**
 * Merges both pages, oldest first, each turn once; the object's version takes precedence. Turns above the id up to which both pages are
 * complete are left out.
 */
export function mergeTurns(kept: Page, archived: Page, limit: number): { readonly turns: Turn[]; readonly next_cursor: string | null } {
  const known = new Set(kept.turns.map((turn) => turn.job_id))
  const all = [...kept.turns, ...archived.turns.filter((turn) => !known.has(turn.job_id))].toSorted(
    (left, right) => left.job_id - right.job_id,
  )
  const highest = Math.min(ceiling(kept), ceiling(archived))
  const turns = all.filter((turn) => turn.job_id <= highest).slice(0, limit)
  const more = turns.length < all.length || kept.next_cursor !== null || archived.next_cursor !== null
  // An empty page still has a cursor when more may follow.
  return { turns, next_cursor: more ? String(turns.at(-1)?.job_id ?? highest) : null }
}

/** While D1 is down, the answer has only the turns of the object, and says so. */
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
  // Leave out turns that the object holds (it returns them on this page or a later one), and erased turns.
  const turns = archived.value.items.filter(({ id }) => !hidden.value.has(id)).map(turnOf)
  return ok({ ...kept.value, archive: 'read' as const, ...mergeTurns(kept.value, { ...archived.value, turns }, limit) })
}
