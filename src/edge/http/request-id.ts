/** Responsible for the id that identifies a request in logs, audit rows and problem documents. */

/** The caller's `x-request-id` if it is short and plain, else a new one. */
export function requestId(request: Request): string {
  const given = request.headers.get('x-request-id')
  return given !== null && /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : crypto.randomUUID()
}
