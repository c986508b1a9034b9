/** Responsible for translating a failure into an RFC 9457 document. */
import { type Failure, type Problem, problems } from '@modelreins/contract'

/** The `type` of a problem: the address of its explanation in the service's own documentation. */
export const problemType = (origin: string, code: Failure['code']): string => `${origin}/docs/problems#${code}`

/** Default wait of `unavailable`, milliseconds: its documentation promises a `Retry-After`. */
const unavailableWait = 1_000

/** The problem document; `instance` is the request id, by which the log entry can be found. */
export function problemDocument(failure: Failure, at: { readonly origin: string; readonly request_id: string }): Problem {
  const row = problems[failure.code]
  const wait = failure.retry_after_ms ?? (failure.code === 'unavailable' ? unavailableWait : undefined)
  return {
    type: problemType(at.origin, failure.code),
    title: row.title,
    status: row.status,
    detail: failure.detail,
    instance: at.request_id,
    code: failure.code,
    retryable: failure.retryable ?? row.retryable,
    ...(wait === undefined ? {} : { retry_after_ms: Math.max(0, Math.ceil(wait)) }),
    ...(failure.issues === undefined ? {} : { issues: [...failure.issues] }),
  }
}

/** The document as a response, with `Retry-After` in whole seconds when the failure has `retry_after_ms`. */
export function problemResponse(
  failure: Failure,
  at: { readonly origin: string; readonly request_id: string },
  headers: Readonly<Record<string, string>> = {},
): Response {
  const document = problemDocument(failure, at)
  return new Response(JSON.stringify(document), {
    status: document.status,
    headers: {
      'content-type': 'application/problem+json',
      ...(document.retry_after_ms === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(document.retry_after_ms / 1000))) }),
      ...headers,
    },
  })
}
