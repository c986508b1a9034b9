/** Says that requests, sockets and providers take the proxy that the environment names, and no other way, with a real proxy in between. */
import { createServer, request as ask, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Client } from '../../../../worker-sdk/src/client/index.ts'
import { proxyFetch } from '../../../../worker-sdk/src/net/proxy-fetch.ts'
import { proxyFor } from '../../../../worker-sdk/src/net/proxy-rules.ts'
import { createProvider } from '../../../../worker-sdk/src/providers/index.ts'
import { delta, finish, sse } from '../../../support/recordings/recordings.ts'
import { recordRun } from '../../../support/standins/provider-run.ts'
import { ControlPlane } from '../support/control-plane.ts'
import { httpServer } from '../support/http-server.ts'
import { WorkerBench } from '../support/workers.ts'

describe('the proxy for an address', () => {
  const env = { HTTP_PROXY: 'http://plain:1', HTTPS_PROXY: 'secure:2' }
  const find = (address: string, more: Record<string, string> = {}): string | undefined =>
    proxyFor(address, { ...env, ...more })?.proxy.host

  it.each([
    ['http://a.example', {}, 'plain:1'],
    ['ws://a.example', {}, 'plain:1'],
    ['https://a.example', {}, 'secure:2'],
    ['wss://a.example', {}, 'secure:2'],
    ['https://a.example', { https_proxy: 'http://lower:3' }, 'lower:3'],
    ['https://a.example', { HTTPS_PROXY: '', ALL_PROXY: 'http://all:4' }, 'all:4'],
    ['https://a.example', { NO_PROXY: '*' }, undefined],
    ['https://a.example', { NO_PROXY: 'example' }, undefined],
    ['https://a.example', { NO_PROXY: '.example' }, undefined],
    ['https://a.example', { NO_PROXY: '*.example' }, undefined],
    ['https://a.example', { no_proxy: 'b.example, A.EXAMPLE' }, undefined],
    ['https://a.example', { NO_PROXY: 'xa.example,ample' }, 'secure:2'],
    ['https://a.example', { NO_PROXY: 'a.example:8443' }, 'secure:2'],
    ['https://a.example:8443', { NO_PROXY: 'a.example:8443' }, undefined],
    ['https://a.example', { NO_PROXY: 'a.example:443' }, undefined],
    ['http://10.1.2.3', { NO_PROXY: '10.0.0.0/8' }, undefined],
    ['http://11.1.2.3', { NO_PROXY: '10.0.0.0/8' }, 'plain:1'],
    ['http://[fd00::1]', { NO_PROXY: 'fd00::1' }, undefined],
    ['http://localhost:8080', {}, undefined],
    ['http://127.0.0.1:11434', {}, undefined],
  ])('%s with %j is %s', (address, more, expected) => {
    expect(find(address, more)).toBe(expected)
  })
  it('is refused by its variable when it is no address, or of a kind that is not known', () => {
    expect(() => proxyFor('https://a', { HTTPS_PROXY: 'http://' })).toThrow('HTTPS_PROXY is not the address of a proxy')
    expect(() => proxyFor('https://a', { ALL_PROXY: 'socks5://x:1' })).toThrow('ALL_PROXY: a proxy of the kind "socks5:" is not supported')
  })
})

