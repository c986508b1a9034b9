/** Responsible for finding an HTTP provider's endpoint and its key: the option, the ecosystem's own variables, the usual local port. */
import { readVariable } from '../child-process/environment.ts'
import type { ProviderSettings } from '../provider.ts'

export interface EndpointRule {
  /** Variables that the provider's own ecosystem uses, in order. */
  readonly variables: readonly string[]
  /** Default address; undefined when the provider has no usual one. */
  readonly fallback?: string | undefined
  /** Port for an address without a port and a scheme (OLLAMA_HOST=somewhere). */
  readonly port?: number
  /** Path for an address without a path: `/v1` for OpenAI-compatible servers. */
  readonly path?: string
  /** Path suffixes that users often include and that this code adds itself. */
  readonly endings?: readonly string[]
}

export interface Endpoint {
  /** Without a trailing slash. */
  readonly url: string
  /** Where the address comes from: "MODELREINS_ENDPOINT", a variable, or "default". */
  readonly source: string
}

export type Found<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly reason: string }

/** Adds a scheme to `host`, `host:port`, `:port` and `0.0.0.0`, the forms in which programs write their own listening address. */
const withScheme = (address: string, port: number | undefined): string => {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) return address
  const [host = '', ...path] = address.split('/')
  const named = host.startsWith(':') ? `127.0.0.1${host}` : host
  const ported = port === undefined || /:\d+$/.test(named) ? named : `${named}:${port}`
  return `http://${[ported, ...path].join('/')}`
}

const normalize = (address: string, rule: EndpointRule): Found<string> => {
  let url: URL
  try {
    url = new URL(withScheme(address.trim(), rule.port))
  } catch {
    return { ok: false, reason: `"${address}" is not a URL` }
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { ok: false, reason: `"${url.protocol}" is not http or https` }
  if (url.username !== '' || url.password !== '') {
    return { ok: false, reason: 'credentials do not belong in a URL: put the key into its variable' }
  }
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1'
  url.search = ''
  url.hash = ''
  for (const ending of rule.endings ?? []) {
    const path = url.pathname.replace(/\/+$/, '')
    if (path.endsWith(ending)) url.pathname = path.slice(0, -ending.length)
  }
  if (rule.path !== undefined && /^\/*$/.test(url.pathname)) url.pathname = rule.path
  return { ok: true, value: url.href.replace(/\/+$/, '') }
}

export const resolveEndpoint = (settings: ProviderSettings, rule: EndpointRule): Found<Endpoint> => {
  const named = [
    { source: 'MODELREINS_ENDPOINT', address: settings.endpoint },
    ...rule.variables.map((source) => ({ source, address: readVariable(settings.env, source) })),
    { source: 'default', address: rule.fallback },
  ].find(({ address }) => address !== undefined && address.trim() !== '')
  if (named?.address === undefined) {
    return { ok: false, reason: `no endpoint: set --endpoint (MODELREINS_ENDPOINT)${rule.variables.map((name) => ` or ${name}`).join('')}` }
  }
  const url = normalize(named.address, rule)
  return url.ok ? { ok: true, value: { url: url.value, source: named.source } } : { ok: false, reason: `${named.source}: ${url.reason}` }
}

/** The value of the first of these variables that is set. */
export const resolveKey = (settings: ProviderSettings, variables: readonly string[]): string | undefined => {
  for (const name of variables) {
    const value = readVariable(settings.env, name)?.trim()
    if (value !== undefined && value !== '') return value
  }
  return undefined
}
