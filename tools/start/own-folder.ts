/**
 * Responsible for whose a state folder is: what lies in it decides who may do everything here, so that nobody else may have made it, or may change
 * it.
 */
import { chmodSync, lstatSync, readdirSync, type Stats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { StartFailure } from './start-failure.ts'

/** Nothing where the path leads through a file: whoever makes the folder says so in words. */
function stat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined
    throw error
  }
}
const writableByOthers = (mode: number): boolean => (mode & 0o022) !== 0
/** Others may put files there and take files away, other people's among them: no sticky bit as /tmp has it. */
const openToEverybody = (mode: number): boolean => (mode & 0o002) !== 0 && (mode & 0o1000) === 0

const refuse = (what: string, how: string): StartFailure =>
  new StartFailure(`${what}: its author may know its keys. ${how}, or name another folder with --state DIR.`)

/** The files that hold keys, or what is believed. */
const isKept = (name: string): boolean => /^(?:secrets\.json|connection\.json|authorization|server\.json|data|workers|lock)$/.test(name)

/** Throws `StartFailure` when somebody else owns the folder or what is kept in it, or may write there. Does nothing where owners have no number. */
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
    // Kept from a backup, perhaps, or by a looser umask: what is the owner's alone stays so from here on.
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
