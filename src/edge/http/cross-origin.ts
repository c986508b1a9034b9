/**
 * Responsible for CORS: only pages of the origins that the operator has configured may call this service. They send keys in the Authorization
 * header and never cookies, so credentials of the browser are not allowed.
 */

/** The response headers that scripts of other origins may read. */
const exposed = 'retry-after, x-request-id, modelreins-killswitch, content-disposition, content-length, digest, etag, allow'
const takenHeaders = 'authorization, content-type, idempotency-key, last-event-id, x-filename, x-job-id, x-review-id, x-expires-at, x-share'
const takenMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE'

/** The allowed origin. `configured`: MODELREINS_ALLOW_ORIGINS, a comma-separated list of origins as browsers send them; `*` allows any. */
export function allowedOrigin(origin: string | null, configured: string | undefined): string | undefined {
  if (origin === null || configured === undefined) return undefined
  const allowed = configured.split(',').map((part) => part.trim().replace(/\/$/, '').toLowerCase())
  return allowed.includes('*') || allowed.includes(origin.toLowerCase()) ? origin : undefined
}

/** True for a CORS preflight request. */
export const isPreflight = (request: Request): boolean =>
  request.method === 'OPTIONS' && request.headers.has('origin') && request.headers.has('access-control-request-method')

/** The answer to a preflight request: allowed methods and headers. Only `withOrigin` allows an origin; browsers refuse all others. */
export const preflightAnswer = (): Response =>
  new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': takenMethods,
      'access-control-allow-headers': takenHeaders,
      'access-control-max-age': '600',
    },
  })

/** Adds `Access-Control-Allow-Origin` to a response that the page may read. */
export function withOrigin(headers: Headers, request: Request, configured: string | undefined): void {
  if (configured === undefined) return
  headers.append('vary', 'origin')
  const origin = allowedOrigin(request.headers.get('origin'), configured)
  if (origin === undefined) return
  headers.set('access-control-allow-origin', origin)
  headers.set('access-control-expose-headers', exposed)
  headers.set('cross-origin-resource-policy', 'cross-origin')
}
