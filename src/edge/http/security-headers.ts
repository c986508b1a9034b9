/** Responsible for the headers that every response carries. */
import { withOrigin } from './cross-origin.ts'

const everywhere: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
}

/** For everything that is not a page of ours: nothing in it may ever run. */
const inert = "default-src 'none'; frame-ancestors 'none'; sandbox"

/** Only over https, which a browser then never leaves again. */
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

/** JSON with the headers of all responses: copied as a whole, since naming them one by one takes the runtime longer than the rest of an answer. */
export function jsonResponse(text: string, status: number, at: Answered, more: Readonly<Record<string, string>> = {}): Response {
  prepared ??= { plain: ready(false), secure: ready(true) }
  const response = new Response(text, { status, headers: isSecure(at) ? prepared.secure : prepared.plain })
  response.headers.set('x-request-id', at.request_id)
  for (const name in more) response.headers.set(name, more[name] ?? '')
  return response
}

/**
 * The response, which one of our handlers has made, with the headers of all responses; those that it already has are kept. A switched protocol is
 * passed through as it is.
 */
export function withSecurityHeaders(
  response: Response,
  at: Answered & { readonly request: Request; readonly env: Pick<Env, 'MODELREINS_ALLOW_ORIGINS'> },
): Response {
  if (response.status === 101) return response
  const { headers } = response
  // One of `jsonResponse` has them all.
  if (!headers.has('x-request-id')) {
    for (const [name, value] of Object.entries(forAll(isSecure(at)))) if (!headers.has(name)) headers.set(name, value)
    headers.set('x-request-id', at.request_id)
  }
  withOrigin(headers, at.request, at.env.MODELREINS_ALLOW_ORIGINS)
  return response
}
