import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isAddress, isLoopbackHost, isPublicAddress } from '@modelreins/contract'

describe('isPublicAddress', () => {
  it.each(['1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700::1111', '::ffff:1.1.1.1', '[2a00:1450::1]'])(
    'knows %s as public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true)
    },
  )
  it.each([
    '127.0.0.1',
    '127.255.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:1::',
    '2001:db8::1',
    '[::1]',
    'localhost',
    'example.com',
    '',
  ])('does not know "%s" as public', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })
})

describe('isAddress', () => {
  const oneOff = fc
    .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(40), fc.constantFrom('', ':', '.', '0', '1', 'f', 'g', '::', '999'))
    .map(([address, at, piece]) => address.slice(0, at) + piece + address.slice(at + 1))

  it("agrees with Node's parser on addresses and on what is almost one", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), oneOff, fc.domain()), (text) => {
        expect([text, isAddress(text)]).toEqual([text, isIP(text) !== 0])
      }),
      { numRuns: 2_000 },
    )
  })

  it('knows an address in brackets, as URLs spell it', () => {
    expect(isAddress('[2606:4700::1111]')).toBe(true)
    expect(isAddress('[example.com]')).toBe(false)
  })
})

describe('an IPv4 address wrapped in IPv6', () => {
  it('is judged as the IPv4 address, however it is spelled', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
        const hex = `::ffff:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
        expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublicAddress(address))
        expect(isPublicAddress(hex)).toBe(isPublicAddress(address))
      }),
    )
  })
})

it.each([
  ['localhost', true],
  ['api.localhost', true],
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['[::1]', true],
  ['::1', true],
  ['localhost.example.com', false],
  ['127.0.0.1.example.com', false],
  ['10.0.0.1', false],
  ['[::2]', false],
])('%s is this machine: %s', (host, local) => {
  expect(isLoopbackHost(host)).toBe(local)
})
