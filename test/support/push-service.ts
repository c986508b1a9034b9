/**
 * Responsible for a push service on this machine, in place of Chromium's own on the internet: it receives a server's messages, verifies their sender,
 * and stores them for the browser that they are for.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { pushReceiver, type PushReceiver } from './push-receiver.ts'
import { until } from './until.ts'

export interface Received {
  readonly headers: IncomingHttpHeaders
  /** The decrypted text. */
  readonly text: string
}

export interface PushService {
  /** `host:port`, for `MODELREINS_ALLOW_HOSTS`. */
  readonly host: string
  readonly received: readonly Received[]
  /** Statuses of the next answers; 201 when the list is empty. */
  readonly answers: number[]
  /** A subscription as a browser would hand it to the server, without a page. */
  readonly subscription: { readonly endpoint: string; readonly keys: { readonly p256dh: string; readonly auth: string } }
  /** Makes the pages of this context create their subscriptions here. */
  readonly standIn: (context: BrowserContext) => Promise<void>
  /** Resolves with all messages once this many have arrived. */
  readonly arrived: (count: number) => Promise<readonly Received[]>
  readonly close: () => Promise<void>
}

/** Code for the page that replaces the browser's push manager. The receiver's keys belong to the test. */
const inPage = (endpoint: string, keys: PushReceiver['keys']): string => `{
  const kept = 'test.subscription'
  const show = (key) => ({
    endpoint: ${JSON.stringify(endpoint)},
    options: { userVisibleOnly: true, applicationServerKey: Uint8Array.from(JSON.parse(key)).buffer },
    toJSON: () => ({ endpoint: ${JSON.stringify(endpoint)}, expirationTime: null, keys: ${JSON.stringify(keys)} }),
    unsubscribe: async () => (localStorage.removeItem(kept), true),
  })
  PushManager.prototype.getSubscription = async () => {
    const key = localStorage.getItem(kept)
    return key === null ? null : show(key)
  }
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (userVisibleOnly !== true || Notification.permission !== 'granted') throw new DOMException('not allowed', 'NotAllowedError')
    localStorage.setItem(kept, JSON.stringify([...applicationServerKey]))
    return show(localStorage.getItem(kept))
  }
}`

export async function startPushService(): Promise<PushService> {
  const receiver = await pushReceiver()
  const received: Received[] = []
  const answers: number[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      void receiver.open(Buffer.concat(pieces)).then(
        (text) => {
          received.push({ headers: request.headers, text })
          response.writeHead(answers.shift() ?? 201).end()
        },
        () => response.writeHead(400).end(),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const endpoint = `http://${host}/send/abc`
  return {
    host,
    subscription: { endpoint, keys: { ...receiver.keys } },
    received,
    answers,
    standIn: (context) => context.addInitScript({ content: inPage(endpoint, receiver.keys) }).then(() => undefined),
    arrived: (count) =>
      until(
        () => (received.length >= count ? received : undefined),
        45_000,
        () => `${received.length} arrived: ${received.map(({ text }) => text).join(' ')}`,
      ),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Delivers a push to the real service worker of a page's origin, as the browser does after a message of its push service. */
export async function deliverPush(page: Page, origin: string, text: string): Promise<void> {
  const session: CDPSession = await page.context().newCDPSession(page)
  const ids: string[] = []
  session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    for (const one of registrations) if (!one.isDeleted && one.scopeURL.startsWith(origin)) ids.push(one.registrationId)
  })
  await session.send('ServiceWorker.enable')
  const registrationId = await until(() => ids.at(-1), 10_000)
  await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data: text })
  await session.detach()
}
