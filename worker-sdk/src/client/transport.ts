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
 * Sends, and hands the answer to `read` while the time limit still runs. An answer that is not 2xx is thrown as `ModelReinsError`;
 * when the caller's own signal aborts, its reason is thrown as it is.
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
      // A stream is sent while it is read; fetch wants to be told.
      ...(request.body instanceof ReadableStream ? { duplex: 'half' } : {}),
      // A redirect would turn a POST into a GET and carry a token to who knows where.
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
        // Most likely a wrong address; but a portal, too, sends everybody to its own page.
        foreign: true,
      },
    )
  }
  const text = await response.text().catch(() => '')
  return refusalOf(url, response.status, text, parseRetryAfter(response.headers.get('retry-after'), clock.now()))
}
