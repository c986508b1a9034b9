/**
 * Responsible for failures of D1 calls and for cutting lists into pages. By its documentation, D1 errors every few hours are "not unexpected": they
 * are returned as `unavailable`, never thrown.
 */
import { DrizzleQueryError } from 'drizzle-orm'
import type { DrizzleD1Database } from 'drizzle-orm/d1'
import { limits } from '@modelreins/contract'
import { fail, ok, type Result } from '../domain/result.ts'

export type RegistryDb = DrizzleD1Database & { readonly $client: D1Database }

export interface Page<Item> {
  readonly items: Item[]
  readonly next_cursor: string | null
}

/** SQLite's codes for a wrong statement, which is a bug and not a temporary failure. */
const isBug = (message: string): boolean => /SQLITE_(?:ERROR|MISMATCH|CONSTRAINT|RANGE|TOOBIG)/.test(message)

/** The error inside drizzle's error. Drizzle's own message contains every bound parameter, and prompts must not reach a log. */
const beneath = (error: unknown): unknown => (error instanceof DrizzleQueryError ? error.cause : error)

/** Runs one call to D1. Temporary failures become `unavailable`; bugs are still thrown. */
export async function callD1<Value>(call: () => Promise<Value>): Promise<Result<Value>> {
  try {
    return ok(await call())
  } catch (thrown) {
    const error = beneath(thrown)
    if (!(error instanceof Error) || isBug(error.message)) throw error
    return fail('unavailable', 'The registry (D1) is temporarily unavailable.', { retry_after_ms: 2_000 })
  }
}

export const pageLimit = (limit: number | undefined): number => Math.min(limit ?? limits.list_default, limits.list_max)

/** Cuts `limit + 1` items to a page; `cursorOf` gives the cursor of the last item on it. */
export function pageOf<Item>(items: readonly Item[], limit: number, cursorOf: (item: Item) => string): Page<Item> {
  const shown = items.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown, next_cursor: items.length > limit && last !== undefined ? cursorOf(last) : null }
}
