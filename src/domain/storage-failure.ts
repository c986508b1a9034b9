/** Responsible for recognising full storage, which is not a bug: writes fail until there is room, and data that was written before is safe. Pure. */
import { fail } from './result.ts'

/** The messages of SQLite and of the operating system, which may be wrapped by several layers. */
const full = /SQLITE_FULL|database or disk is full|ENOSPC|no space left on device/i

export const isStorageFull = (error: unknown): boolean => error instanceof Error && full.test(error.message)

/** Nothing of the request was stored. */
export const storageFull = () =>
  fail('unavailable', 'The storage of this server is full: nothing was written. Reads still work; writes work again once space is freed.', {
    retry_after_ms: 10_000,
  })
