/**
 * Responsible for the browser's only connection to the network: an HTTP proxy on loopback that connects only to public addresses and to hosts that
 * the operator allows. It knows no page and no job.
 *
 * Why a proxy: the browser sends every request through it, including redirects, subresources, sockets and workers. It connects to exactly the address
 * that it has checked, so a name that resolves differently a moment later (DNS rebinding) has no effect.
 */
import { type LookupAddress, promises as dns } from 'node:dns'
import http from 'node:http'
import net, { isIP } from 'node:net'
import { isPublicAddress } from '@modelreins/contract'

export interface EgressProxy {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  /** Why `host:port` was refused or could not be reached; undefined when neither happened. */
  troubleWith(hostAndPort: string): string | undefined
  /** The listener is called with the reason whenever something is refused for the first time. */
  onRefusal(listener: (reason: string) => void): void
  close(): Promise<void>
}

export type Resolve = (host: string) => Promise<readonly LookupAddress[]>

const resolveAll: Resolve = (host) => dns.lookup(host, { all: true, verbatim: true })

/** An entry has the form `host`, `host:port` or `*.domain`. */
const isAllowed = (allowed: readonly string[], host: string, port: number): boolean =>
  allowed.some((entry) => {
    const wanted = entry.trim().toLowerCase()
    if (wanted === host || wanted === `${host}:${port}`) return true
    return wanted.startsWith('*.') && host.endsWith(wanted.slice(1))
  })

class Refused extends Error {
  override readonly name = 'Refused'
}

const bare = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')

/** Headers that are only for the next hop (RFC 9110, 7.6.1). */
const hopByHop: readonly string[] = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer', 'upgrade']

const endToEnd = (headers: http.IncomingHttpHeaders): http.IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.includes(name)))

/** Marks the proxy's own answers, so that they are not taken for a page. */
export const ownAnswerHeader = 'x-modelreins-egress'

const connectMs = 15_000

/** Connects to the checked addresses in their order, without asking a resolver again. */
const pinned = (host: string, port: number, addresses: readonly LookupAddress[]) => ({
  host,
  port,
  autoSelectFamily: true,
  lookup: ((_host, how, tell) => {
    const [first] = addresses
    if (how.all === true) tell(null, [...addresses])
    else if (first !== undefined) tell(null, first.address, first.family)
  }) satisfies net.LookupFunction,
})

export const startEgressProxy = async (options: {
  readonly allowHosts: readonly string[]
  readonly resolve?: Resolve
}): Promise<EgressProxy> => {
  const troubles = new Map<string, string>()
  const listeners: ((reason: string) => void)[] = []
  const sockets = new Set<net.Socket>()
  const resolveHost = options.resolve ?? resolveAll

  const refuse = (host: string, port: number, why: string): Refused => {
    const reason = `${host} is refused: ${why}. The operator can allow it (allowHosts)`
    if (!troubles.has(`${host}:${port}`)) for (const listener of listeners) listener(reason)
    return new Refused(reason)
  }

  /** Records the reason, and answers the HTTP status for it. */
  const note = (host: string, port: number, error: unknown): { readonly status: number; readonly reason: string } => {
    const words = error instanceof Error ? error.message : String(error)
    const reason = error instanceof Refused ? words : `${host}:${port} cannot be reached: ${words}`
    troubles.set(`${host}:${port}`, reason)
    return { status: error instanceof Refused ? 403 : 502, reason }
  }

  /** The checked addresses to connect to; throws the refusal. */
  const addressesOf = async (host: string, port: number): Promise<readonly LookupAddress[]> => {
    const family = isIP(host)
    const addresses = family === 0 ? await resolveHost(host) : [{ address: host, family }]
    if (addresses.length === 0) throw new Error(`${host} does not resolve`)
    if (isAllowed(options.allowHosts, host, port)) return addresses
    // A private address among public ones is a sign of DNS rebinding, so the whole name is refused.
    const hidden = addresses.find(({ address }) => !isPublicAddress(address))
    if (hidden === undefined) return addresses
    const what = hidden.address === host ? 'it is' : `it resolves to ${hidden.address}, which is`
    throw refuse(host, port, `${what} not an address of the public internet`)
  }

  const answer = (response: http.ServerResponse, host: string, port: number, error: unknown): void => {
    const { status, reason } = note(host, port, error)
    if (response.headersSent) return void response.destroy()
    response.writeHead(status, { 'content-type': 'text/plain', [ownAnswerHeader]: '1' })
    response.end(reason)
  }

  const forward = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    let url: URL
    try {
      url = new URL(request.url ?? '')
    } catch {
      response.writeHead(400).end('this is a proxy')
      return
    }
    const host = bare(url.hostname)
    const port = Number(url.port || 80)
    if (url.protocol !== 'http:') {
      response.writeHead(400).end('only http and CONNECT')
      return
    }
    const addresses = await addressesOf(host, port).catch((error: unknown) => void answer(response, host, port, error))
    if (addresses === undefined) return
    const upstream = http.request({
      ...pinned(host, port, addresses),
      method: request.method,
      path: `${url.pathname}${url.search}`,
      headers: endToEnd(request.headers),
      setHost: false,
      agent: false,
    })
    upstream.once('response', (from) => {
      response.writeHead(from.statusCode ?? 502, endToEnd(from.headers))
      from.pipe(response)
    })
    upstream.once('error', (error) => answer(response, host, port, error))
    response.once('close', () => upstream.destroy())
    request.pipe(upstream)
  }

  const tunnel = async (target: string, client: net.Socket, head: Buffer): Promise<void> => {
    const match = /^(.+):(\d+)$/.exec(target)
    if (match?.[1] === undefined) return void client.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    const host = bare(match[1])
    const port = Number(match[2])
    const deny = (error: unknown): void => {
      const { status } = note(host, port, error)
      client.end(`HTTP/1.1 ${status} ${status === 403 ? 'Forbidden' : 'Bad Gateway'}\r\n${ownAnswerHeader}: 1\r\n\r\n`)
    }
    const addresses = await addressesOf(host, port).catch(deny)
    if (addresses === undefined) return
    const upstream = net.connect({ ...pinned(host, port, addresses), timeout: connectMs })
    track(upstream)
    let opened = false
    upstream.once('error', (error) => (opened ? client.destroy() : deny(error)))
    upstream.once('connect', () => {
      opened = true
      upstream.setTimeout(0)
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      if (head.length > 0) upstream.write(head)
      upstream.pipe(client)
      client.pipe(upstream)
    })
    upstream.once('timeout', () => upstream.destroy(new Error('connect timeout')))
    client.once('close', () => upstream.destroy())
    upstream.once('close', () => client.destroy())
  }

  const track = (socket: net.Socket): void => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  }

  const server = http.createServer((request, response) => {
    forward(request, response).catch(() => response.destroy())
  })
  server.on('connection', track)
  server.on('connect', (request: http.IncomingMessage, socket: net.Socket, head: Buffer) => {
    tunnel(request.url ?? '', socket, head).catch(() => socket.destroy())
  })
  // A plain `ws://` socket would arrive as an upgrade of an absolute URL. Chromium tunnels all sockets, so this comes from another program.
  server.on('upgrade', (_request, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    troubleWith: (hostAndPort) => troubles.get(hostAndPort.toLowerCase()),
    onRefusal: (listener) => void listeners.push(listener),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
