/**
 * Responsible for the browser on the worker's machine: finds Playwright and Chromium, starts the browser behind the egress proxy, and ends all of its
 * processes. Playwright is not a dependency: it is loaded only when a browser is needed.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '@modelreins/contract'
import type { Browser, BrowserType } from 'playwright-core'
import { readVariable, scrubEnvironment } from '../child-process/environment.ts'
import { endMarked } from '../child-process/process-group.ts'
import { textAt } from '../json.ts'
import { markVariable } from '../child-process/process-table.ts'
import { findProgram } from '../child-process/program.ts'
import type { ProviderSettings } from '../provider.ts'

export interface BrowserFound {
  readonly chromium: BrowserType
  readonly executable: string
  /** Library version and executable, for people. */
  readonly detail: string
}

export type BrowserSearch = { readonly found: true; readonly value: BrowserFound } | { readonly found: false; readonly reason: string }

/** Folders in which `playwright` may be installed: the job's, the process's, the program's own, and npm's global one. */
const libraryFolders = (settings: ProviderSettings): readonly string[] => {
  const script = process.argv[1]
  const program = script === undefined || !existsSync(script) ? [] : [dirname(realpathSync(script))]
  const prefix = dirname(dirname(process.execPath))
  const global = process.platform === 'win32' ? join(readVariable(settings.env, 'APPDATA') ?? '', 'npm') : join(prefix, 'lib')
  return [...(settings.workDir === undefined ? [] : [settings.workDir]), process.cwd(), ...program, global]
}

interface Library {
  readonly chromium: BrowserType
  readonly version: string
}

const isLibrary = (value: unknown): value is { readonly chromium: BrowserType } =>
  typeof value === 'object' && value !== null && 'chromium' in value && typeof value.chromium === 'object' && value.chromium !== null

/**
 * The lowest Node version that a library's `engines` require. Playwright ends the process on an older version, so this is checked before it is
 * loaded.
 */
const nodeFor = (about: unknown): number => Number(/>=\s*(\d+)/.exec(textAt(about, 'engines', 'node') ?? '')?.[1] ?? 0)

const missing = 'Playwright is not installed on this machine: npm install playwright && npx playwright install chromium'

const loadLibrary = (settings: ProviderSettings): Library | string => {
  const [node] = process.versions.node.split('.')
  let reason = missing
  for (const folder of libraryFolders(settings)) {
    const load = createRequire(join(folder, 'modelreins.cjs'))
    for (const name of ['playwright', 'playwright-core']) {
      try {
        const about: unknown = load(`${name}/package.json`)
        const version = `${name} ${textAt(about, 'version') ?? ''}`
        if (Number(node) < nodeFor(about)) {
          reason = `${version} needs Node ${nodeFor(about)}, this is Node ${process.versions.node}: update Node, or install an older playwright`
          continue
        }
        const library: unknown = load(name)
        if (isLibrary(library)) return { chromium: library.chromium, version }
      } catch {
        // not installed there
      }
    }
  }
  return reason
}

const usualPrograms = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const

const findExecutable = (library: Library, settings: ProviderSettings): string | undefined => {
  for (const variable of ['PLAYWRIGHT_CHROMIUM', 'MODELREINS_CHROMIUM']) {
    const named = readVariable(settings.env, variable)
    if (named !== undefined) return existsSync(named) ? named : undefined
  }
  const bundled = library.chromium.executablePath()
  if (bundled !== '' && existsSync(bundled)) return bundled
  for (const program of usualPrograms) {
    const found = findProgram(program, { PATH: '/usr/bin:/usr/local/bin', ...settings.env })
    if (found !== undefined) return found
  }
  return existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined
}

export const findBrowser = (settings: ProviderSettings): BrowserSearch => {
  const library = loadLibrary(settings)
  if (typeof library === 'string') return { found: false, reason: library }
  const executable = findExecutable(library, settings)
  if (executable === undefined) {
    return { found: false, reason: 'Chromium is not found: npx playwright install chromium, or name one with PLAYWRIGHT_CHROMIUM' }
  }
  return { found: true, value: { chromium: library.chromium, executable, detail: `${library.version} with ${executable}` } }
}

/** Turns off traffic that would bypass the proxy: QUIC, and WebRTC sockets that discover addresses themselves. */
const proxyOnly = [
  '--disable-quic',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
]

export interface RunningBrowser {
  readonly browser: Browser
  /** True when the browser's own sandbox is not available on this machine. */
  readonly withoutSandbox: boolean
  /** Closes the browser and ends its remaining processes. */
  /** `graceMs`: how long the browser may take to close by itself. */
  close(graceMs?: number): Promise<void>
}

const launchMs = 60_000

/** Chromium refuses to use its sandbox as root, and cannot use it in a container without user namespaces. */
const cannotSandbox = (error: unknown): boolean => error instanceof Error && /sandbox/i.test(error.message)

export const launchBrowser = async (found: BrowserFound, proxyUrl: string, settings: ProviderSettings): Promise<RunningBrowser> => {
  const mark = randomUUID()
  const launch = (chromiumSandbox: boolean): Promise<Browser> =>
    found.chromium.launch({
      executablePath: found.executable,
      headless: true,
      chromiumSandbox,
      args: proxyOnly,
      // Loopback must use the proxy too. By default the browser connects to it directly.
      proxy: { server: proxyUrl, bypass: '<-loopback>' },
      env: { ...scrubEnvironment(settings.env), [markVariable]: mark },
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      timeout: launchMs,
    })
  const asRoot = process.getuid?.() === 0
  let withoutSandbox = asRoot
  let browser: Browser
  try {
    browser = await launch(!asRoot)
  } catch (error) {
    if (asRoot || !cannotSandbox(error)) throw error
    withoutSandbox = true
    browser = await launch(false)
  }
  const end = async (graceMs: number): Promise<void> => {
    const stop = new AbortController()
    const grace = sleep(graceMs, undefined, { signal: stop.signal }).catch(() => undefined)
    await Promise.race([browser.close().catch(() => undefined), grace])
    stop.abort()
    await endMarked(mark, 0)
  }
  let ending: Promise<void> | undefined
  // All callers share one promise, because a second `close` of Playwright returns before the first has cleaned up.
  return { browser, withoutSandbox, close: (graceMs = limits.kill_grace_ms) => (ending ??= end(graceMs)) }
}
