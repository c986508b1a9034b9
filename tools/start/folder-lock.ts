/** Responsible for one server per state folder. The lock is the operating system's, so that a killed server holds nothing. */
import { DatabaseSync } from 'node:sqlite'
import { StartFailure } from './start-failure.ts'

export interface FolderLock {
  readonly release: () => void
}

/** An exclusive SQLite transaction that is never committed: taken atomically, and freed by the system when its process dies, however it dies. */
export function lockFolder(folder: string, file: string): FolderLock {
  const database = new DatabaseSync(file)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    // 5 is SQLITE_BUSY: somebody else is in that transaction.
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) {
      throw new StartFailure(
        `The state folder ${folder} is in use by another server: stop that one, or choose another folder with --state DIR.`,
      )
    }
    throw error
  }
  return { release: () => database.close() }
}
