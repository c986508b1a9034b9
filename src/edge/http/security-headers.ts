/** Responsible for the headers that every response carries. */
import { withOrigin } from './cross-origin.ts'

const everywhere: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
}

/** The policy of all responses that are not our pages: browsers must not run anything in them. */
const inert = "default-src 'none'; frame-ancestors 'none'; sandbox"

/** Sent only over https; browsers then use https for all further requests. */
const transport = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }

const forAll = (isSecure: boolean): Readonly<Record<string, string>> => ({
  ...everywhere,
  'content-security-policy': inert,
  'cache-control': 'no-store',
  ...(isSecure ? transport : {}),
})

interface Answered {
  readonly request_id: string
  readonly origin: string
}
const isSecure = (at: Answered): boolean => at.origin.startsWith('https:')

const ready = (secure: boolean): Headers => new Headers({ ...forAll(secure), 'content-type': 'application/json' })
let prepared: { readonly plain: Headers; readonly secure: Headers } | undefined

/** A JSON response with the headers of all responses. They are copied as one object, because setting each takes longer than all other work. */
export function jsonResponse(text: string, status: number, at: Answered, more: Readonly<Record<string, string>> = {}): Response {
  prepared ??= { plain: ready(false), secure: ready(true) }
  const response = new Response(text, { status, headers: isSecure(at) ? prepared.secure : prepared.plain })
  response.headers.set('x-request-id', at.request_id)
  for (const name in more) response.headers.set(name, more[name] ?? '')
  return response
}

/**
 * Adds the headers of all responses to a handler's response; headers that it already has are kept. A WebSocket response (101) passes
 * unchanged.
 */
export function withSecurityHeaders(
  response: Response,
  at: Answered & { readonly request: Request; readonly env: Pick<Env, 'MODELREINS_ALLOW_ORIGINS'> },
): Response {
  if (response.status === 101) return response
  const { headers } = response
  // A response of `jsonResponse` has all of them already.
  if (!headers.has('x-request-id')) {
    for (const [name, value] of Object.entries(forAll(isSecure(at)))) if (!headers.has(name)) headers.set(name, value)
    headers.set('x-request-id', at.request_id)
  }
  withOrigin(headers, at.request, at.env.MODELREINS_ALLOW_ORIGINS)
  return response
}