/** Knows hosts that nobody else knows: whoever reaches them has come through it. */
interface Proxy {
  readonly env: Readonly<Record<string, string>>
  readonly asked: string[]
  close(): Promise<void>
}
const startProxy = async (hosts: Readonly<Record<string, string>>): Promise<Proxy> => {
  const asked: string[] = []
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '')
    asked.push(`${request.method} ${url.host} ${request.headers['proxy-authorization'] ?? ''}`)
    const target = new URL(hosts[url.host] ?? 'http://127.0.0.1:1')
    const { 'proxy-authorization': _, ...headers } = request.headers
    const onward = ask({
      host: target.hostname,
      port: target.port,
      path: url.pathname + url.search,
      method: request.method,
      headers,
    })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.writeHead(502).end())
    request.pipe(onward)
  })
  const tunnels = new Set<{ destroy(): void }>()
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`)
    const target = hosts[request.url?.replace(/:80$/, '') ?? '']
    if (target === undefined) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const url = new URL(target)
    const onward = connect(Number(url.port), url.hostname, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    for (const one of [socket, onward]) {
      tunnels.add(one)
      one.on('error', () => undefined)
    }
    socket.pipe(onward).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // of a server that listens on a port
  const address = `http://user:p%40ss@127.0.0.1:${port}`
  return {
    env: { HTTP_PROXY: address, HTTPS_PROXY: address },
    asked,
    close: () =>
      new Promise((resolve) => {
        for (const tunnel of tunnels) tunnel.destroy()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
const credentials = `Basic ${Buffer.from('user:p@ss').toString('base64')}`

describe('through a proxy', () => {
  const bench = new WorkerBench()
  let proxy: Proxy | undefined
  let plane: ControlPlane
  beforeEach(async () => {
    plane = await new ControlPlane().listen()
  })
  afterEach(async () => {
    await bench.stopAll()
    await plane.close()
    await proxy?.close()
  })

  it('a call goes, with its body and its answer', async () => {
    const server = await httpServer()
    server.handle = (_, response) => response.end('{"items":[],"next_cursor":null}')
    proxy = await startProxy({ 'reins.test': server.url })
    const client = new Client({ url: 'http://reins.test', token: 'mrk_x', fetch: proxyFetch(proxy.env) })
    expect(await client.jobs.list()).toEqual({ items: [], next_cursor: null })
    expect(proxy.asked).toEqual([`GET reins.test ${credentials}`])
    expect(server.requests[0]?.headers).toMatchObject({ host: 'reins.test', authorization: 'Bearer mrk_x' })
    expect(server.requests[0]?.headers['proxy-authorization']).toBeUndefined()
    await server.close()
  })

  it.each(['socket', 'poll'] as const)('a worker takes and ends its jobs by %s', async (transport) => {
    proxy = await startProxy({ 'reins.test': plane.url })
    const { worker, next } = bench.make(plane, {
      url: 'http://reins.test',
      transport,
      executor: () => 'done',
      env: { ...proxy.env, MODELREINS_CONFIG: '/nonexistent/modelreins.json' },
    })
    await worker.start()
    const done = next('job:done')
    const id = plane.dispatch()
    await done
    expect(plane.endOf(id)).toMatchObject({ kind: 'complete', body: { result: 'done' } })
    expect(proxy.asked.some((line) => line.startsWith(transport === 'socket' ? 'CONNECT reins.test:80' : 'POST reins.test'))).toBe(true)
  })

  it.each(['http', 'onemin'] as const)('the provider %s asks its server', async (name) => {
    const server = await httpServer()
    server.handle = (_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(name === 'http' ? sse(delta('hi'), finish()) : 'event: content\ndata: {"content":"hi"}\n\nevent: done\ndata: {}\n\n')
    proxy = await startProxy({ 'model.test': server.url })
    const run = recordRun({ endpoint: 'http://model.test', model: 'm', env: { ...proxy.env, ONEMIN_API_KEY: 'k' } })
    expect(await createProvider(name).run(run)).toMatchObject({ exitCode: 0, result: 'hi' })
    expect(proxy.asked).toEqual([`POST model.test ${credentials}`])
    await server.close()
  })

  it('an encrypted address asks for a tunnel, and a refusal is told with its words', async () => {
    proxy = await startProxy({})
    const outcome = await createProvider('http').run(recordRun({ endpoint: 'https://model.test', model: 'm', env: proxy.env }))
    expect(outcome.error?.message).toContain('refuses a connection to model.test:443: HTTP 403')
    expect(proxy.asked).toEqual([`CONNECT model.test:443 ${credentials}`])
  })
})
