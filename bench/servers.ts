/**
 * Responsible for the two servers of a bench, on the same embedded workerd: ours, and a bare one for comparison (the floor). Each run starts them on
 * an empty folder.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { migrateRegistry, startControlPlane } from '../tools/start/control-plane.ts'
import type { ControlPlane } from '../tools/start/control-plane.ts'
import { Client, redeemView } from '../worker-sdk/src/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

export interface OurServer {
  /** Changes after `restartAfter`, as does `owner`. */
  readonly url: string
  /** The folder of the runtime's databases. */
  readonly folder: string
  /** Address of the runtime's inspector protocol, if it was requested. */
  readonly inspector: () => Promise<URL>
  readonly ownerKey: string
  readonly owner: Client
  /** Waits until the audit trail and all ended jobs are in D1; returns the number of the newest audit row there. */
  readonly copied: () => Promise<number>
  /** Registers a worker; returns its token and id. */
  readonly register: (name: string) => Promise<{ readonly id: string; readonly token: string }>
  /** Stops the server, calls `work` with the data folder, and starts the server again. Afterwards no worker counts as online. */
  readonly restartAfter: (work: (dataFolder: string) => void) => Promise<void>
  readonly stop: () => Promise<void>
}

const master = 'bench-creates-its-tenant-with-this-token'

interface Options {
  /** Port for the profiler; 0 means any. */
  readonly inspectorPort?: number
  /** Whether the dashboard is served too. */
  readonly pages?: boolean
}

const startOn = (dataFolder: string, { inspectorPort, pages = false }: Options): Promise<ControlPlane> =>
  startControlPlane({
    root,
    ...(inspectorPort === undefined ? {} : { inspectorPort }),
    host: '127.0.0.1',
    port: 0,
    dataFolder,
    pages,
    // When profiling, names must stay readable.
    minify: inspectorPort === undefined,
    bucket: 'modelreins-bench',
    secrets: { MODELREINS_SECRET: 'a:bench-signs-with-this-key-of-more-than-32-characters', MODELREINS_MASTER_TOKEN: master },
    onLog: () => undefined,
    onRestart: () => {
      throw new Error('The runtime crashed')
    },
  })

export async function startOurs(options: Options = {}): Promise<OurServer> {
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-bench-'))
  let plane = await startOn(folder, options)
  const created = await new Client({ url: plane.url, token: master }).call('tenants.create', { tenant: 'bench' })
  const { token: ownerKey } = await redeemView(created.view_url)
  let owner = new Client({ url: plane.url, token: ownerKey })
  return {
    get url() {
      return plane.url
    },
    get owner() {
      return owner
    },
    folder,
    inspector: () => plane.runtime.getInspectorURL(),
    ownerKey,
    copied: async () => {
      // The object ships all its rows before it answers this call.
      await owner.call('audit.heads', { limit: 1 })
      const { items } = await owner.call('audit.query', { order: 'desc', limit: 1 })
      return items[0]?.seq ?? 0
    },
    register: async (name) => {
      const registered = await owner.call('workers.register', { name })
      return { id: registered.worker_id, token: (await redeemView(registered.view_url)).token }
    },
    restartAfter: async (work) => {
      await plane.stop()
      work(folder)
      plane = await startOn(folder, options)
      owner = new Client({ url: plane.url, token: ownerKey })
    },
    stop: async () => {
      await plane.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Floor {
  readonly url: string
  readonly folder: string
  readonly inspector: () => Promise<URL>
  readonly stop: () => Promise<void>
}

export interface FloorOptions extends Pick<Options, 'inspectorPort'> {
  /** One commit for all calls that arrive together, instead of one per call. */
  readonly sharedCommits?: boolean
  /** Copies the audit rows and ended jobs of the socket to D1, into the same tables as ours. */
  readonly copies?: boolean
}

const floorModule = (name: string) => ({
  type: 'ESModule' as const,
  path: join(root, name),
  contents: readFileSync(new URL(`./floor/${name}`, import.meta.url), 'utf8'),
})

export async function startFloor({ inspectorPort, sharedCommits = false, copies = false }: FloorOptions = {}): Promise<Floor> {
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-floor-'))
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: 'floor',
      modules: [floorModule('worker.js'), floorModule('copy.js')],
      modulesRoot: root,
      // As for our server: bypasses the library's own router, which takes a third of each call's time.
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      compatibilityDate: '2026-09-01',
      compatibilityFlags: ['nodejs_compat', 'no_web_socket_compression'],
      ...(sharedCommits ? { bindings: { SHARE_COMMITS: 'yes' } } : {}),
      durableObjects: { FLOOR: { className: 'FloorObject', useSQLite: true } },
      ...(copies ? { d1Databases: { REGISTRY: 'floor' } } : {}),
      host: '127.0.0.1',
      port: 0,
      resourcePersistencePath: folder,
      cf: false,
      log: new Log(LogLevel.NONE),
      ...(inspectorPort === undefined ? {} : { inspectorPort }),
    }),
  )
  await miniflare.ready
  if (copies) await migrateRegistry(miniflare, join(root, 'migrations/registry'))
  const address = await miniflare.unsafeGetDirectURL()
  return {
    url: `http://127.0.0.1:${address.port}`,
    folder,
    inspector: () => miniflare.getInspectorURL(),
    stop: async () => {
      await miniflare.dispose()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The server may close a connection that was idle for longer just when the next call begins. */
const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 1_500 })

/** One JSON call on a kept-alive connection. Cheaper than fetch, so that the client affects the figures less. */
export function post<Reply>(url: string, token: string, body: unknown): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body)
    const call = request(
      url,
      {
        agent,
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      },
      (response) => {
        let received = ''
        response.setEncoding('utf8').on('data', (piece: string) => (received += piece))
        response.on('end', () =>
          (response.statusCode ?? 500) < 300
            ? resolve(JSON.parse(received))
            : reject(new Error(`${url}: ${response.statusCode} ${received.slice(0, 300)}`)),
        )
      },
    )
    call.on('error', reject).end(text)
  })
}
