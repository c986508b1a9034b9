/**
 * Responsible for where the service may send requests on a tenant's word: public hosts over https, and what the operator allows by name.
 * It sees a parsed URL only: the URL parser has turned decimal, octal and hexadecimal spellings of an address into the usual one.
 * A name that resolves to a private address is not seen here; Cloudflare's network reaches none.
 */

/** The parts of a URL that decide, as a WHATWG URL spells them. */
export interface Destination {
  /** With its colon: `https:`. */
  readonly protocol: string
  /** Lower case; IPv6 in brackets. */
  readonly hostname: string
  /** Empty for the protocol's own. */
  readonly port: string
  readonly username: string
  readonly password: string
}

/** `host` or `host:port`, separated by commas, as an operator writes them. */
export const parseAllowedHosts = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== '')

/** [first, prefix bits]: not the public internet (IANA special-purpose registries), or somebody's machine beside ours. */
const reserved4: readonly (readonly [string, number])[] = [
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
  ['224.0.0.0', 3],
]

const number4 = (text: string): number | undefined => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  const bytes = match.slice(1).map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : undefined
}

const within = (address: number, [first, bits]: readonly [string, number]): boolean => {
  const size = 2 ** (32 - bits)
  return Math.floor(address / size) === Math.floor((number4(first) ?? 0) / size)
}

const isReserved4 = (address: number): boolean => reserved4.some((range) => within(address, range))

/** Eight groups of an IPv6 address without its brackets; undefined when it is not one. */
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

/** Only global unicast (2000::/3) is public, and of it not what stands for tunnels, documentation, or an IPv4 address in disguise. */
function isReserved6(groups: readonly number[]): boolean {
  const [first = 0, second = 0] = groups
  if (first < 0x2000 || first > 0x3fff) return true
  if (first === 0x2001 && (second < 0x200 || second === 0xdb8)) return true
  return first === 0x2002 || first === 0x3fff || (first === 0x2620 && second === 0x4f)
}

const privateName = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|private|test|invalid|onion|home\.arpa)$/

/** Why nothing may be sent there, in words; undefined when it may. */
export function refusalOf(to: Destination, allowedHosts: readonly string[]): string | undefined {
  const host = to.hostname.replace(/\.$/, '')
  if (to.username !== '' || to.password !== '') return 'the address must not contain credentials'
  if (to.protocol !== 'https:' && to.protocol !== 'http:') return 'only https is allowed'
  if (allowedHosts.includes(host) || allowedHosts.includes(`${host}:${to.port}`)) return undefined
  if (to.protocol !== 'https:') return 'only https is allowed'
  if (host.startsWith('[')) {
    const groups = groups6(host.slice(1, -1))
    return groups === undefined || isReserved6(groups) ? `${host} is not a public address` : undefined
  }
  const address = number4(host)
  if (address !== undefined) return isReserved4(address) ? `${host} is not a public address` : undefined
  if (!host.includes('.') || privateName.test(host)) return `${host} is not a public name`
  return undefined
}
