/**
 * Responsible for the process of the control plane: a child of `npm start` in its own process group, so that Ctrl-C reaches `npm start` first and the
 * worker can still report to the server while it stops.
 */
import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { callable } from './address.ts'
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from './control-plane.ts'
import { damagedFiles, proveRegistryIsThere } from './damaged-files.ts'
import { waitForFolder, type FolderLock } from './folder-lock.ts'
import { formerBucketName, newBucketName, renameBucket } from './local-bucket.ts'
import { bornAt, childrenNamed, endProcess } from './process-identity.ts'
import { StartFailure } from './start-failure.ts'
import { StateFolder, type Secrets } from './state-folder.ts'

export interface ServerRequest {
  readonly kind: 'start'
  readonly root: string
  readonly host: string
  readonly port: number
  readonly stateFolder: string
}

export type ServerReport =
  | { readonly kind: 'ready'; readonly url: string }
  /** `sentence`: for the person; `stack`: only for unexpected errors. */
  | { readonly kind: 'failed'; readonly sentence: string; readonly stack?: string }

/** Number of attempts, half a minute in all: longer than a passing connection keeps the port in use. */
const reviveTries = 15
const reviveEveryMs = 2_000
/** Milliseconds: a server that takes longer for a health check counts as unhealthy. */
const answerLimitMs = 5_000

const logLimitBytes = 5 * 1024 * 1024

/** Writes the Worker's log to a file beside the state; one older file is kept. */
function logTo(file: string): (level: string, message: string) => void {
  if (existsSync(file) && statSync(file).size > logLimitBytes) renameSync(file, `${file}.1`)
  return (level, message) => {
    try {
      appendFileSync(file, `${new Date().toISOString()} ${level} ${message}\n`, { mode: 0o600 })
    } catch {
      // A full disk, or a removed folder: the server must not end because its log cannot be written.
    }
  }
}

// Files of this process and its children (databases, lock, log) get permissions for the owner only.
process.umask(0o077)

const report = (message: ServerReport): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected && process.send !== undefined) process.send(message, () => resolve())
    else resolve()
  })

let lock: FolderLock | undefined
let plane: ControlPlane | undefined
let folder: StateFolder | undefined
let stopping: Promise<void> | undefined

const stop = (): Promise<void> => {
  stopping ??= (async () => {
    markEnding()
    await plane?.stop()
    folder?.forgetRecord()
    lock?.release()
    process.exit(0)
  })()
  return stopping
}

/** Marks the server as stopping in its record: the next start then waits longer for it. */
function markEnding(): void {
  const record = folder?.record()
  if (record === undefined) return
  try {
    folder?.saveRecord({ ...record, ending: true })
  } catch {
    // A full disk: the next start waits less long.
  }
}

const isEnding = (state: StateFolder) => (): boolean => {
  const record = state.record()
  const starter = record?.processes.find((one) => one.role === 'start')
  return record?.ending === true || (starter !== undefined && bornAt(starter.pid) !== starter.born)
}

/** Writes the address before the server answers, so that a reader who finds the server healthy never reads the previous address. */
function announce(state: StateFolder, { host, port }: ServerRequest): void {
  const { owner } = state.secrets()
  if (owner === undefined || port === 0) state.forgetConnection()
  else state.saveConnection({ url: `http://${callable(host)}:${port}`, tenant: owner.tenant, owner_key: owner.key })
}

/**
 * Permissions that the owner of this machine grants, as in wrangler.toml: hosts that webhooks may call, and origins of pages that may call the
 * server.
 */
const allowances = (): Readonly<Record<string, string>> => ({
  // Only the owner of this machine reads the access log here, and scripts may open views without a proof.
  MODELREINS_VIEW_PROOF: process.env['MODELREINS_VIEW_PROOF'] ?? '',
  ...Object.fromEntries(
    ['MODELREINS_ALLOW_HOSTS', 'MODELREINS_ALLOW_ORIGINS'].flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value] as const]
    }),
  ),
})

/**
 * Gives a folder from before secret bucket names a new name: the name is stored first, then the objects are moved, which is repeated after an
 * interruption.
 */
function withSecretBucket(state: StateFolder): Secrets {
  const secrets = state.secrets()
  const bucket = secrets.bucket === formerBucketName ? newBucketName() : secrets.bucket
  const kept = { ...secrets, bucket }
  if (bucket !== secrets.bucket) state.saveSecrets(kept)
  renameBucket(state.file('data'), formerBucketName, bucket)
  return kept
}

