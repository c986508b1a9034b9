/**
 * Responsible for the description of a browser that the edge sends to the tenant object: origin, address, device and place, which are only
 * displayed, never trusted.
 */
import type { Visit } from '../../../durable-objects/tenant/call.ts'
import { addressHeader, addressKey } from '../access/failed-attempts.ts'
import type { Context } from '../exchange.ts'

/** The order matters: a browser's User-Agent also names the browsers on which it is based, so specific names come first. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOP(?:R|iOS|T|X)\/|\bOpera\b/, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bYaBrowser\//, 'Yandex Browser'],
  [/\b(?:DuckDuckGo|Ddg)\//, 'DuckDuckGo'],
  [/\bBrave\//, 'Brave'],
  [/\bUCBrowser\//, 'UC Browser'],
  [/\bSilk\//, 'Silk'],
  [/\bElectron\//, 'Electron'],
  [/\bHeadlessChrome\//, 'Headless Chrome'],
  [/\bChromium\//, 'Chromium'],
  [/\bFirefox\/|\bFxiOS\/|\bFocus\//, 'Firefox'],
  [/\bCriOS\//, 'Chrome'],
]
/** The product names in the User-Agent of Chrome and Safari. Any further name means a browser that is not listed. */
const ownWords = new Set(['Mozilla', 'AppleWebKit', 'Chrome', 'Safari', 'Mobile', 'Version'])

function browserOf(text: string): string | undefined {
  const listed = found(browsers, text)
  if (listed !== undefined) return listed
  const engine = /\bChrome\//.test(text) ? 'Chrome' : /\bSafari\//.test(text) ? 'Safari' : undefined
  if (engine === undefined) return undefined
  const others = [...text.replaceAll(/\([^)]*\)/g, '').matchAll(/\b([A-Za-z][\w.-]*)\//g)].some(([, name = '']) => !ownWords.has(name))
  return others ? `A browser like ${engine}` : engine
}

const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b|\biPod\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]
const found = (table: typeof browsers, text: string): string | undefined => table.find(([pattern]) => pattern.test(text))?.[1]

/** A short name of the device, such as "Chrome on macOS", from a User-Agent header. */
export function deviceOf(userAgent: string | null): string {
  const text = (userAgent ?? '').slice(0, 512)
  const browser = browserOf(text)
  const system = found(systems, text)
  if (browser === undefined) return system === undefined ? 'Unknown browser' : `Unknown browser on ${system}`
  return system === undefined ? browser : `${browser} on ${system}`
}

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length > 0 && value.length <= 100 && !/\p{C}/u.test(value) ? value : undefined

/** City and country as Cloudflare determines them, else the address. */
function placeOf(request: Request, address: string): string | null {
  const cf: unknown = Reflect.get(request, 'cf')
  const of = (name: string): string | undefined => (typeof cf === 'object' && cf !== null ? word(Reflect.get(cf, name)) : undefined)
  const parts = [of('city'), of('country')].filter((part) => part !== undefined)
  return parts.length > 0 ? parts.join(', ') : address === 'unknown' ? null : address
}

export function visitOf({ request, origin }: Pick<Context, 'request' | 'origin'>): Visit {
  const address = addressKey(request.headers.get(addressHeader))
  return {
    origin,
    rp_id: new URL(origin).hostname,
    address,
    device: deviceOf(request.headers.get('user-agent')),
    place: placeOf(request, address),
  }
}
