/** Responsible for the part of Node's `Buffer` that the SDK's verifier uses, in a browser. */

const decoder = new TextDecoder()
const encoder = new TextEncoder()

type Encoding = 'utf8' | 'hex' | 'base64url'

export class BrowserBuffer extends Uint8Array {
  static override from(given: unknown, second?: unknown, length?: unknown): BrowserBuffer {
    if (typeof given === 'string')
      return copy(second === 'base64url' ? base64url(given) : second === 'hex' ? hex(given) : encoder.encode(given))
    if (given instanceof ArrayBuffer) return new BrowserBuffer(given, Number(second ?? 0), Number(length ?? given.byteLength))
    throw new TypeError('This is neither text nor bytes.')
  }

  static alloc(size: number): BrowserBuffer {
    return new BrowserBuffer(size)
  }

  static concat(parts: readonly Uint8Array[]): BrowserBuffer {
    const whole = new BrowserBuffer(parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  override toString(encoding: Encoding = 'utf8', from = 0, to = this.length): string {
    const part = this.subarray(from, to)
    if (encoding === 'utf8') return decoder.decode(part)
    if (encoding === 'hex') return Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join('')
    return btoa(String.fromCharCode(...part))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')
  }
}

const copy = (bytes: Uint8Array): BrowserBuffer => {
  const buffer = new BrowserBuffer(bytes.length)
  buffer.set(bytes)
  return buffer
}

/** As Node reads it: what is no letter of the alphabet ends the text. */
function base64url(text: string): Uint8Array {
  const letters = /^[A-Za-z0-9_+/-]*/.exec(text)?.[0] ?? ''
  const whole = letters.length % 4 === 1 ? letters.slice(0, -1) : letters
  return Uint8Array.from(atob(whole.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
}

const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16))
