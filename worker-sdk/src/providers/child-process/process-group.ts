/** Responsible for ending everything that one child started: TERM, then KILL after a grace period, until no process is left. */
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChildOrigin, type ProcessEntry, familyOf, membersOf, originOf, stillRuns } from './process-table.ts'

const send = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // already gone
  }
}

const groupExists = (root: number): boolean => {
  try {
    process.kill(-root, 0)
    return true
  } catch (error) {
    // EPERM: a process of the group runs as another user, so the group still exists.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const signalAll = (root: number | undefined, members: readonly ProcessEntry[], name: NodeJS.Signals): void => {
  if (root !== undefined && groupExists(root)) send(-root, name)
  for (const member of members) if (member.group !== root) send(member.pid, name)
}

const anyRuns = async (members: readonly ProcessEntry[]): Promise<boolean> => {
  for (const member of members) if (await stillRuns(member)) return true
  return false
}

/** Polls only the known members: reading the whole process table many times a second for every child would cost more than the kill. */
const waitUntilGone = async (members: readonly ProcessEntry[], until: () => number): Promise<boolean> => {
  for (let pause = 5; ; pause = Math.min(pause * 2, 50)) {
    if (!(await anyRuns(members))) return true
    const left = until() - performance.now()
    if (left <= 0) return false
    await sleep(Math.min(pause, left))
  }
}

/** Milliseconds from TERM to KILL. It is called repeatedly, because a gentle stop can become urgent. */
export type GraceMs = () => number

/**
 * KILL is repeated while the members fork faster than they die. Processes that remain after this many rounds are uninterruptible and are reported.
 */
const killRounds = 20

/** With a shorter grace the whole process table is not searched before KILL; processes that left the family get KILL with the rest. */
const worthALookMs = 1_000

const endPosix = async (origin: ChildOrigin, graceMs: GraceMs): Promise<boolean> => {
  const began = performance.now()
  const until = (): number => began + graceMs()
  const family = familyOf(origin)
  signalAll(origin.root, family, 'SIGTERM')
  let members = family
  if (family.length === 0 || graceMs() >= worthALookMs) {
    members = await membersOf(origin)
    const told = new Set(family.map(({ pid }) => pid))
    signalAll(
      undefined,
      members.filter((member) => member.group !== origin.root && !told.has(member.pid)),
      'SIGTERM',
    )
  }
  while (members.length > 0) {
    if (!(await waitUntilGone(members, until)) || performance.now() >= until()) break
    members = await membersOf(origin)
    signalAll(origin.root, members, 'SIGTERM')
  }
  // First the known members, then those that a search of the whole table finds, until it finds none.
  for (let round = 0; members.length > 0 && round < killRounds; round += 1) {
    members = round === 0 ? [...members, ...familyOf(origin)] : await membersOf(origin)
    signalAll(origin.root, members, 'SIGKILL')
    const patience = performance.now() + 250
    await waitUntilGone(members, () => patience)
  }
  return members.length === 0
}

const taskkill = (root: number, ...flags: string[]): Promise<void> =>
  new Promise((resolve) => {
    execFile('taskkill', ['/PID', String(root), '/T', ...flags], { windowsHide: true }, () => resolve())
  })

const endWindows = async (root: number, gone: () => boolean, graceMs: GraceMs): Promise<boolean> => {
  await taskkill(root)
  for (const began = performance.now(); !gone() && performance.now() < began + graceMs();) await sleep(50)
  if (!gone()) await taskkill(root, '/F')
  for (let round = 0; !gone() && round < killRounds; round += 1) await sleep(50)
  return gone()
}

/**
 * Ends the child, its group, its descendants and every process with its mark. Resolves when none of them runs any more; false when a process could
 * not be killed. `rootGone` tells whether the child itself has been reaped.
 */
export const endProcessGroup = (
  origin: ChildOrigin & { readonly root: number },
  graceMs: GraceMs,
  rootGone: () => boolean,
): Promise<boolean> => (process.platform === 'win32' ? endWindows(origin.root, rootGone, graceMs) : endPosix(origin, graceMs))

/** Ends every process with the mark, for a program that was started by other code. Linux only: elsewhere the mark cannot be read. */
export const endMarked = (mark: string, graceMs: number): Promise<boolean> =>
  process.platform === 'linux' ? endPosix(originOf(undefined, mark), () => graceMs) : Promise.resolve(true)
