/**
 * Responsible for a push service on this machine: it takes what a server sends, checks who sent it, and keeps it for the browser that it is for. It
 * stands where Chromium's own would be, which is in the internet.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { pushReceiver, type PushReceiver } from './push-receiver.ts'
import { until } from './until.ts'

export interface Received {
  readonly headers: IncomingHttpHeaders
  /** Decrypted. */
  readonly text: string
}

export interface PushService {
  /** `host:port`, for `MODELREINS_ALLOW_HOSTS`. */
  readonly host: string
  readonly received: readonly Received[]
  /** Status of the next answers; 201 when there is none. */
  readonly answers: number[]
  /** As a browser would hand it to the server, without a page. */
  readonly subscription: { readonly endpoint: string; readonly keys: { readonly p256dh: string; readonly auth: string } }
  /** Subscriptions of this context's pages are made here. */
  readonly standIn: (context: BrowserContext) => Promise<void>
  /** Resolves with everything that has arrived once it is so many. */
  readonly arrived: (count: number) => Promise<readonly Received[]>
  readonly close: () => Promise<void>
}

/** In the page: what the browser's push manager does, but for the internet. The receiver's keys are the test's. */
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

/** The real service worker of a page's origin, to which the browser hands a push as if its push service had brought it. */
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
