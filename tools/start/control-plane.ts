/** Responsible for the control plane on the embedded workerd, configured by wrangler.toml alone. */
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
  /** Path of the repository, with wrangler.toml and the sources. */
  readonly root: string
  readonly host: string
  readonly port: number
  /** Folder of the objects, D1 and R2. */
  readonly dataFolder: string
  /** False: no static pages. The local router in front of them takes a third of each call's time; Cloudflare's does not. */
  readonly pages?: boolean
  /** Minified, as it is deployed: for benches, and for the test of the deployed module. */
  readonly minify?: boolean
  /** The Worker's secrets, by binding. */
  readonly secrets: Readonly<Record<string, string>>
  /** Name of the local bucket. It is a secret: any program on this machine that knows the name can read the bucket. */
  readonly bucket: string
  readonly onLog: (level: string, message: string) => void
  /** Called after the runtime crashed and was started again. */
  readonly onRestart: () => void
  /** Called when the runtime crashed and could not be started again: the control plane no longer answers. */
  readonly onFailure?: (error: Error) => void
  /** For benches that profile: a local port for the runtime's inspector protocol; 0 means any. */
  readonly inspectorPort?: number
}

export interface ControlPlane {
  readonly url: string
  /** The runtime itself, for benches that inspect an object. */
  readonly runtime: Miniflare
  readonly stop: () => Promise<void>
}

/** Sends the messages of the runtime's library to the Worker's log; a failed restart is reported only there. */
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

/** Fails early with a clear sentence: workerd itself mentions a used address only in its log. */
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

/** The same bookkeeping as `wrangler d1 migrations apply`, so that the folder can be inspected with wrangler. */
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

/** `[vars]` of wrangler.toml. Cast, because wrangler's type declares every field of its options as unknown. */
const variablesOf = (bindings: unknown): Record<string, string> =>
  typeof bindings === 'object' && bindings !== null
    ? Object.fromEntries(Object.entries(bindings).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
    : {}

/** The only entry: a socket of the runtime that leads to the Worker behind local-door.ts, bypassing the library's router and its internal paths. */
const door = 'door'

/** An entry module that puts local-door.ts in front of the Worker's sources. */
const localEntry = (main: string): string =>
  [
    `import program from ${JSON.stringify(main)}`,
    `import { behindDoor } from ${JSON.stringify(fileURLToPath(new URL('local-door.ts', import.meta.url)))}`,
    `export * from ${JSON.stringify(main)}`,
    `export const ${door} = behindDoor(program)`,
    `export { ${door} as default }`,
  ].join('\n')

/** Bundles the sources. An error in them is reported as a sentence with its place, not as a stack. */
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
  // The texts that the sources import are already inside the module.
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
        // The library's own entry cannot be disabled: it gets any local port, which is published nowhere.
        host: '127.0.0.1',
        port: 0,
        ...(options.inspectorPort === undefined ? {} : { inspectorPort: options.inspectorPort }),
        resourcePersistencePath: options.dataFolder,
        // Without this, miniflare makes a network request to find out where this machine is.
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
