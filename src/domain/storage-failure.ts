/** Responsible for telling storage that is full from a bug: writes wait until there is room, and what was written before is safe. Pure. */
import { fail } from './result.ts'

/** As SQLite and the operating system say it, through however many layers. */
const full = /SQLITE_FULL|database or disk is full|ENOSPC|no space left on device/i

export const isStorageFull = (error: unknown): boolean => error instanceof Error && full.test(error.message)

/** Nothing of the request has been kept. */
export const storageFull = () =>
  fail('unavailable', 'The storage of this server is full: nothing was written. Reads still work; writes work again once space is freed.', {
    retry_after_ms: 10_000,
  })
