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

/** The response with the headers of all responses; those that it already has are kept. A switched protocol is passed through as it is. */
export function withSecurityHeaders(
  response: Response,
  at: {
    readonly request_id: string
    readonly origin: string
    readonly request: Request
    readonly env: Pick<Env, 'MODELREINS_ALLOW_ORIGINS'>
  },
): Response {
  if (response.status === 101) return response
  const out = new Response(response.body, response)
  const put = (name: string, value: string): void => {
    if (!out.headers.has(name)) out.headers.set(name, value)
  }
  for (const [name, value] of Object.entries(everywhere)) put(name, value)
  put('content-security-policy', inert)
  put('cache-control', 'no-store')
  if (at.origin.startsWith('https:')) put('strict-transport-security', 'max-age=31536000; includeSubDomains')
  out.headers.set('x-request-id', at.request_id)
  withOrigin(out.headers, at.request, at.env.MODELREINS_ALLOW_ORIGINS)
  return out
}
