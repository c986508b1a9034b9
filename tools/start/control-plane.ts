/** Responsible for the control plane on embedded workerd, configured by wrangler.toml alone. */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { unstable_getMiniflareWorkerOptions, unstable_splitSqlQuery } from 'wrangler'
import { buildAssets } from '../build-assets.ts'
import { callable } from './address.ts'
import { workerBundle } from '../bundle/worker-bundle.ts'
import { withClosedHelperPort } from './closed-helper-port.ts'
import { StartFailure } from './start-failure.ts'

export interface ControlPlaneOptions {
  /** The repository: where wrangler.toml and the sources are. */
  readonly root: string
  readonly host: string
  readonly port: number
  /** Objects, D1 and R2 live here. */
  readonly dataFolder: string
  /** False leaves the pages out: the local router in front of them costs each call a third of its time, which Cloudflare's does not. */
  readonly pages?: boolean
  /** The module as it is deployed, with short names: for benches, and the test of the deployed module. */
  readonly minify?: boolean
  /** The Worker's secrets, by binding. */
  readonly secrets: Readonly<Record<string, string>>
  /** What the local bucket is called: whoever knows it can read it, on a port of this machine. */
  readonly bucket: string
  readonly onLog: (level: string, message: string) => void
  /** The runtime was started again after a crash. */
  readonly onRestart: () => void
  /** The runtime crashed and could not be started again: nothing answers any more. */
  readonly onFailure?: (error: Error) => void
  /** For benches that profile: a port of this machine on which the runtime answers the inspector's protocol. 0: any. */
  readonly inspectorPort?: number
}

export interface ControlPlane {
  readonly url: string
  /** The runtime itself, for benches that look into an object. */
  readonly runtime: Miniflare
  readonly stop: () => Promise<void>
}

/** What the runtime's library says of itself goes where the Worker's own lines go; a failed restart it says only here. */
class RuntimeLog extends Log {
  readonly #options: ControlPlaneOptions

  constructor(options: ControlPlaneOptions) {
    super(LogLevel.NONE)
    this.#options = options
  }

  override warn(message: string): void {
    this.#options.onLog('warn', message)
  }

  override error(error: Error): void {
    this.#options.onLog('error', error.stack ?? error.message)
    if ('code' in error && error.code === 'ERR_RUNTIME_FAILURE') this.#options.onFailure?.(error)
  }
}

/** A sentence while there is still somebody to read it: workerd itself only says so in passing. */
async function proveAddressFree(host: string, port: number): Promise<void> {
  const probe = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject)
      probe.listen({ host, port, exclusive: true }, resolve)
    })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') {
      throw new StartFailure(`Port ${port} on ${host} is in use by another program: stop it, or choose another port with --port N.`)
    }
    if (code === 'EACCES')
      throw new StartFailure(`Port ${port} on ${host} needs privileges that you do not have: choose a port above 1023 with --port N.`)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new StartFailure(`${host} is no address of this machine: choose another with --host ADDRESS.`)
    throw error
  } finally {
    await new Promise<void>((resolve) => {
      probe.close(() => resolve())
    })
  }
}

/** The same bookkeeping as `wrangler d1 migrations apply`, so that a folder can be looked into with wrangler. */
export async function migrateRegistry(miniflare: Miniflare, folder: string): Promise<void> {
  const registry = await miniflare.getD1Database('REGISTRY')
  await registry.exec(
    'CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
  )
  const applied = await registry.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
  const known = new Set(applied.results.map((row) => row.name))
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.sql') && !known.has(name))
    .toSorted()
  for (const name of files) {
    const statements = unstable_splitSqlQuery(readFileSync(join(folder, name), 'utf8'))
    await registry.batch([
      ...statements.map((statement) => registry.prepare(statement)),
      registry.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ])
  }
}

/** `[vars]` of wrangler.toml. wrangler's type for its own options calls every field unknown. */
const variablesOf = (bindings: unknown): Record<string, string> =>
  typeof bindings === 'object' && bindings !== null
    ? Object.fromEntries(Object.entries(bindings).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
    : {}

/** The one way in: a socket of the runtime that leads to the Worker behind our door, past the router and the inner paths of the library. */
const door = 'door'

/** The Worker's sources and the door in front of them, as one module. */
const localEntry = (main: string): string =>
  [
    `import program from ${JSON.stringify(main)}`,
    `import { behindDoor } from ${JSON.stringify(fileURLToPath(new URL('local-door.ts', import.meta.url)))}`,
    `export * from ${JSON.stringify(main)}`,
    `export const ${door} = behindDoor(program)`,
    `export { ${door} as default }`,
  ].join('\n')

/** Errors in the sources are a sentence with the place, not a stack. */
async function localModule({ root, minify = false }: ControlPlaneOptions, define: Readonly<Record<string, string>>): Promise<string> {
  const entry = localEntry(join(root, 'src/index.ts'))
  try {
    return (await workerBundle({ root, entry, minify, define })).code
  } catch (error) {
    if (error instanceof Error && 'errors' in error && Array.isArray(error.errors)) {
      throw new StartFailure(`The Worker cannot be built.\n${error.message}`)
    }
    throw error
  }
}

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  await proveAddressFree(options.host, options.port)
  buildAssets()
  const { workerOptions, define } = unstable_getMiniflareWorkerOptions(join(options.root, 'wrangler.toml'))
  // The texts that the sources import are in the module.
  const { modulesRules: _, ...bindings } = workerOptions
  if (options.pages === false) Reflect.deleteProperty(bindings, 'assets')
  const module = await localModule(options, define)
  return withClosedHelperPort(async () => {
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        ...bindings,
        name: 'modelreins',
        bindings: { ...variablesOf(bindings.bindings), ...options.secrets },
        r2Buckets: { ARCHIVE: options.bucket },
        modulesRoot: options.root,
        modules: [{ type: 'ESModule', path: join(options.root, 'worker.js'), contents: module }],
        unsafeDirectSockets: [{ host: options.host, port: options.port, entrypoint: door }],
        // The library's own entry cannot be left out: any port of this machine, which nobody is told.
        host: '127.0.0.1',
        port: 0,
        ...(options.inspectorPort === undefined ? {} : { inspectorPort: options.inspectorPort }),
        resourcePersistencePath: options.dataFolder,
        // Without it, miniflare asks the network where this machine is.
        cf: false,
        log: new RuntimeLog(options),
        logRequests: false,
        handleStructuredLogs: ({ level, message }) => options.onLog(level, message),
        handleUncaughtError: (error) => options.onLog('error', error.stack ?? error.message),
        unsafeHandleRuntimeRestart: () => options.onRestart(),
      }),
    )
    try {
      const address = await miniflare.unsafeGetDirectURL(undefined, door)
      await migrateRegistry(miniflare, join(options.root, 'migrations/registry'))
      return { url: `http://${callable(options.host)}:${address.port}`, runtime: miniflare, stop: () => miniflare.dispose() }
    } catch (error) {
      await miniflare.dispose().catch(() => undefined)
      throw error
    }
  })
}
