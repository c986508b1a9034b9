/** Responsible for one POST to an address that a tenant configured: checked against SSRF, limited in time, the response body ignored. */
import { refusalOf } from '../../../src/domain/outbound.ts'

export interface Posting {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly allowedHosts: readonly string[]
  readonly timeoutMs: number
  /** The called party, for error messages, such as `the receiver`. */
  readonly whom: string
}

export interface Posted {
  /** HTTP status; null without a response, and then `error` says why. */
  readonly status: number | null
  readonly error: string | null
  /** The `Retry-After` header, as received. */
  readonly retryAfter: string | null
}

/** Checks the address before each request: the operator may have changed what is allowed. Never throws for a failed request. */
export async function guardedPost(
  { fetch, allowedHosts, timeoutMs, whom }: Posting,
  url: string,
  request: Pick<RequestInit, 'headers' | 'body'>,
): Promise<Posted> {
  const failed = (error: string): Posted => ({ status: null, error, retryAfter: null })
  const refusal = refusalOf(new URL(url), allowedHosts)
  if (refusal !== undefined) return failed(`not sent: ${refusal}`)
  try {
    // Do not follow redirects: they could lead to an address that the check refuses.
    const response = await fetch(url, { ...request, method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    // The response body is never read: nothing depends on it, and it may be endless.
    await response.body?.cancel()
    const redirected = response.status >= 300 && response.status < 400
    return {
      status: response.status,
      error: redirected ? 'redirects are not followed' : null,
      retryAfter: response.headers.get('retry-after'),
    }
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError'
    return failed(timedOut ? `no answer within ${timeoutMs / 1000} s` : `${whom} could not be reached`)
  }
}
