/** Responsible for cursors that count: the number that a list said in `next_cursor`, read back. */
import { fail, ok, type Result } from './result.ts'

/** `start`: where a list begins that was given no cursor. */
export function countingCursor<Start extends number | undefined>(cursor: string | undefined, start: Start): Result<number | Start> {
  if (cursor === undefined) return ok(start)
  const value = /^\d{1,16}$/.test(cursor) ? Number(cursor) : Number.NaN
  if (Number.isSafeInteger(value)) return ok(value)
  return fail('invalid-request', 'Invalid `cursor`: pass the `next_cursor` of the previous page.', {
    issues: [{ path: 'cursor', message: 'pass next_cursor of the page before, unchanged' }],
  })
}
