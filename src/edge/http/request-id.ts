/** Responsible for the id under which a request is found again in logs, audit rows and problem documents. */

/** The caller's own id when it is short and plain, else a new one. */
export function requestId(request: Request): string {
  const given = request.headers.get('x-request-id')
  return given !== null && /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : crypto.randomUUID()
}
