/** Responsible for telling addresses of the public internet from all others (loopback, private, link-local, reserved). It resolves no names. Source: IANA special-purpose registries (RFC 6890 and successors). */
import { BlockList, isIP } from 'node:net'

const special = new BlockList()
const v4: readonly (readonly [address: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]
/** Only 2000::/3 is handed out; within it, what wraps an IPv4 address (6to4, Teredo) and what is set aside for documentation is refused too. */
const v6: readonly (readonly [address: string, bits: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]
for (const [address, bits] of v4) special.addSubnet(address, bits, 'ipv4')
for (const [address, bits] of v6) special.addSubnet(address, bits, 'ipv6')
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')
const mapped = new BlockList()
mapped.addSubnet('::ffff:0:0', 96, 'ipv6')

/** An IPv4 address in IPv6 clothes (`::ffff:127.0.0.1` or `::ffff:7f00:1`), undressed. */
const undress = (address: string): string => {
  if (!mapped.check(address, 'ipv6')) return address
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1]
  if (dotted !== undefined) return dotted
  const [high, low] = address
    .split(':')
    .slice(-2)
    .map((part) => Number.parseInt(part, 16))
  if (high === undefined || low === undefined) return address
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** True for an IP address that any host of the internet may be reached by; false for everything else, also for what is no address. */
export const isPublicAddress = (address: string): boolean => {
  const plain = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  const family = isIP(plain)
  if (family === 4) return !special.check(plain, 'ipv4')
  if (family !== 6) return false
  const inner = undress(plain)
  if (isIP(inner) === 4) return !special.check(inner, 'ipv4')
  return global6.check(inner, 'ipv6') && !special.check(inner, 'ipv6')
}
