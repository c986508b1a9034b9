/**
 * Responsible for the cookie that carries a browser session: its name and attributes, reading it, and whether a request with it comes from
 * our own pages. A request with an Authorization header is never looked at for a cookie.
 */
import { limits, tokenPrefixes } from '@modelreins/contract'

/** Sent by our pages with every call: a page of another origin cannot send it without a preflight, which is never allowed. */
export const requestHeader = 'x-modelreins-request'

const secureName = '__Host-modelreins'
/** Browsers take `__Host-` over https only; http is for this machine alone. */
const localName = 'modelreins-session'

const isSecure = (origin: string): boolean => origin.startsWith('https:')
const nameFor = (origin: string): string => (isSecure(origin) ? secureName : localName)

/** Whether a browser may sign in here at all: over https, or on this machine. */
export function maySignIn(origin: string): boolean {
  const { hostname } = new URL(origin)
  return isSecure(origin) || hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '127.0.0.1' || hostname === '[::1]'
}

const attributes = (origin: string): string => `Path=/; HttpOnly; SameSite=Lax${isSecure(origin) ? '; Secure' : ''}`

export const sessionCookie = (origin: string, token: string): string =>
  `${nameFor(origin)}=${token}; ${attributes(origin)}; Max-Age=${limits.session_absolute_ms / 1000}`

export const endedCookie = (origin: string): string => `${nameFor(origin)}=; ${attributes(origin)}; Max-Age=0`

/** The session token of the request's cookie; undefined when there is none, or when a header says who calls. */
export function cookieToken(request: Request, origin: string): string | undefined {
  if (request.headers.has('authorization')) return undefined
  const name = nameFor(origin)
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const equals = pair.indexOf('=')
    if (equals === -1 || pair.slice(0, equals).trim() !== name) continue
    const token = pair.slice(equals + 1).trim()
    return token.startsWith(tokenPrefixes.session) && token.length <= 512 ? token : undefined
  }
  return undefined
}

/**
 * Why a request with a cookie is not taken, undefined when it is. Anything that changes something needs our header, and an Origin, where a
 * browser sends one, that is ours; a socket always needs the Origin, since browsers open sockets across origins without asking.
 */
export function crossSite(request: Request, origin: string): string | undefined {
  const sent = request.headers.get('origin')
  const ours = sent === origin
  if (request.headers.get('upgrade')?.toLowerCase() === 'websocket')
    return ours ? undefined : 'A socket with a session cookie must be opened by a page of this origin.'
  const site = request.headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin' && site !== 'none') return 'A session cookie is for pages of this origin only.'
  if (request.method === 'GET' || request.method === 'HEAD')
    return sent === null || ours ? undefined : 'A session cookie is for pages of this origin only.'
  if (sent !== null && !ours) return 'A session cookie is for pages of this origin only.'
  if (!request.headers.has(requestHeader)) return `A call with a session cookie must carry the header ${requestHeader}: 1.`
  return undefined
}
