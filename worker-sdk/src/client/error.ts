/** Responsible for the error that callers get for a failed call: one class, filled from the problem table. */
import { issueInWords, problemCodes, problems, type Issue, type ProblemCode } from '@modelreins/contract'

/** Codes of failures in which no server answered. */
export const localCodes = {
  /** The server could not be reached, or the connection broke. */
  network: { retryable: true, exit: 69 },
  /** No answer within the time allowed. */
  timeout: { retryable: true, exit: 75 },
  /** Something answered, but not this service. */
  'unexpected-response': { retryable: false, exit: 76 },
} as const
export type LocalCode = keyof typeof localCodes
export type ErrorCode = ProblemCode | LocalCode

export interface ModelReinsErrorFields {
  readonly code: ErrorCode
  /** HTTP status; 0 when there was no answer. */
  readonly status?: number
  readonly retryable?: boolean
  readonly retryAfterMs?: number
  readonly issues?: readonly Issue[]
  readonly requestId?: string
  readonly foreign?: boolean
  readonly cause?: unknown
}

/** Every failure of a call. `code` is from the problem table or a local code; `exitCode` is the exit code of the CLI. */
export class ModelReinsError extends Error {
  override readonly name = 'ModelReinsError'
  readonly code: ErrorCode
  readonly status: number
  /** Whether the same call may succeed later although the caller changes nothing. */
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly issues: readonly Issue[]
  /** Identifies the request in the server's log. */
  readonly requestId: string | undefined
  readonly exitCode: number
  /** Something between here and the server answered instead, so this says nothing about the call. */
  readonly foreign: boolean

  constructor(message: string, fields: ModelReinsErrorFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    const row = tableRow(fields.code)
    this.code = fields.code
    this.status = fields.status ?? row.status
    this.retryable = fields.retryable ?? row.retryable
    this.retryAfterMs = fields.retryAfterMs
    this.issues = fields.issues ?? []
    this.requestId = fields.requestId
    this.exitCode = row.exit
    this.foreign = fields.foreign ?? false
  }
}

const isLocal = (code: ErrorCode): code is LocalCode => Object.hasOwn(localCodes, code)
const tableRow = (code: ErrorCode): { status: number; retryable: boolean; exit: number } =>
  isLocal(code) ? { status: 0, ...localCodes[code] } : problems[code]

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null
const isProblemCode = (value: unknown): value is ProblemCode => problemCodes.some((code) => code === value)
const isIssue = (value: unknown): value is Issue =>
  isRecord(value) && typeof value['path'] === 'string' && typeof value['message'] === 'string'

/** Whether a body is a problem document of this service, even from a newer server with a code that is unknown here. */
export const isProblem = (body: unknown): boolean =>
  isRecord(body) && typeof body['code'] === 'string' && (isProblemCode(body['code']) || typeof body['retryable'] === 'boolean')

/** The code for a status when the body has none (a proxy in between, or a server newer than this client). */
export function codeOfStatus(status: number): ErrorCode {
  if (status === 502 || status === 503 || status === 504) return 'unavailable'
  return problemCodes.find((code) => problems[code].status === status) ?? (status >= 500 ? 'internal' : 'unexpected-response')
}

/** Seconds or an HTTP date, converted to milliseconds from now. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

/** The error that a problem document describes. `body` is the answer, parsed if it was JSON. */
export function errorFromProblem(status: number, body: unknown, retryAfterMs?: number): ModelReinsError {
  const problem = isRecord(body) ? body : {}
  const code = isProblemCode(problem['code']) ? problem['code'] : codeOfStatus(status)
  const detail = typeof problem['detail'] === 'string' && problem['detail'] !== '' ? problem['detail'] : undefined
  const title = typeof problem['title'] === 'string' ? problem['title'] : `HTTP ${status}`
  const issues = Array.isArray(problem['issues']) ? problem['issues'].filter(isIssue) : []
  const named = issues.map(issueInWords).join('; ')
  const after = typeof problem['retry_after_ms'] === 'number' ? problem['retry_after_ms'] : retryAfterMs
  return new ModelReinsError(detail ?? (named === '' ? title : `${title}: ${named}`), {
    code,
    status,
    ...(typeof problem['retryable'] === 'boolean' ? { retryable: problem['retryable'] } : {}),
    ...(after === undefined ? {} : { retryAfterMs: after }),
    issues,
    ...(typeof problem['instance'] === 'string' ? { requestId: problem['instance'] } : {}),
  })
}

/** OpenSSL's codes for a certificate whose issuer this machine does not trust. */
const unknownIssuer: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
const caAdvice = '; when your organisation issues its own certificates, name the file of its root certificate in NODE_EXTRA_CA_CERTS'

/** The error for a call without an answer. It names the address and the platform's message. */
export function networkError(url: string, cause: unknown): ModelReinsError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const words = inner instanceof Error ? inner.message || ('code' in inner ? String(inner.code) : inner.name) : String(inner)
  const advice = inner instanceof Error && 'code' in inner && unknownIssuer.has(String(inner.code)) ? caAdvice : ''
  return new ModelReinsError(`Cannot reach ${new URL(url).origin}: ${words}${advice}`, { code: 'network', cause })
}