async function start(request: ServerRequest): Promise<string> {
  const state = StateFolder.open(request.stateFolder)
  lock = await waitForFolder(state.path, state.file('lock'), isEnding(state))
  folder = state
  // The lock is free, so a runtime in the record is left over from a killed server: it would occupy the port and write to our files.
  for (const left of state.record()?.processes ?? []) {
    if (left.role === 'workerd') await endProcess(left.pid, left.born)
  }
  const secrets = withSecretBucket(state)
  proveRegistryIsThere(state)
  announce(state, request)
  const record = (url: string): void => {
    const processes = [
      { role: 'start' as const, pid: process.ppid },
      { role: 'server' as const, pid: process.pid },
      ...childrenNamed('workerd').map((pid) => ({ role: 'workerd' as const, pid })),
    ]
    state.saveRecord({
      url,
      processes: processes.flatMap((one) => ((born) => (born === undefined ? [] : [{ ...one, born }]))(bornAt(one.pid))),
    })
  }
  const log = logTo(state.file('server.log'))
  const serve = async (port: number): Promise<ControlPlane> => {
    const started = await startControlPlane({ ...options, port })
    plane = started
    record(started.url)
    return started
  }
  const options: Omit<ControlPlaneOptions, 'port'> = {
    root: request.root,
    host: request.host,
    dataFolder: state.file('data'),
    bucket: secrets.bucket,
    secrets: { MODELREINS_SECRET: secrets.signing, MODELREINS_MASTER_TOKEN: secrets.master, ...allowances() },
    onLog: log,
    onRestart: () => {
      if (plane !== undefined) record(plane.url)
    },
    onFailure: () => void revive(serve, log),
  }
  try {
    const { url } = await serve(request.port)
    goOn = (error) => {
      log('error', `not caught: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      void lookAfter(url, () => revive(serve, log))
    }
    return url
  } catch (error) {
    state.forgetConnection()
    throw error instanceof StartFailure ? error : (damagedFiles(state) ?? error)
  }
}

async function lookAfter(url: string, heal: () => Promise<void>): Promise<void> {
  if (!(await answers(url))) await heal()
}

/** Handles an uncaught error once a server runs. */
let goOn: ((error: unknown) => void) | undefined

/** All state is in the runtime, a separate process: an error in this process is logged and does not end it. */
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    if (goOn !== undefined) return goOn(error)
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exit(70)
  })
}

const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(answerLimitMs) })).ok
  } catch {
    return false
  }
}

let reviving: Promise<void> | undefined

const revive = (serve: (port: number) => Promise<ControlPlane>, log: (level: string, message: string) => void): Promise<void> => {
  reviving ??= startAgain(serve, log).finally(() => (reviving = undefined))
  return reviving
}

/** Starts again on the same port. While the runtime was down, a passing connection may have used the port, so it is tried several times. */
async function startAgain(serve: (port: number) => Promise<ControlPlane>, log: (level: string, message: string) => void): Promise<void> {
  const url = plane?.url
  if (url === undefined) return
  await plane?.stop().catch(() => undefined)
  for (let tries = 1; tries <= reviveTries; tries += 1) {
    if (stopping !== undefined) return
    try {
      await serve(Number(new URL(url).port))
      return
    } catch (error) {
      log('error', `try ${tries} of ${reviveTries} to start the runtime again: ${error instanceof Error ? error.message : String(error)}`)
      await sleep(reviveEveryMs)
    }
  }
  // `npm start` notices the end of this process and reports it.
  if (stopping === undefined) process.exit(1)
}

process.once('message', (request: ServerRequest) => {
  void start(request).then(
    async (url) => {
      // The runtime's library ends the process at once on these signals; our handler ends the runtime first.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeAllListeners(signal).on(signal, () => void stop())
      await report({ kind: 'ready', url })
    },
    async (error: unknown) => {
      const expected = error instanceof StartFailure
      const sentence = error instanceof Error ? error.message : String(error)
      const stack = error instanceof Error ? error.stack : undefined
      await report({ kind: 'failed', sentence, ...(expected || stack === undefined ? {} : { stack }) })
      await stop()
    },
  )
  process.on('message', () => void stop())
})
// `npm start` was killed and can no longer stop this process, so it stops itself.
process.on('disconnect', () => void stop())
