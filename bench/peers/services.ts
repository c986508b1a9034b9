/** Responsible for Redis and PostgreSQL on this machine, each started in its own empty folder with the durability that a user would choose. */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, chmodSync, chownSync, constants, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export interface Service {
  readonly version: string
  readonly port: number
  readonly stop: () => Promise<void>
}

/** Why a peer is not measured, as a sentence that says how to change that. */
export class PeerMissing extends Error {
  override name = 'PeerMissing'
}

const startLimitMs = 20_000

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function programIn(folders: readonly string[], name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isProgram)
}

const pathFolders = (): readonly string[] => (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')

/** Debian and Homebrew install PostgreSQL's programs outside the PATH, in a folder per version. */
function postgresFolders(): readonly string[] {
  const versions = ['/usr/lib/postgresql', '/usr/local/opt', '/opt/homebrew/opt'].flatMap((parent) =>
    existsSync(parent)
      ? readdirSync(parent)
          .filter((name) => /^(postgresql@)?\d+$/.test(name))
          .toSorted((left, right) => Number(right.replace(/\D/g, '')) - Number(left.replace(/\D/g, '')))
          .map((name) => join(parent, name, 'bin'))
      : [],
  )
  return [...pathFolders(), ...versions]
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

async function untilUp(child: ChildProcess, port: number, what: string, said: () => string): Promise<void> {
  for (let waited = 0; waited < startLimitMs; waited += 50) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${what} ended at once:\n${said()}`)
    if (await answers(port)) return
    await pause(50)
  }
  throw new Error(`${what} does not listen after ${startLimitMs / 1000} s:\n${said()}`)
}

function run(program: string, words: readonly string[], as: { readonly uid?: number; readonly gid?: number } = {}) {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', ...as })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => (text = (text + piece).slice(-4_000)))
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve()).once('error', () => resolve())
  })
  return { child, ended, said: () => text }
}

async function stopAndRemove(child: ChildProcess, ended: Promise<void>, signal: NodeJS.Signals, folder: string): Promise<void> {
  child.kill(signal)
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await ended
  clearTimeout(late)
  rmSync(folder, { recursive: true, force: true })
}

const firstNumber = (text: string): string => /\d+(\.\d+)+/.exec(text)?.[0] ?? 'unknown'
const versionOf = (program: string): string => firstNumber(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout)

/**
 * When Redis flushes its append-only file: every second, as its documentation advises for data that should survive a crash, or before each answer.
 */
export type RedisFlush = 'everysec' | 'always'

export async function startRedis(appendfsync: RedisFlush): Promise<Service> {
  const program = programIn(pathFolders(), 'redis-server') ?? programIn(pathFolders(), 'valkey-server')
  if (program === undefined)
    throw new PeerMissing(
      'BullMQ is left out: there is no redis-server here. Install it (apt-get install redis-server, or brew install redis) and run again.',
    )
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-redis-'))
  const port = await freePort()
  const settings = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', appendfsync, daemonize: 'no' }
  const { child, ended, said } = run(program, [
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    '--save',
    '',
  ])
  await untilUp(child, port, 'redis-server', said)
  return { version: versionOf(program), port, stop: () => stopAndRemove(child, ended, 'SIGTERM', folder) }
}

/** PostgreSQL refuses to run as root: it then runs as `postgres`, or as `nobody`. */
function otherUser(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (user === undefined)
    throw new PeerMissing(
      'PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody: run the bench as another user.',
    )
  return { uid: Number(user[2]), gid: Number(user[3]) }
}

/** With initdb's defaults: every commit is on disk before it is answered (fsync and synchronous_commit are on). */
export async function startPostgres(): Promise<Service> {
  const folders = postgresFolders()
  const [server, init] = [programIn(folders, 'postgres'), programIn(folders, 'initdb')]
  if (server === undefined || init === undefined)
    throw new PeerMissing(
      'pg-boss and graphile-worker are left out: there is no PostgreSQL here. Install it (apt-get install postgresql, or brew install postgresql) and run again.',
    )
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-postgres-'))
  const user = otherUser()
  if (user.uid !== undefined && user.gid !== undefined) {
    chownSync(folder, user.uid, user.gid)
    chmodSync(folder, 0o700)
  }
  const data = join(folder, 'data')
  const made = spawnSync(init, ['-D', data, '-U', 'bench', '--auth=trust', '--encoding=UTF8', '--locale=C'], {
    encoding: 'utf8',
    cwd: '/',
    ...user,
  })
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true })
    throw new Error(`initdb failed:\n${made.stdout}${made.stderr}`)
  }
  const port = await freePort()
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 150 }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const { child, ended, said } = run(server, ['-D', data, ...flags], user)
  await untilUp(child, port, 'postgres', said)
  // SIGINT disconnects the clients and shuts down cleanly.
  return { version: versionOf(server), port, stop: () => stopAndRemove(child, ended, 'SIGINT', folder) }
}
