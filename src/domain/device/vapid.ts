/**
 * Responsible for identifying a tenant to push services (VAPID, RFC 8292): the key that is derived from a signing key of the Worker, and the text of
 * the token. It signs nothing itself.
 */
import type { TokenKey } from '../access/token.ts'

/** RFC 8292, section 2, allows at most a day. Half of it leaves room for clocks that differ. */
const goodForMs = 12 * 60 * 60_000

/** The private key for P-256. With its highest bit cleared it is always below the order of the curve, as required. */
export const vapidSeed = (key: TokenKey, tenant: string): Uint8Array =>
  key.hmac(`vapid/${tenant}`).map((byte, index) => (index === 0 ? byte & 0x7f : byte))

/** RFC 5915 in RFC 5208: the constant part of a P-256 PrivateKeyInfo; the key follows it. */
const pkcs8Prefix = [
  0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
  0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20,
] as const
export const pkcs8OfP256 = (seed: Uint8Array): Uint8Array => Uint8Array.from([...pkcs8Prefix, ...seed])

/** The contact that RFC 8292 requires: the deployment itself. A server on this machine has no public address. */
const contactOf = (origin: string): string => (origin.startsWith('https:') ? origin : 'mailto:operator@localhost')

/** The text to sign (ES256): `encode` converts text to base64url. `origin`: the origin of this server's pages; `at`: milliseconds since 1970. */
export function vapidText(
  about: { readonly endpoint: string; readonly origin: string },
  at: number,
  encode: (text: string) => string,
): string {
  const aud = /^[a-z]+:\/\/[^/]+/.exec(about.endpoint)?.[0] ?? ''
  const claims = { aud, exp: Math.floor((at + goodForMs) / 1000), sub: contactOf(about.origin) }
  return `${encode('{"typ":"JWT","alg":"ES256"}')}.${encode(JSON.stringify(claims))}`
}
