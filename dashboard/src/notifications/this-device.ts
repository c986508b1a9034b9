/**
 * Responsible for the push subscription of this browser: whether one is possible, creating it, attaching it to the session, ending it. It draws
 * nothing, and its code is loaded only when needed.
 */
import type { Device } from '@modelreins/contract'
import { client, ModelReinsError } from '../api/client.ts'
import { refresh } from '../api/queries.ts'
import { read, write } from '../parts/settings-store.ts'

/** Whether this browser can be notified: `ready`, or the reason why not. */
export type Support = 'ready' | 'insecure' | 'install-first' | 'unsupported'

/** iPhones and iPads allow push only for pages on the home screen; iPads identify themselves as Macs. */
const isApplePhoneOrTablet = (): boolean =>
  /\b(?:iPhone|iPad|iPod)\b/.test(navigator.userAgent) || (/\bMacintosh\b/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)

export function supportHere(): Support {
  if (!isSecureContext) return 'insecure'
  if ('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window) return 'ready'
  return isApplePhoneOrTablet() && !matchMedia('(display-mode: standalone)').matches ? 'install-first' : 'unsupported'
}

/** Storage key of the member who turned notifications on in this browser. */
const wantedBy = 'notified-member'

const script = `${import.meta.env.BASE_URL}notifier.js`

const registered = (): Promise<ServiceWorkerRegistration | undefined> =>
  navigator.serviceWorker.getRegistration(new URL(script, location.href).href)

/**
 * Resolves when the service worker is active and can take a subscription. `serviceWorker.ready` cannot be used: it waits for a worker that controls
 * this page, and this one controls none.
 */
async function activated(registration: ServiceWorkerRegistration): Promise<ServiceWorkerRegistration> {
  const worker = registration.active ?? registration.waiting ?? registration.installing
  if (worker === null || worker.state === 'activated') return registration
  if (worker.state === 'redundant') throw new Error('The browser did not start the part of the dashboard that shows notifications.')
  await new Promise((resolve) => worker.addEventListener('statechange', resolve, { once: true }))
  return activated(registration)
}

const bytes = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))

const sameBytes = (one: ArrayBuffer | null | undefined, other: Uint8Array): boolean =>
  one != null && one.byteLength === other.length && new Uint8Array(one).every((byte, index) => byte === other[index])

export const subscriptionHere = async (): Promise<PushSubscription | undefined> =>
  (await (await registered())?.pushManager.getSubscription()) ?? undefined

/** A subscription with the tenant's key. The existing one is reused when its key is the same: a browser has only one at a time. */
async function subscribeHere(): Promise<PushSubscription> {
  const { pushManager } = await activated(await navigator.serviceWorker.register(script))
  const { public_key } = await client.call('devices.key', {})
  const applicationServerKey = bytes(public_key)
  const known = await pushManager.getSubscription()
  if (known !== null && sameBytes(known.options.applicationServerKey, applicationServerKey)) return known
  await known?.unsubscribe()
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey })
}

async function tellServer(subscription: PushSubscription, memberId: string): Promise<Device> {
  const { endpoint = '', keys } = subscription.toJSON()
  const device = await client.call('devices.subscribe', { endpoint, keys: { p256dh: keys?.['p256dh'] ?? '', auth: keys?.['auth'] ?? '' } })
  write(wantedBy, memberId)
  return device
}

/** Asks for permission, then subscribes. Returns undefined when the person refused or closed the question. */
export async function turnOn(memberId: string): Promise<Device | undefined> {
  if ((await Notification.requestPermission()) !== 'granted') return undefined
  return tellServer(await subscribeHere(), memberId)
}

export async function endHere(): Promise<void> {
  write(wantedBy, undefined)
  await (await subscriptionHere())?.unsubscribe()
}

const isGone = (error: unknown): boolean => error instanceof ModelReinsError && error.code === 'not-found'

/**
 * Called after a sign-in: attaches the device to the new session. A subscription that the server does not know as this member's is ended here: it was
 * removed elsewhere, or belongs to an earlier user of this browser. If the browser dropped its subscription by itself, a new one is made.
 */
export async function keepWithSession(memberId: string): Promise<void> {
  const subscription = await subscriptionHere()
  if (subscription === undefined) {
    if (read(wantedBy) === memberId && Notification.permission === 'granted') await tellServer(await subscribeHere(), memberId)
    return
  }
  try {
    await client.call('devices.renew', { endpoint: subscription.endpoint })
  } catch (error) {
    if (!isGone(error)) throw error
    await endHere()
  }
  await refresh('devices')
}
