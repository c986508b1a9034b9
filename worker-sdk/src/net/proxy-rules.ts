/** Responsible for choosing the proxy that the environment names for an address: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY. */
import { isLoopbackHost } from '@modelreins/contract'

type Environment = Readonly<Record<string, string | undefined>>

/** The lower-case name wins, as in curl and most programs. */
const read = (env: Environment, name: string): string | undefined => {
  const value = env[name.toLowerCase()] ?? env[name]
  return value === undefined || value.trim() === '' ? undefined : value.trim()
}

const portOf = (url: URL): string => url.port || (url.protocol === 'https:' || url.protocol === 'wss:' ? '443' : '80')

const bitsOf = (address: string): number | undefined => {
  const parts = address.split('.').map(Number)
  if (parts.length !== 4 || !parts.every((part) => Number.isInteger(part) && part >= 0 && part < 256)) return undefined
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

/** Whether an address is in a network such as "10.0.0.0/8". */
const inNetwork = (host: string, network: string): boolean => {
  const [base = '', length = ''] = network.split('/')
  const [left, right, size] = [bitsOf(host), bitsOf(base), Number(length)]
  if (left === undefined || right === undefined || !(size >= 0 && size <= 32) || length === '') return false
  const divisor = 2 ** (32 - size)
  return Math.floor(left / divisor) === Math.floor(right / divisor)
}

/**
 * Whether one entry of NO_PROXY matches: a host with its subdomains, with or without a leading dot or `*.`, optionally with a port; an address; or a
 * network.
 */
const covers = (word: string, host: string, port: string): boolean => {
  if (word === '*') return true
  if (word.includes('/')) return inNetwork(host, word)
  const [, named = word, wanted] = /^(\[[^\]]+\]|[^:]+|.*:.*:.*?)(?::(\d+))?$/.exec(word) ?? []
  if (wanted !== undefined && wanted !== port) return false
  const name = named.replace(/^\[|\]$/g, '').replace(/^\*?\./, '')
  return name !== '' && (host === name || host.endsWith(`.${name}`))
}

const isExempt = (url: URL, env: Environment): boolean => {
  // Addresses of this machine never use the proxy: a local model server, a local control plane.
  if (isLoopbackHost(url.hostname)) return true
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, '')
  const words = (read(env, 'NO_PROXY') ?? '').toLowerCase().split(/[\s,]+/)
  return words.some((word) => word !== '' && covers(word, host, portOf(url)))
}

export interface ProxyChoice {
  readonly proxy: URL
  /** The environment variable that named the proxy. */
  readonly variable: string
}

/** The proxy for an address (http, https, ws or wss); undefined when none is needed. Throws when the proxy is not a valid address. */
export const proxyFor = (address: string, env: Environment): ProxyChoice | undefined => {
  const url = new URL(address)
  const secure = url.protocol === 'https:' || url.protocol === 'wss:'
  const variable = [secure ? 'HTTPS_PROXY' : 'HTTP_PROXY', 'ALL_PROXY'].find((name) => read(env, name) !== undefined)
  if (variable === undefined || isExempt(url, env)) return undefined
  const named = read(env, variable) ?? ''
  let proxy: URL
  try {
    proxy = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(named) ? named : `http://${named}`)
  } catch {
    throw new Error(`${variable} is not the address of a proxy`)
  }
  if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:') {
    throw new Error(`${variable}: a proxy of the kind "${proxy.protocol}" is not supported, only http and https`)
  }
  return { proxy, variable }
}
