/**
 * Responsible for naming what went wrong in an attempt and whether another attempt may help. Programs rely on the types and on the order of the
 * rules.
 */
import { collect, type Evidence } from './classify/evidence.ts'
import { resetOfHeaders } from './classify/reset-headers.ts'
import { resetTime } from './reset-time.ts'

export const ERROR_TYPES = {
  SPAWN_FAILED: 'spawn_failed',
  AUTH_FAILED: 'auth_failed',
  RATE_LIMITED: 'rate_limited',
  TIMEOUT: 'timeout',
  NETWORK: 'network',
  OOM: 'oom',
  EXIT_ERROR: 'exit_error',
  UNKNOWN: 'unknown',
} as const

export type ErrorType = (typeof ERROR_TYPES)[keyof typeof ERROR_TYPES]

export interface ClassifiedError {
  readonly type: ErrorType
  readonly message: string
  readonly retryable: boolean
  /** ISO 8601, UTC. Only on retryable errors whose text or headers name a reset time. */
  readonly retry_at?: string
}

/** What can be classified: an Error, an object like one, or its text. */
export type Classifiable =
  | string
  | { readonly message?: unknown; readonly code?: unknown; readonly name?: unknown; readonly status?: unknown; readonly cause?: unknown }
  | null
  | undefined

interface Rule {
  readonly type: ErrorType
  readonly headline: string
  readonly retryable: boolean
  /** The table's phrases, followed by the real providers' words for the same failure. They apply when no status is known. */
  readonly phrases: readonly RegExp[]
  readonly codes?: readonly string[]
}

