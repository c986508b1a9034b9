/**
 * Responsible for a real dashboard in a real Chromium: its own server, pages that sign in as a person does, and what must never occur on any page (a
 * policy violation, a call to another server, an error). It knows no screen.
 */
import { existsSync } from 'node:fs'
import { registeredWorker, viewPlaintext, type Role } from '@modelreins/contract'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import { redeemView } from '../../worker-sdk/src/client/view.ts'
import { startServer, type TestServer } from './server.ts'

export const chromiumPath = [
  process.env.MODELREINS_CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== '' && existsSync(path))

export interface OpenedPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Forbidden events that occurred, as sentences; empty when there were none. */
  readonly faults: readonly string[]
}

export interface Dashboard {
  readonly server: TestServer
  readonly browser: Browser
  /** Uses the host `localhost`, because passkeys need a name. */
  readonly url: string
  /** A page without a sign-in. */
  readonly visit: (path: string, options?: BrowserContextOptions) => Promise<OpenedPage>
  /** A page that is signed in with this key (default: the owner's). */
  readonly open: (path: string, options?: BrowserContextOptions & { readonly key?: string }) => Promise<OpenedPage>
  /** The JSON answer of a call of the API. */
  readonly call: (method: string, path: string, body?: unknown, key?: string) => Promise<Record<string, unknown>>
  readonly memberKey: (name: string, role: Role) => Promise<string>
  readonly workerToken: (registration: Readonly<Record<string, unknown>>) => Promise<string>
  readonly close: () => Promise<void>
}

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

function watched(page: Page, origin: string): readonly string[] {
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted Type/.test(message.text())) faults.push(message.text())
  })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !/^(?:data|blob):/.test(url)) faults.push(`asked ${url}`)
  })
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return faults
}

export async function openDashboard(): Promise<Dashboard> {
  const server = await startServer()
  const browser = await launchBrowser()
  const url = server.url.replace('127.0.0.1', 'localhost')
  const call: Dashboard['call'] = async (method, path, body, key) => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key ?? server.ownerKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer: unknown = await response.json()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`)
    return Object.fromEntries(Object.entries(Object(answer)))
  }
  const visit: Dashboard['visit'] = async (path, options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    const faults = watched(page, url)
    await page.goto(url + path)
    return { page, context, faults }
  }
  return {
    server,
    browser,
    url,
    visit,
    call,
    open: async (path, { key, ...options } = {}) => {
      const opened = await visit(path, options)
      await opened.page.getByLabel('Key or one-time link').fill(key ?? server.ownerKey)
      await opened.page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await opened.page.getByRole('navigation', { name: 'Places' }).waitFor()
      return opened
    },
    memberKey: async (name, role) => {
      const { view_url } = await call('POST', '/api/v1/members', { name, role })
      return viewPlaintext.parse(await redeemView(String(view_url))).token
    },
    workerToken: async (registration) => {
      const made = registeredWorker.parse(await call('POST', '/api/v1/workers/register', registration))
      return (await redeemView(made.view_url)).token
    },
    close: async () => {
      await browser.close()
      await server.close()
    },
  }
}
