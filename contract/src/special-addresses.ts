/**
 * Responsible for telling addresses of the public internet from all others: loopback, private, link-local, documentation, tunnels, reserved.
 * It resolves no names. Source: the IANA special-purpose address registries (RFC 6890 and its successors).
 */

/** [first address, prefix bits]. */
const special4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Multicast, reserved, broadcast.
  ['224.0.0.0', 3],
]

/** Accepts dotted decimal only. The URL parser converts other forms (a single number, or octal after a leading zero) before. */
function number4(text: string): number | undefined {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text)
  if (match === null) return undefined
  const bytes = match.slice(1).map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : undefined
}

const within = (address: number, [first, bits]: readonly [string, number]): boolean => {
  const size = 2 ** (32 - bits)
  return Math.floor(address / size) === Math.floor((number4(first) ?? 0) / size)
}

const isSpecial4 = (address: number): boolean => special4.some((range) => within(address, range))

/** The eight groups of an IPv6 address; undefined when the text is not one. */
function groups6(text: string): readonly number[] | undefined {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const last = tail === null ? undefined : number4(tail[2] ?? '')
  if (tail !== null && last === undefined) return undefined
  const whole = last === undefined ? text : `${tail?.[1] ?? ''}${Math.floor(last / 65536).toString(16)}:${(last % 65536).toString(16)}`
  const halves = whole.split('::')
  if (halves.length > 2) return undefined
  const parts = halves.map((half) => (half === '' ? [] : half.split(':')))
  const given = parts.flat()
  if (!given.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined
  const missing = 8 - given.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const [front = [], back = []] = parts
  return [...front, ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => '0'), ...back].map((part) =>
    Number.parseInt(part, 16),
  )
}

/** The IPv4 address inside `::ffff:a.b.c.d`, which a resolver answers when only IPv6 is asked for. */
function mapped4(groups: readonly number[]): number | undefined {
  const [high = 0, low = 0] = groups.slice(6)
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff ? high * 65536 + low : undefined
}

/**
 * Only global unicast (2000::/3) is assigned. Of that range, the addresses that contain an IPv4 address (Teredo, 6to4) and the reserved ones are
 * special.
 */
function isSpecial6(groups: readonly number[]): boolean {
  const [first = 0, second = 0] = groups
  if (first < 0x2000 || first > 0x3fff) return true
  if (first === 0x2001 && (second < 0x200 || second === 0xdb8)) return true
  return first === 0x2002 || first === 0x3fff || (first === 0x2620 && second === 0x4f)
}

/** Whether the text is an IP address as a host or a resolver writes it, with or without brackets and zone; false for a name. */
export const isAddress = (text: string): boolean => number4(text) !== undefined || groups6(plain(text)) !== undefined

const plain = (address: string): string => address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')

/** Whether a host, as a URL writes it, is this machine, by name or by address. */
export const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || /^127\.\d+\.\d+\.\d+$/.test(host) || plain(host) === '::1'

/** True for an IP address that is reachable on the public internet; false for all other addresses, and for text that is not an address. */
export function isPublicAddress(address: string): boolean {
  const four = number4(address)
  if (four !== undefined) return !isSpecial4(four)
  const groups = groups6(plain(address))
  if (groups === undefined) return false
  const inner = mapped4(groups)
  return inner === undefined ? !isSpecial6(groups) : !isSpecial4(inner)
}
