/**
 * Responsible for notifications while no page is open: a service worker that shows what a push says, and leads a click to its page. It answers no
 * requests, keeps nothing and decides nothing.
 */
import type { DeviceNotice } from '@modelreins/contract'

/** What this file runs in; the library's own word for `self` is that of any worker. */
declare const self: ServiceWorkerGlobalScope

/** Of what cannot be read: a browser takes a push amiss that shows nothing. */
const unreadable: DeviceNotice = {
  tag: 'reviews',
  title: 'Something waits for you',
  body: 'Open ModelReins to see what it is.',
  path: '/',
  quiet: false,
}

const tags: readonly DeviceNotice['tag'][] = ['reviews', 'work', 'test']

function read(data: PushMessageData | null): DeviceNotice {
  try {
    const given: unknown = data?.json()
    const field = (name: string): unknown => (typeof given === 'object' && given !== null ? Reflect.get(given, name) : undefined)
    const text = (name: string): string => String(field(name) ?? '').slice(0, 300)
    const tag = tags.find((one) => one === field('tag'))
    if (tag === undefined || text('title') === '') return unreadable
    return { tag, title: text('title'), body: text('body'), path: text('path'), quiet: field('quiet') === true }
  } catch {
    return unreadable
  }
}

self.addEventListener('push', (event) => {
  const { tag, title, body, path, quiet } = read(event.data)
  // A quiet one takes the place of another without a sound. `renotify` is not in the library's types yet.
  const options = { tag, body, data: path, silent: quiet, renotify: !quiet }
  event.waitUntil(self.registration.showNotification(title, options))
})

/** Pages of ours that are not the dashboard. */
const elsewhere = /^\/(?:docs|view|api|s|assets|dashboard)(?:\/|$)|^\/openapi\.json$/

async function lead(path: string): Promise<void> {
  const there = new URL(/^\/(?!\/)/.test(path) ? path : '/', self.location.origin)
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const open = windows.filter(({ url }) => !elsewhere.test(new URL(url).pathname))
  const page = open.find(({ url }) => new URL(url).pathname === there.pathname) ?? open.find(({ focused }) => focused) ?? open[0]
  if (page === undefined) {
    await self.clients.openWindow(there.href)
    return
  }
  await page.focus()
  page.postMessage({ open: there.pathname + there.search }, [])
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(lead(String(event.notification.data)))
})
