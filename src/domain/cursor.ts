/** Responsible for cursors that are numbers: parsing the number that a list answered as `next_cursor`. */
import { fail, ok, type Result } from './result.ts'

/** `start`: where a list without a cursor begins. */
export function countingCursor<Start extends number | undefined>(cursor: string | undefined, start: Start): Result<number | Start> {
  if (cursor === undefined) return ok(start)
  const value = /^\d{1,16}$/.test(cursor) ? Number(cursor) : Number.NaN
  if (Number.isSafeInteger(value)) return ok(value)
  return fail('invalid-request', 'Invalid `cursor`: pass the `next_cursor` of the previous page.', {
    issues: [{ path: 'cursor', message: 'pass next_cursor of the page before, unchanged' }],
  })
}
