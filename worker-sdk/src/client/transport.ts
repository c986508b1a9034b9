/** Responsible for sending one HTTP request and reading one answer, within a time limit. */
import type { Clock } from './clock.ts'
import { ModelReinsError, networkError, parseRetryAfter } from './error.ts'
import { refusalOf } from './foreign.ts'

export { parseJson } from './json-text.ts'

export type Fetch = (input: string, init: RequestInit) => Promise<Response>

export interface HttpRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: NonNullable<RequestInit['body']>
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

export interface Send {
  readonly fetch: Fetch
  readonly clock: Clock
}

/**
 * Sends the request and passes the answer to `read` within the time limit. An answer other than 2xx is thrown as `ModelReinsError`; when the caller's
 * own signal aborts, its reason is thrown unchanged.
 */
export async function send<Value>(request: HttpRequest, using: Send, read: (response: Response) => Promise<Value>): Promise<Value> {
  request.signal?.throwIfAborted()
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(request.signal?.reason)
  request.signal?.addEventListener('abort', onAbort, { once: true })
  let late = false
  const cancel = using.clock.after(request.timeoutMs, () => {
    late = true
    controller.abort()
  })
  try {
    const response = await using.fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      // fetch requires `duplex` for a stream, which it sends while it reads it.
      ...(request.body instanceof ReadableStream ? { duplex: 'half' } : {}),
      // Following a redirect would turn a POST into a GET and could send the token to another host.
      redirect: 'manual',
      signal: controller.signal,
    })
    if (!response.ok) throw await failureOf(response, request.url, using.clock)
    return await read(response)
  } catch (error) {
    if (error instanceof ModelReinsError) throw error
    if (request.signal?.aborted === true) throw request.signal.reason
    if (late) {
      throw new ModelReinsError(`No answer from ${new URL(request.url).origin} within ${Math.round(request.timeoutMs / 1000)} s`, {
        code: 'timeout',
        cause: error,
      })
    }
    throw networkError(request.url, error)
  } finally {
    cancel()
    request.signal?.removeEventListener('abort', onAbort)
  }
}

async function failureOf(response: Response, url: string, clock: Clock): Promise<ModelReinsError> {
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    const where = response.headers.get('location')
    return new ModelReinsError(
      `${new URL(url).origin} answers with a redirect${where === null ? '' : ` to ${where}`}: use the final address`,
      {
        code: 'unexpected-response',
        status: response.status,
        // Most likely the address is wrong, but a captive portal also redirects every request to its own page.
        foreign: true,
      },
    )
  }
  const text = await response.text().catch(() => '')
  return refusalOf(url, response.status, text, parseRetryAfter(response.headers.get('retry-after'), clock.now()))
}
