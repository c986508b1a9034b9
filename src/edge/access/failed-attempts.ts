/**
 * Responsible for counting failed authentications per address and per token, in the memory of this isolate.
 *
 * The memory of one isolate is enough: 256-bit tokens cannot be guessed, so the limit only has to keep a flood cheap, and each isolate that a
 * flood reaches limits it. The table is bounded; when it is full, the oldest window is dropped first.
 */
import { limits } from '@modelreins/contract'

interface Window {
  count: number
  readonly ends_at: number
}

const mostKeys = 10_000

export class FailedAttempts {
  readonly #windows = new Map<string, Window>()
  readonly #most: number

  constructor(most: number = mostKeys) {
    this.#most = most
  }

  /** Counts a failure; true when it reaches the limit. */
  note(key: string, now: number): boolean {
    const window = this.#windows.get(key)
    if (window !== undefined && window.ends_at > now) {
      window.count += 1
      return window.count === limits.auth_failures
    }
    this.#windows.delete(key)
    if (this.#windows.size >= this.#most) {
      const oldest = this.#windows.keys().next()
      if (oldest.done !== true) this.#windows.delete(oldest.value)
    }
    this.#windows.set(key, { count: 1, ends_at: now + limits.auth_window_ms })
    return false
  }

  /** Milliseconds until the key may try again; 0 when it may now. */
  wait(key: string, now: number): number {
    const window = this.#windows.get(key)
    return window === undefined || window.ends_at <= now || window.count < limits.auth_failures ? 0 : window.ends_at - now
  }
}

/** The header in which Cloudflare sends the client's address; the edge reads no other header of the platform. */
export const addressHeader = 'cf-connecting-ip'

/** The key under which an address is counted: an IPv4 address, or the /64 of an IPv6 address, because one client controls all of a /64. */
export function addressKey(address: string | null): string {
  if (address === null || address === '') return 'unknown'
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array.from({ length: gap }, () => '0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
