/** Responsible for connections through an HTTP proxy: a tunnel (CONNECT) for encrypted requests and WebSockets. It does not choose the proxy. */
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import { proxyFor } from './proxy-rules.ts'

type Environment = Readonly<Record<string, string | undefined>>

export const proxyHeaders = (proxy: URL): Record<string, string> => {
  if (proxy.username === '' && proxy.password === '') return {}
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }
}

/** Opens a tunnel to `host:port`; the error contains the proxy's answer. */
const openTunnel = (proxy: URL, host: string, port: number, done: (error: Error | null, socket?: net.Socket) => void): void => {
  const target = net.isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
  const request = (proxy.protocol === 'https:' ? https : http).request({
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...proxyHeaders(proxy) },
    agent: false,
    timeout: 30_000,
  })
  request.once('connect', (response, socket, head) => {
    if (response.statusCode !== 200) {
      socket.destroy()
      done(new Error(`the proxy ${proxy.host} refuses a connection to ${target}: HTTP ${response.statusCode}`))
      return
    }
    if (head.length > 0) socket.unshift(head)
    socket.setTimeout(0)
    done(null, socket as net.Socket) // of a plain or a TLS connection: both are sockets
  })
  request.once('timeout', () => request.destroy(new Error(`the proxy ${proxy.host} does not answer (ETIMEDOUT)`)))
  request.once('error', (error) => done(error))
  request.end()
}

type Connected = (error: Error | null, socket?: net.Socket) => void
interface Target {
  readonly host?: string | null | undefined
  readonly port?: number | string | null | undefined
  readonly servername?: string | undefined
}

const plainThrough = (proxy: URL): http.Agent => {
  const agent = new http.Agent({ keepAlive: false })
  return Object.assign(agent, {
    createConnection: (target: Target, done: Connected): undefined =>
      void openTunnel(proxy, target.host ?? 'localhost', Number(target.port ?? 80), done),
  })
}

const secureThrough = (proxy: URL): https.Agent => {
  const agent = new https.Agent({ keepAlive: false })
  return Object.assign(agent, {
    createConnection: (target: Target & tls.ConnectionOptions, done: Connected): undefined => {
      const host = target.host ?? 'localhost'
      openTunnel(proxy, host, Number(target.port ?? 443), (error, socket) => {
        if (error !== null || socket === undefined) return done(error)
        const servername = target.servername ?? (net.isIP(host) === 0 ? host : '')
        const secured = tls.connect({ ...target, socket, host, servername, ALPNProtocols: ['http/1.1'] })
        secured.once('error', done)
        secured.once('secureConnect', () => {
          secured.off('error', done)
          done(null, secured)
        })
      })
    },
  })
}

/** The agent that sends a WebSocket (ws, wss) or an encrypted request through the proxy of the environment; undefined when no proxy applies. */
export const tunnelFor = (address: string, env: Environment): http.Agent | undefined => {
  const choice = proxyFor(address, env)
  if (choice === undefined) return undefined
  return /^(?:https|wss):/i.test(address) ? secureThrough(choice.proxy) : plainThrough(choice.proxy)
}

/** How node:http reaches an address: directly, through a tunnel, or (unencrypted) by sending the full URL to the proxy. */
export const routeTo = (
  address: string,
  env: Environment,
): { readonly options: http.RequestOptions; readonly secure: boolean; readonly headers: Readonly<Record<string, string>> } => {
  const url = new URL(address)
  const secure = url.protocol === 'https:'
  const direct = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || (secure ? 443 : 80),
    path: `${url.pathname}${url.search}`,
  }
  const choice = proxyFor(address, env)
  if (choice === undefined) return { options: direct, secure, headers: {} }
  if (secure) return { options: { ...direct, agent: secureThrough(choice.proxy) }, secure, headers: {} }
  const { proxy } = choice
  const viaTls = proxy.protocol === 'https:'
  return {
    options: { host: proxy.hostname.replace(/^\[|\]$/g, ''), port: proxy.port || (viaTls ? 443 : 80), path: url.href, agent: false },
    secure: viaTls,
    headers: { host: url.host, ...proxyHeaders(proxy) },
  }
}
