/** Responsible for one server per state folder. The lock is the operating system's, so that a killed server holds nothing. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { StartFailure } from './start-failure.ts'

export interface FolderLock {
  readonly release: () => void
}

const tryEveryMs = 100
/** A server that has been told to stop needs a moment: whoever starts the next one at once has done nothing wrong. */
const patienceMs = 2_000
/** One that is known to be on its way out may hand back the jobs of its worker first. */
const longPatienceMs = 20_000

/** Waits for a holder that ends; `isEnding`: whether the one that holds the folder is known to. Throws `StartFailure` when it stays. */
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
 * An exclusive SQLite transaction that is never committed: taken atomically, and freed by the system when its process dies, however it dies.
 * Undefined: somebody else is in that transaction.
 */
function lockFolder(file: string): FolderLock | undefined {
  const database = new DatabaseSync(file)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    // 5 is SQLITE_BUSY.
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) return undefined
    throw error
  }
  return { release: () => database.close() }
}
