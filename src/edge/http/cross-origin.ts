/**
 * Responsible for pages of other origins that may call this service: those that the operator has named, and no others. Keys travel in the
 * Authorization header and never in cookies, so no credentials of the browser are allowed.
 */

/** What our own answers say beside their body. */
const exposed = 'retry-after, x-request-id, modelreins-killswitch, content-disposition, content-length, digest, etag, allow'
const takenHeaders = 'authorization, content-type, idempotency-key, last-event-id, x-filename, x-job-id, x-review-id, x-expires-at, x-share'
const takenMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE'

/** Of MODELREINS_ALLOW_ORIGINS: origins, comma-separated, each as a browser spells it; `*` allows any page. */
export function allowedOrigin(origin: string | null, configured: string | undefined): string | undefined {
  if (origin === null || configured === undefined) return undefined
  const allowed = configured.split(',').map((part) => part.trim().replace(/\/$/, '').toLowerCase())
  return allowed.includes('*') || allowed.includes(origin.toLowerCase()) ? origin : undefined
}

/** A browser that asks before it sends a call of a page. */
export const isPreflight = (request: Request): boolean =>
  request.method === 'OPTIONS' && request.headers.has('origin') && request.headers.has('access-control-request-method')

/** Says what may be sent; by whom is said by `withOrigin` alone, and an origin that is not named is refused by its browser. */
export const preflightAnswer = (): Response =>
  new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': takenMethods,
      'access-control-allow-headers': takenHeaders,
      'access-control-max-age': '600',
    },
  })

/** Names the origin of the page on an answer that it may read. */
export function withOrigin(headers: Headers, request: Request, configured: string | undefined): void {
  if (configured === undefined) return
  headers.append('vary', 'origin')
  const origin = allowedOrigin(request.headers.get('origin'), configured)
  if (origin === undefined) return
  headers.set('access-control-allow-origin', origin)
  headers.set('access-control-expose-headers', exposed)
  headers.set('cross-origin-resource-policy', 'cross-origin')
}
