/**
 * Responsible for a real local server under test: `npm start -- --no-worker` as a process with its own state folder, which can be killed at any time
 * and started again. It knows no operation.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bornAt, endProcess } from '../../tools/start/process-identity.ts'
import type { Connection, Secrets, ServerRecord } from '../../tools/start/state-folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const startLimitMs = 110_000

export interface TestServer {
  readonly url: string
  readonly tenant: string
  readonly ownerKey: string
  /** Token that may only create tenants. */
  readonly masterToken: string
  /** Name of its local bucket. */
  readonly bucket: string
  readonly stateFolder: string
  /** Output of `npm start` since the last start. */
  readonly output: () => string
  /** Sends SIGKILL to all processes at once: `npm start`, its server process and workerd. */
  readonly kill: () => Promise<void>
  /** Sends SIGKILL to workerd alone, which holds all state; resolves when the server has started a new one. */
  readonly killRuntime: () => Promise<void>
  /** Starts again on the same state and the same port, after `kill` or `stop`. */
  readonly start: () => Promise<void>
  /** Sends SIGTERM, as a service manager does; returns the exit code. */
  readonly stop: () => Promise<number>
  /** Stops and removes the state folder. */
  readonly close: () => Promise<void>
}

export interface TestServerOptions {
  readonly stateFolder?: string
  readonly port?: number
  /** Flags instead of `--no-worker`. */
  readonly flags?: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
}

interface Running {
  readonly child: ChildProcess
  readonly exit: Promise<number>
  readonly text: () => string
}

/** The server's channel ties it to this process: when the test runner is killed, the server stops by itself. */
export function launch(flags: readonly string[], environment: NodeJS.ProcessEnv = process.env): Running {
  const child = spawn(process.execPath, ['tools/launch.cjs', 'tools/start/main.ts', ...flags], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...environment, NO_COLOR: '1', INIT_CWD: root },
  })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const exit = new Promise<number>((resolve) => {
    child.once('close', (code) => resolve(code ?? -1))
  })
  return { child, exit, text: () => text }
}

const readJson = <Content>(path: string): Content => JSON.parse(readFileSync(path, 'utf8'))

/** The last line that `npm start` prints during its start. */
const settledHint = 'Ctrl-C stops everything'

async function untilReady(running: Running, stateFolder: string, hint: string): Promise<Connection> {
  const file = join(stateFolder, 'connection.json')
  let ended: number | undefined
  void running.exit.then((code) => (ended = code))
  for (let waited = 0; waited < startLimitMs; waited += 25) {
    if (ended !== undefined) throw new Error(`npm start ended with exit code ${ended}:\n${running.text()}`)
    if (existsSync(file) && running.text().includes(hint)) {
      const connection = readJson<Connection>(file)
      const health = await fetch(`${connection.url}/health`).catch(() => undefined)
      if (health?.status === 200) return connection
    }
    await sleep(25)
  }
  running.child.kill('SIGKILL')
  throw new Error(`npm start was not ready within ${startLimitMs / 1_000} s:\n${running.text()}`)
}

export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const stateFolder = options.stateFolder ?? mkdtempSync(join(tmpdir(), 'modelreins-test-'))
  let port = options.port ?? 0
  let running: Running
  let connection: Connection
  const start = async (): Promise<void> => {
    // The file of the previous start names a server that is gone.
    rmSync(join(stateFolder, 'connection.json'), { force: true })
    running = launch([...(options.flags ?? ['--no-worker']), '--port', String(port), '--state', stateFolder], options.environment)
    connection = await untilReady(running, stateFolder, options.flags === undefined ? settledHint : '')
    port = Number(new URL(connection.url).port)
  }
  await start()
  const processes = (): ServerRecord['processes'] =>
    existsSync(join(stateFolder, 'server.json')) ? readJson<ServerRecord>(join(stateFolder, 'server.json')).processes : []
  const kill = async (): Promise<void> => {
    const order = ['server', 'workerd', 'start'] as const
    const doomed = processes().toSorted((one, other) => order.indexOf(one.role) - order.indexOf(other.role))
    // All processes are killed before the first wait: a server process that notices the end of `npm start` would shut down in order.
    for (const { pid, born } of doomed) if (bornAt(pid) === born) process.kill(pid, 'SIGKILL')
    running.child.kill('SIGKILL')
    await Promise.all(doomed.map(({ pid, born }) => endProcess(pid, born)))
    await running.exit
  }
  const killRuntime = async (): Promise<void> => {
    const doomed = processes().filter((one) => one.role === 'workerd')
    for (const { pid, born } of doomed) if (bornAt(pid) === born) process.kill(pid, 'SIGKILL')
    for (let waited = 0; waited < startLimitMs; waited += 25) {
      const restarted = processes().some((one) => one.role === 'workerd' && !doomed.some((other) => other.pid === one.pid))
      if (restarted && (await fetch(`${connection.url}/health`).catch(() => undefined))?.status === 200) return
      await sleep(25)
    }
    const log = join(stateFolder, 'server.log')
    const written = existsSync(log) ? readFileSync(log, 'utf8').slice(-4_000) : ''
    const known = `killed ${JSON.stringify(doomed)}, on record ${JSON.stringify(processes())}`
    throw new Error(`the runtime did not come back within ${startLimitMs / 1_000} s: ${known}\n${running.text()}\n${written}`)
  }
  const stop = async (): Promise<number> => {
    running.child.kill('SIGTERM')
    return running.exit
  }
  return {
    get url() {
      return connection.url
    },
    get tenant() {
      return connection.tenant
    },
    get ownerKey() {
      return connection.owner_key
    },
    get masterToken() {
      return readJson<Secrets>(join(stateFolder, 'secrets.json')).master
    },
    get bucket() {
      return readJson<Secrets>(join(stateFolder, 'secrets.json')).bucket
    },
    stateFolder,
    output: () => running.text(),
    kill,
    killRuntime,
    start,
    stop,
    close: async () => {
      if (running.child.exitCode === null && running.child.signalCode === null) await stop()
      rmSync(stateFolder, { recursive: true, force: true })
    },
  }
}
