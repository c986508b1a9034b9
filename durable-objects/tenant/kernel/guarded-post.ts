/** Responsible for one request to an address that somebody of a tenant has named: guarded, bounded in time, and deaf to what is answered. */
import { refusalOf } from '../../../src/domain/outbound.ts'

export interface Posting {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly allowedHosts: readonly string[]
  readonly timeoutMs: number
  /** Who is called, for people: `the receiver`. */
  readonly whom: string
}

export interface Posted {
  /** Null: there was no answer, and `error` says why. */
  readonly status: number | null
  readonly error: string | null
  /** The header of this name. */
  readonly retryAfter: string | null
}

/** The address is judged again each time: what the operator allows may have changed. */
export async function guardedPost(
  { fetch, allowedHosts, timeoutMs, whom }: Posting,
  url: string,
  request: Pick<RequestInit, 'headers' | 'body'>,
): Promise<Posted> {
  const failed = (error: string): Posted => ({ status: null, error, retryAfter: null })
  const refusal = refusalOf(new URL(url), allowedHosts)
  if (refusal !== undefined) return failed(`not sent: ${refusal}`)
  try {
    // A redirect could lead where the address itself may not.
    const response = await fetch(url, { ...request, method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    // Nothing of the answer is read: it has no say, and may be endless.
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
