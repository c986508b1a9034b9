/** Responsible for allowing one server per state folder. The lock belongs to the operating system, so it is released when the server is killed. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { StartFailure } from './start-failure.ts'

export interface FolderLock {
  readonly release: () => void
}

const tryEveryMs = 100
/** Milliseconds to wait for a server that is probably stopping, so that a restart right after a stop succeeds. */
const patienceMs = 2_000
/** Milliseconds to wait for a server that is known to be stopping: it may first return the jobs of its worker. */
const longPatienceMs = 20_000

/**
 * Takes the lock, waiting for a holder that ends. `isEnding`: whether the holder is known to be stopping. Throws `StartFailure` when the holder
 * stays.
 */
export async function waitForFolder(folder: string, file: string, isEnding: () => boolean): Promise<FolderLock> {
  for (let waited = 0; ; waited += tryEveryMs) {
    const lock = lockFolder(file)
    if (lock !== undefined) return lock
    if (waited >= (isEnding() ? longPatienceMs : patienceMs)) {
      throw new StartFailure(
        `The state folder ${folder} is in use by another server: stop that one, or choose another folder with --state DIR.`,
      )
    }
    await sleep(tryEveryMs)
  }
}

/**
 * The lock is an exclusive SQLite transaction that is never committed: it is taken atomically, and the system releases it when the process dies in
 * any way. Undefined: another process holds it.
 */
function lockFolder(file: string): FolderLock | undefined {
  const database = new DatabaseSync(file)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    // Error 5 is SQLITE_BUSY.
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) return undefined
    throw error
  }
  return { release: () => database.close() }
}