/** The order matters: the first rule that matches names the error. */
const rules: readonly Rule[] = [
  {
    type: ERROR_TYPES.SPAWN_FAILED,
    headline: 'Could not be started',
    retryable: false,
    phrases: [/enoent/i, /not found/i, /permission denied/i],
    codes: ['ENOENT', 'EACCES'],
  },
  {
    type: ERROR_TYPES.AUTH_FAILED,
    headline: 'Not authorized',
    retryable: false,
    phrases: [
      /not logged in/i,
      /unauthori[sz]ed/i,
      // claude: "Invalid API key · Please run /login", "OAuth token has expired", "Failed to authenticate: OAuth session expired"
      /please (?:run \/?|re-?)?log ?in\b/i,
      /(?:invalid|incorrect|missing|expired|no) (?:x-)?api[ -]?key/i,
      /authentication_error|permission_error|invalid_api_key/i,
      /(?:oauth|access|refresh|login|auth)[ _-](?:token|session)s? (?:has |have |is |are |was )?(?:expired|revoked|invalid)/i,
      /\bsession (?:has |is )?expired\b|\btoken_expired\b/i,
      /authentication (?:failed|required)|(?:failed|unable|could not|not able) to authenticate|\b403 forbidden\b/i,
      // aider and litellm
      /\bAuthenticationError\b|\bPermissionDeniedError\b/,
    ],
  },
  {
    type: ERROR_TYPES.RATE_LIMITED,
    headline: 'Rate limited',
    retryable: true,
    phrases: [
      /rate[ _-]?limit/i,
      /too many/i,
      /(?:hit|reached|exceeded) your (?:[\w-]+ ){0,3}limit/i,
      /usage[ _]limit/i,
      /limit[ _](?:has been )?(?:reached|exceeded)/i,
      /resets /i,
      // Google, through aider: RESOURCE_EXHAUSTED
      /exceeded your current quota|resource_exhausted|resource has been exhausted|quota exceeded/i,
    ],
  },
  {
    type: ERROR_TYPES.TIMEOUT,
    headline: 'Timed out',
    retryable: true,
    phrases: [/timeout/i, /etimedout/i, /timed out/i],
    codes: ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
  },
  {
    type: ERROR_TYPES.NETWORK,
    headline: 'Network error',
    retryable: true,
    phrases: [
      /econnrefused/i,
      /enotfound/i,
      /\bdns\b/i,
      // the same failures in other words
      /econnreset|econnaborted|ehostunreach|enetunreach|enetdown|eai_again|epipe/i,
      /connection (?:refused|reset|error|aborted|closed)|socket hang up|other side closed|fetch failed|error sending request|stream disconnected/i,
      /name or service not known|temporary failure in name resolution|could not resolve host/i,
      // a fault of the server, in its words
      /\boverloaded\b|overloaded_error|server_error|internal server error|bad gateway|no healthy upstream/i,
      /service (?:is )?(?:temporarily |currently )?unavailable|temporarily unavailable/i,
      /\bservers? (?:is |are )?(?:currently )?(?:down|busy|overloaded|unavailable)\b|(?:provider|upstream) (?:has )?disconnected/i,
      /\bempty response received\b|\bmodel is (?:still )?loading\b|\bloading model\b/i,
    ],
    codes: ['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'UND_ERR_SOCKET'],
  },
]

/** Problems that no waiting solves: an account without money, a request that can never fit. The provider's status may still be 429. */
const incurable: readonly RegExp[] = [
  /insufficient[ _-]?(?:credit|balance|quota|fund)s?/i,
  /(?:credit )?balance (?:is )?(?:too low|insufficient|exhausted|not enough)|(?:not enough|no(?: remaining)?|out of|run out of|never purchased) credits?\b/i,
  /payment required|billing (?:hard )?limit|billing_error|\binsufficient_quota\b/i,
  /reduce (?:your|the) (?:message|prompt|input|request)|must be reduced in order/i,
  /(?:exceeds?|exceeded|exceeding) the (?:available |maximum |model'?s? )?context|context_length_exceeded|maximum context length|prompt is too long/i,
]

/** The machine or the program's own runtime ran out of memory. */
const outOfMemory =
  /heap out of memory|reached heap limit|allocation failed - |\boom[- ]?kill|\bout of memory\b|cannot allocate memory|std::bad_alloc|\bMemoryError\b/i

interface Verdict {
  readonly type: ErrorType
  readonly headline: string
  readonly retryable: boolean
}

const ofRule = (type: ErrorType): Rule | undefined => rules.find((rule) => rule.type === type)

/** A known status decides, whatever the words are. Undefined: the error is final, and its words or exit code name it. */
const verdictOfStatus = (status: number): Verdict | undefined => {
  if (status >= 500) return { type: ERROR_TYPES.NETWORK, headline: 'Server error', retryable: true }
  if (status === 429) return ofRule(ERROR_TYPES.RATE_LIMITED)
  if (status === 408) return ofRule(ERROR_TYPES.TIMEOUT)
  if (status === 401 || status === 403 || status === 407) return ofRule(ERROR_TYPES.AUTH_FAILED)
  return undefined
}

const says = (rule: Rule, evidence: Evidence): boolean =>
  rule.codes?.some((code) => evidence.codes.has(code)) === true || rule.phrases.some((phrase) => phrase.test(evidence.words))

const verdictOf = (evidence: Evidence): Verdict | undefined => {
  const { status, words } = evidence
  const cured = !incurable.some((phrase) => phrase.test(words))
  if (status === undefined) return rules.find((rule) => says(rule, evidence) && (cured || !rule.retryable))
  const decided = verdictOfStatus(status)
  if (decided !== undefined) return decided.type === ERROR_TYPES.RATE_LIMITED && !cured ? undefined : decided
  return rules.find((rule) => !rule.retryable && says(rule, evidence))
}

const longestLine = 500

/** The most informative line: the first of the error's own message, else the last line of stderr that is not empty. */
const saying = ({ message, stderr }: Evidence): string => {
  const lines = (message === '' ? stderr : message).split('\n').map((line) => line.trim())
  const chosen = message === '' ? lines.findLast((line) => line !== '') : lines.find((line) => line !== '')
  return (chosen ?? '').slice(0, longestLine)
}

/** `Rate limited` has no detail, because programs compare the exact text. The other messages include the line that says what happened. */
const messageOf = (headline: string, evidence: Evidence, alone: boolean): string => {
  const detail = alone ? '' : saying(evidence)
  return detail === '' ? headline : `${headline}: ${detail}`
}

/** Words that add nothing to the headline. */
const bare = /^(?:(?:http\/?[\d.]*|error|status(?: code)?)[: ]*)*(?:429)?[: ]*(?:too many requests|rate limit(?:ed)?)?[.!]?$/i

const classify = (evidence: Evidence, exitCode: number | null | undefined, now: Date): ClassifiedError => {
  const ended = exitCode !== undefined && exitCode !== null && exitCode !== 0
  // A runtime that runs out of memory prints a trace and aborts.
  const starved = evidence.status === undefined && outOfMemory.test(evidence.words)
  if (starved && (exitCode === 134 || exitCode === 137)) {
    return { type: ERROR_TYPES.OOM, message: messageOf('Out of memory', evidence, false), retryable: false }
  }
  const verdict = verdictOf(evidence)
  if (verdict !== undefined) {
    const message = messageOf(verdict.headline, evidence, verdict.type === ERROR_TYPES.RATE_LIMITED)
    const reset = verdict.retryable ? (resetOfHeaders(evidence.headers, now) ?? resetTime(evidence.all, now)) : undefined
    const named = { type: verdict.type, message, retryable: verdict.retryable }
    return reset === undefined ? named : { ...named, retry_at: reset.toISOString() }
  }
  if (exitCode === 137) {
    return { type: ERROR_TYPES.OOM, message: 'Killed (exit code 137), most likely out of memory', retryable: false }
  }
  if (starved && ended) return { type: ERROR_TYPES.OOM, message: messageOf('Out of memory', evidence, false), retryable: false }
  if (ended) return { type: ERROR_TYPES.EXIT_ERROR, message: messageOf(`Exited with code ${exitCode}`, evidence, false), retryable: false }
  return { type: ERROR_TYPES.UNKNOWN, message: saying(evidence) || 'Unknown error', retryable: false }
}

/**
 * Names an error: a known status decides; without one, the first row of the table above whose words match. `stderr` is the last part of the program's
 * stderr. Relative reset times count from `now`. Never throws.
 */
export const classifyError = (
  error: Classifiable | unknown,
  exitCode?: number | null,
  stderr?: string | null,
  now: Date = new Date(),
): ClassifiedError => classify(collect(error, stderr ?? ''), exitCode, now)

/**
 * The same for a job's record. The provider's own words follow "Rate limited" too, which `classifyError` leaves alone because programs compare it.
 */
export const explainError = (error: unknown, exitCode: number | null | undefined, stderr: string, now: Date): ClassifiedError => {
  const evidence = collect(error, stderr)
  const classified = classify(evidence, exitCode, now)
  if (classified.type !== ERROR_TYPES.RATE_LIMITED) return classified
  const words = saying(evidence)
  return bare.test(words) ? classified : { ...classified, message: `${classified.message}: ${words}` }
}
