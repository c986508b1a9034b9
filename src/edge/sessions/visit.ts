/**
 * Responsible for the description of a browser that the edge passes to the tenant object: origin, address, device and place, all of them shown
 * and never trusted.
 */
import type { Visit } from '../../../durable-objects/tenant/call.ts'
import { addressKey } from '../access/failed-attempts.ts'
import type { Context } from '../exchange.ts'

const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]
const found = (table: typeof browsers, text: string): string | undefined => table.find(([pattern]) => pattern.test(text))?.[1]

/** "Chrome on macOS", from a User-Agent header. */
export function deviceOf(userAgent: string | null): string {
  const text = (userAgent ?? '').slice(0, 512)
  const browser = found(browsers, text)
  const system = found(systems, text)
  if (browser === undefined) return system === undefined ? 'Unknown browser' : `Unknown browser on ${system}`
  return system === undefined ? browser : `${browser} on ${system}`
}

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length > 0 && value.length <= 100 && !/\p{C}/u.test(value) ? value : undefined

/** City and country as the network names them, else the address. */
function placeOf(request: Request, address: string): string | null {
  const cf: unknown = Reflect.get(request, 'cf')
  const of = (name: string): string | undefined => (typeof cf === 'object' && cf !== null ? word(Reflect.get(cf, name)) : undefined)
  const parts = [of('city'), of('country')].filter((part) => part !== undefined)
  return parts.length > 0 ? parts.join(', ') : address === 'unknown' ? null : address
}

export function visitOf({ request, origin }: Pick<Context, 'request' | 'origin'>): Visit {
  const address = addressKey(request.headers.get('cf-connecting-ip'))
  return {
    origin,
    rp_id: new URL(origin).hostname,
    address,
    device: deviceOf(request.headers.get('user-agent')),
    place: placeOf(request, address),
  }
}
