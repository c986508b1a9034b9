/** Says which addresses a browser job can reach through the proxy that is its only way out. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { type EgressProxy, type Resolve, startEgressProxy } from '../../../../../worker-sdk/src/providers/browser/egress-proxy.ts'
import { type WireServer, startWireServer } from '../../../../support/wire/wire-server.ts'

let proxy: EgressProxy | undefined
let site: WireServer | undefined
afterEach(async () => {
  await proxy?.close()
  await site?.close()
})

const start = async (allowHosts: readonly string[], resolve?: Resolve): Promise<EgressProxy> => {
  proxy = await startEgressProxy({ allowHosts, ...(resolve === undefined ? {} : { resolve }) })
  return proxy
}

const get = (through: EgressProxy, url: string): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const asked = request(through.url, { path: url, headers: { host: new URL(url).host } }, async (response) =>
      resolve({ status: response.statusCode ?? 0, body: await text(response) }),
    )
    asked.once('error', reject)
    asked.end()
  })

/** The first line that the proxy answers to a CONNECT, and what comes through the tunnel after `send`. */
const tunnel = (through: EgressProxy, target: string, send = ''): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(through.url).port), '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (piece) => {
      if (answer === '' && send !== '') socket.write(send)
      answer += String(piece)
    })
    socket.on('close', () => resolve(answer))
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`)
  })

describe('the egress proxy', () => {
  it('refuses loopback, private and link-local addresses, by number and by name, plain and tunnelled', async () => {
    const through = await start([])
    const told: string[] = []
    through.onRefusal((reason) => told.push(reason))
    for (const host of ['127.0.0.1', 'localhost', '10.0.0.1', '169.254.169.254', '[::1]', '2130706433', '0x7f.1', '0177.0.0.1']) {
      expect(await get(through, `http://${host}:1234/x`), host).toMatchObject({ status: 403, body: expect.stringContaining('is refused') })
    }
    expect(await tunnel(through, '127.0.0.1:443')).toMatch(/^HTTP\/1.1 403/)
    expect(await tunnel(through, '[::1]:443')).toMatch(/^HTTP\/1.1 403/)
    expect(through.troubleWith('169.254.169.254:1234')).toContain('is not an address of the public internet')
    expect(told.length).toBeGreaterThan(4)
  })

  it('refuses a name that resolves to a private address, also beside a public one', async () => {
    const through = await start([], async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '192.168.0.10', family: 4 },
    ])
    expect(await get(through, 'http://rebind.example/')).toMatchObject({
      status: 403,
      body: expect.stringContaining('resolves to 192.168.0.10'),
    })
  })

  it('connects to the address that it checked and asks for the name once', async () => {
    site = await startWireServer((asked, response) => void response.end(`${asked.headers.host} ${asked.path}`))
    let asked = 0
    const port = new URL(site.url).port
    const through = await start(['inside.example'], async () => {
      asked += 1
      return [{ address: '127.0.0.1', family: 4 }]
    })
    expect(await get(through, `http://inside.example:${port}/p?q=1`)).toEqual({ status: 200, body: `inside.example:${port} /p?q=1` })
    expect(await tunnel(through, `inside.example:${port}`, 'GET /t HTTP/1.0\r\n\r\n')).toContain('undefined /t')
    expect(asked).toBe(2)
  })

  it('lets through what the operator allows: a host, a host on one port, the hosts of a domain', async () => {
    site = await startWireServer((_asked, response) => void response.end('inside'))
    const other = await startWireServer((_asked, response) => void response.end('other'))
    const loopback: Resolve = async () => [{ address: '127.0.0.1', family: 4 }]
    const port = new URL(site.url).port
    const onePort = await start([`127.0.0.1:${port}`])
    expect(await get(onePort, site.url)).toEqual({ status: 200, body: 'inside' })
    expect(await get(onePort, other.url)).toMatchObject({ status: 403 })
    await onePort.close()
    await other.close()
    const domain = await start(['*.corp.example'], loopback)
    expect(await get(domain, `http://wiki.corp.example:${port}/`)).toMatchObject({ status: 200 })
    expect(await get(domain, `http://corp.example:${port}/`)).toMatchObject({ status: 403 })
    expect(await get(domain, `http://evilcorp.example:${port}/`)).toMatchObject({ status: 403 })
  })

  it('says what cannot be reached, and is no server of its own', async () => {
    const through = await start(['gone.example'], async () => {
      throw new Error('getaddrinfo ENOTFOUND gone.example')
    })
    expect(await get(through, 'http://gone.example/')).toMatchObject({
      status: 502,
      body: 'gone.example:80 cannot be reached: getaddrinfo ENOTFOUND gone.example',
    })
    expect(await tunnel(through, 'gone.example:443')).toMatch(/^HTTP\/1.1 502/)
    expect((await fetch(through.url)).status).toBe(400)
  })
})
