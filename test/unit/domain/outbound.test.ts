import { describe, expect, it } from 'vitest'
import { parseAllowedHosts, refusalOf, refusalSentence } from '../../../src/domain/outbound.ts'

const judge = (url: string, allowed = ''): string => refusalOf(new URL(url), parseAllowedHosts(allowed)) ?? 'allowed'

describe('an outbound address', () => {
  it('may be a public host over https', () => {
    for (const url of [
      'https://hooks.example.com/x',
      'https://example.com:8443/',
      'https://8.8.8.8/',
      'https://[2606:4700::1111]/',
      'https://192.0.3.1/',
    ]) {
      expect([url, judge(url)]).toEqual([url, 'allowed'])
    }
  })

  it('may not be anything else, however it is spelled', () => {
    const refused = [
      'http://example.com/',
      'ftp://example.com/',
      'file:///etc/passwd',
      'https://user:secret@example.com/',
      'https://localhost/',
      'https://localhost./',
      'https://LOCALHOST/',
      'https://api.localhost/',
      'https://metadata.google.internal/',
      'https://printer.local/',
      'https://intranet/',
      'https://localhost../',
      'https://a.internal../',
      'https://a..internal/',
      'https://kubernetes.default.svc/',
      'https://127.0.0.1.nip.io/',
      'https://127-0-0-1.sslip.io/',
      'https://localtest.me/',
      'https://127.0.0.1/',
      'https://127.1/',
      'https://2130706433/',
      'https://0x7f000001/',
      'https://0x7f.0.0.1/',
      'https://0177.0.0.1/',
      'https://127.0.0.1./',
      'https://%31%32%37.0.0.1/',
      'https://１２７.0.0.1/',
      'https://0.0.0.0/',
      'https://10.1.2.3/',
      'https://100.64.0.1/',
      'https://169.254.169.254/',
      'https://2852039166/',
      'https://172.16.0.1/',
      'https://172.31.255.255/',
      'https://192.168.0.1/',
      'https://192.0.0.1/',
      'https://198.18.0.1/',
      'https://224.0.0.1/',
      'https://255.255.255.255/',
      'https://[::1]/',
      'https://[::]/',
      'https://[::ffff:127.0.0.1]/',
      'https://[::ffff:7f00:1]/',
      'https://[::7f00:1]/',
      'https://[0:0:0:0:0:ffff:a9fe:a9fe]/',
      'https://[64:ff9b::7f00:1]/',
      'https://[2002:7f00:1::]/',
      'https://[2001::1]/',
      'https://[2001:db8::1]/',
      'https://[fc00::1]/',
      'https://[fd12:3456::1]/',
      'https://[fe80::1]/',
      'https://[ff02::1]/',
    ]
    expect(refused.filter((url) => judge(url) === 'allowed')).toEqual([])
  })

  it('may not be a number in a spelling that the URL parser would have undone', () => {
    const hostnames = ['127.0.0.01', '8.8.8.08', '0177.0.0.1', '2130706433', '1.2.3', '0x7f000001', 'a.b.1', '256.256.256.256']
    const refused = (hostname: string) => refusalOf({ protocol: 'https:', hostname, port: '', username: '', password: '' }, [])
    expect(hostnames.filter((hostname) => refused(hostname) === undefined)).toEqual([])
  })

  it('is allowed by name, and only by that name and port', () => {
    expect(judge('http://127.0.0.1:9000/x', '127.0.0.1:9000')).toBe('allowed')
    expect(judge('http://127.0.0.1:9001/x', '127.0.0.1:9000')).not.toBe('allowed')
    expect(judge('http://vault.lan/x', ' Vault.LAN , other')).toBe('allowed')
    expect(judge('https://sub.vault.lan/x', 'vault.lan')).not.toBe('allowed')
    expect(judge('http://a:b@vault.lan/x', 'vault.lan')).not.toBe('allowed')
    expect(judge('ftp://vault.lan/x', 'vault.lan')).not.toBe('allowed')
  })

  it('that is refused is named by what it has: its host, or its scheme', () => {
    const says = (url: string) => refusalSentence('Webhooks', new URL(url), [])
    for (const scheme of ['javascript:', 'data:', 'mailto:', 'about:', 'blob:'])
      expect(says(`${scheme}x`)).toBe(`Webhooks go to addresses that begin with https://; ${scheme} is not allowed.`)
    expect(says('file:///etc/passwd')).toBe('Webhooks go to addresses that begin with https://; file: is not allowed.')
    expect(says('ftp://example.com/')).toBe('Webhooks cannot go to example.com: only https is allowed.')
    expect(says('https://localhost/')).toBe('Webhooks cannot go to localhost: localhost is not a public name.')
    expect(says('https://example.com/')).toBeUndefined()
  })
})
