/**
 * Responsible for the receiving end of push messages, implemented from the RFCs with WebCrypto and independent of our own code: a browser's
 * subscription, decryption (RFC 8291, 8188), and verification of the sender as a push service does it (RFC 8292).
 */

const bytes = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
const base64url = (data: ArrayBuffer | Uint8Array): string =>
  btoa(String.fromCharCode(...new Uint8Array(data)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
const utf8 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text))

/** The key type of both runtimes. */
type Key = Parameters<typeof crypto.subtle.deriveBits>[1]

const p256 = { name: 'ECDH', namedCurve: 'P-256' } as const

export interface PushReceiver {
  /** As in `PushSubscription.toJSON()`. */
  readonly keys: { readonly p256dh: string; readonly auth: string }
  /** The decrypted text without its padding; throws when the message is not for this receiver or was changed. */
  readonly open: (body: Uint8Array) => Promise<string>
}

async function hkdf(salt: Uint8Array<ArrayBuffer>, input: Uint8Array<ArrayBuffer>, info: Uint8Array<ArrayBuffer>, length: number) {
  const key = await crypto.subtle.importKey('raw', input, 'HKDF', false, ['deriveBits'])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, key, length * 8))
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => Uint8Array.from(parts.flatMap((part) => [...part]))

export async function pushReceiver(): Promise<PushReceiver> {
  // The runtimes' types differ; for this algorithm the result is always a key pair.
  const pair = (await crypto.subtle.generateKey(p256, true, ['deriveBits'])) as { readonly privateKey: Key; readonly publicKey: Key }
  const publicKey = new Uint8Array((await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer)
  const auth = crypto.getRandomValues(new Uint8Array(16))
  const open = async (body: Uint8Array): Promise<string> => {
    const salt = Uint8Array.from(body.subarray(0, 16))
    const recordSize = new DataView(body.buffer, body.byteOffset).getUint32(16)
    const idLength = body[20] ?? 0
    const senderKey = Uint8Array.from(body.subarray(21, 21 + idLength))
    const sealed = Uint8Array.from(body.subarray(21 + idLength))
    if (sealed.length > recordSize) throw new Error(`more than one record: ${sealed.length} bytes of ${recordSize}`)
    const sender = await crypto.subtle.importKey('raw', senderKey, p256, false, [])
    const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: sender } as never, pair.privateKey, 256))
    const input = await hkdf(auth, shared, joined(utf8('WebPush: info\0'), publicKey, senderKey), 32)
    const key = await crypto.subtle.importKey('raw', await hkdf(salt, input, utf8('Content-Encoding: aes128gcm\0'), 16), 'AES-GCM', false, [
      'decrypt',
    ])
    const iv = await hkdf(salt, input, utf8('Content-Encoding: nonce\0'), 12)
    const plain = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed))
    const end = plain.findLastIndex((byte) => byte !== 0)
    if (plain[end] !== 2) throw new Error('the record does not end as a last record does')
    return new TextDecoder().decode(plain.subarray(0, end))
  }
  return { keys: { p256dh: base64url(publicKey), auth: base64url(auth) }, open }
}

export interface VapidClaims {
  readonly aud: string
  readonly exp: number
  readonly sub: string
}

/** The claims in the header `Authorization` of a push, after its signature was verified. `key`: the tenant's key, which must have signed it. */
export async function vapidClaims(authorization: string, key: string): Promise<VapidClaims> {
  const match = /^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), ?k=([\w-]+)$/.exec(authorization)
  const [, header = '', claims = '', signature = '', by = ''] = match ?? []
  if (match === null || by !== key) throw new Error(`not signed by ${key}: ${authorization}`)
  const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' }
  const signer = await crypto.subtle.importKey('raw', bytes(by), ecdsa, false, ['verify'])
  const signed = utf8(`${header}.${claims}`)
  if (!(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, signer, bytes(signature), signed)))
    throw new Error('the signature does not fit')
  const text = (part: string): unknown => JSON.parse(new TextDecoder().decode(bytes(part)))
  const { typ, alg } = text(header) as { readonly typ: string; readonly alg: string }
  if (typ !== 'JWT' || alg !== 'ES256') throw new Error(`not a JWT by ES256: ${typ}, ${alg}`)
  return text(claims) as VapidClaims
}
