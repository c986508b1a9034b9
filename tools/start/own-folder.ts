/**
 * Responsible for checking the owner of a state folder: its files give full rights on this server, so no other user may have created it or be able to
 * change it.
 */
import { chmodSync, lstatSync, readdirSync, type Stats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { StartFailure } from './start-failure.ts'

/** Undefined when the path leads through a file: the code that creates the folder reports that. */
function stat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined
    throw error
  }
}
const writableByOthers = (mode: number): boolean => (mode & 0o022) !== 0
/** True when other users may add and remove files in the folder, since it has no sticky bit as /tmp has. */
const openToEverybody = (mode: number): boolean => (mode & 0o002) !== 0 && (mode & 0o1000) === 0

const refuse = (what: string, how: string): StartFailure =>
  new StartFailure(`${what}: its author may know its keys. ${how}, or name another folder with --state DIR.`)

/** The files that contain keys or that the server trusts. */
const isKept = (name: string): boolean => /^(?:secrets\.json|connection\.json|authorization|server\.json|data|workers|lock)$/.test(name)

/** Throws `StartFailure` when another user owns the folder or a trusted file in it, or may write there. Does nothing on systems without user ids. */
export function proveOwn(path: string, user = process.getuid?.()): void {
  if (user === undefined) return
  for (let above = dirname(resolve(path)); ; above = dirname(above)) {
    const found = stat(above)
    if (found?.isDirectory() === true && openToEverybody(found.mode))
      throw refuse(`Every user may replace the contents of ${above}, including the state folder ${path}`, `chmod o-w ${above}`)
    if (above === dirname(above)) break
  }
  const folder = stat(path)
  if (folder === undefined) return
  proveEntry(path, folder, user, 'The state folder ')
  if (!folder.isDirectory()) return
  for (const name of readdirSync(path).filter(isKept)) {
    const file = join(path, name)
    const found = stat(file)
    if (found === undefined) continue
    proveEntry(file, found, user, '')
    // Files from a backup or with a looser umask get the owner's permissions only.
    if (!found.isSymbolicLink() && (found.mode & 0o077) !== 0) chmodSync(file, found.isDirectory() ? 0o700 : 0o600)
  }
}

function proveEntry(path: string, found: Stats, user: number, kind: string): void {
  if (found.uid !== user) throw refuse(`${kind}${path} belongs to another user (${found.uid}, and this is ${user})`, `Start as that user`)
  if (!found.isSymbolicLink() && writableByOthers(found.mode))
    throw refuse(
      `${kind}${path} may be written by others (mode ${(found.mode & 0o777).toString(8)})`,
      `chmod go-w ${path} once you know what is in it`,
    )
}
