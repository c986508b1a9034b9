/**
 * Responsible for the cookie of a browser session: its name and attributes, reading it, and checking that a request with it comes from our own
 * pages. A request with an Authorization header is never authenticated by its cookie.
 */
import { limits, tokenPrefixes } from '@modelreins/contract'

/** Our pages send this header with every call. Pages of other origins cannot: it needs a preflight, which never allows it. */
export const requestHeader = 'x-modelreins-request'

const secureName = '__Host-modelreins'
/** Name over http, which is allowed only on localhost: browsers accept `__Host-` cookies only over https. */
const localName = 'modelreins-session'

const isSecure = (origin: string): boolean => origin.startsWith('https:')
const nameFor = (origin: string): string => (isSecure(origin) ? secureName : localName)

/** True when browsers may sign in at this origin: over https, or on localhost. */
export function maySignIn(origin: string): boolean {
  const { hostname } = new URL(origin)
  return isSecure(origin) || hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '127.0.0.1' || hostname === '[::1]'
}

const attributes = (origin: string): string => `Path=/; HttpOnly; SameSite=Lax${isSecure(origin) ? '; Secure' : ''}`

export const sessionCookie = (origin: string, token: string): string =>
  `${nameFor(origin)}=${token}; ${attributes(origin)}; Max-Age=${limits.session_absolute_ms / 1000}`

export const endedCookie = (origin: string): string => `${nameFor(origin)}=; ${attributes(origin)}; Max-Age=0`

/** The session token in the request's cookie; undefined without one, or with an Authorization header. */
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
 * The reason why a request with a cookie is refused; undefined when it is accepted. Requests that change something need our header, and their
 * Origin, if sent, must be ours. WebSockets always need our Origin, because browsers open them across origins without a preflight.
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
