/**
 * Responsible for naming what went wrong in an attempt and whether another attempt may help: an ordered table, whose types and order programs rely
 * on.
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
  /** ISO 8601, UTC. Only on retryable errors whose text names a reset time or a Retry-After. */
  readonly retry_at?: string
}

/** What can be classified: an Error, something that looks like one, or its text. */
export type Classifiable =
  | string
  | { readonly message?: unknown; readonly code?: unknown; readonly name?: unknown; readonly status?: unknown; readonly cause?: unknown }
  | null
  | undefined

interface Rule {
  readonly type: ErrorType
  readonly headline: string
  readonly retryable: boolean
  /** The table's phrases, then the real providers' own words for the same thing. They hold where no status is known. */
  readonly phrases: readonly RegExp[]
  readonly codes?: readonly string[]
}

/** Order matters: the first rule that matches names the error. */
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
      // Google by way of aider: RESOURCE_EXHAUSTED
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
      // a server's own fault, in its words
      /\boverloaded\b|overloaded_error|server_error|internal server error|bad gateway|no healthy upstream/i,
      /service (?:is )?(?:temporarily |currently )?unavailable|temporarily unavailable/i,
      /\bservers? (?:is |are )?(?:currently )?(?:down|busy|overloaded|unavailable)\b|(?:provider|upstream) (?:has )?disconnected/i,
      /\bempty response received\b|\bmodel is (?:still )?loading\b|\bloading model\b/i,
    ],
    codes: ['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'UND_ERR_SOCKET'],
  },
]

/** What no wait cures: an account without money, a request that can never fit. The provider's status may say "too many" all the same. */
const incurable: readonly RegExp[] = [
  /insufficient[ _-]?(?:credit|balance|quota|fund)s?/i,
  /(?:credit )?balance (?:is )?(?:too low|insufficient|exhausted|not enough)|(?:not enough|no(?: remaining)?|out of|run out of|never purchased) credits?\b/i,
  /payment required|billing (?:hard )?limit|billing_error|\binsufficient_quota\b/i,
  /reduce (?:your|the) (?:message|prompt|input|request)|must be reduced in order/i,
  /(?:exceeds?|exceeded|exceeding) the (?:available |maximum |model'?s? )?context|context_length_exceeded|maximum context length|prompt is too long/i,
]

/** A program that the machine, or its own runtime, has taken the memory from. */
const outOfMemory =
  /heap out of memory|reached heap limit|allocation failed - |\boom[- ]?kill|\bout of memory\b|cannot allocate memory|std::bad_alloc|\bMemoryError\b/i

interface Verdict {
  readonly type: ErrorType
  readonly headline: string
  readonly retryable: boolean
}

const ofRule = (type: ErrorType): Rule | undefined => rules.find((rule) => rule.type === type)

/** A status decides, whatever the words. Undefined: final, and named by its words or its exit code. */
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

/** The line that says it best: the error's own, else the last that is not empty. */
const saying = ({ message, stderr }: Evidence): string => {
  const lines = (message === '' ? stderr : message).split('\n').map((line) => line.trim())
  const chosen = message === '' ? lines.findLast((line) => line !== '') : lines.find((line) => line !== '')
  return (chosen ?? '').slice(0, longestLine)
}

/** `Rate limited` stands alone, as programs compare it; the others carry the line that says what exactly. */
const messageOf = (headline: string, evidence: Evidence, alone: boolean): string => {
  const detail = alone ? '' : saying(evidence)
  return detail === '' ? headline : `${headline}: ${detail}`
}

/** Words that say no more than the headline. */
const bare = /^(?:(?:http\/?[\d.]*|error|status(?: code)?)[: ]*)*(?:429)?[: ]*(?:too many requests|rate limit(?:ed)?)?[.!]?$/i

const classify = (evidence: Evidence, exitCode: number | null | undefined, now: Date): ClassifiedError => {
  const ended = exitCode !== undefined && exitCode !== null && exitCode !== 0
  // A runtime that ran out of memory prints a trace after it, and aborts.
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
 * Names an error: a known status decides, and where there is none the first row of the table above whose words match. `stderr` is the last part
 * of what the program wrote there. `now` is what relative reset times count from. Never throws.
 */
export const classifyError = (
  error: Classifiable | unknown,
  exitCode?: number | null,
  stderr?: string | null,
  now: Date = new Date(),
): ClassifiedError => classify(collect(error, stderr ?? ''), exitCode, now)

/** The same for a job's record: the provider's own words stand behind "Rate limited" too, which programs compare alone. */
export const explainError = (error: unknown, exitCode: number | null | undefined, stderr: string, now: Date): ClassifiedError => {
  const evidence = collect(error, stderr)
  const classified = classify(evidence, exitCode, now)
  if (classified.type !== ERROR_TYPES.RATE_LIMITED) return classified
  const words = saying(evidence)
  return bare.test(words) ? classified : { ...classified, message: `${classified.message}: ${words}` }
}
