/**
 * Responsible for naming what went wrong in an attempt and whether another attempt may help: an ordered table, whose types
 * and order programs rely on. It knows no job; the scheduler decides what a retryable error means.
 */
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

/** What is counted is no status, whatever stands before it: "401 files", "403 of 500". */
const counted =
  String.raw`(?!\s+(?:` +
  'files lines rows items tests records bytes tokens times entries changes errors warnings ms seconds minutes hours jobs objects results matches issues problems commits pages messages images documents packages modules failures vulnerabilities'
    .split(' ')
    .map((noun) => `[${noun.charAt(0)}${noun.charAt(0).toUpperCase()}]${noun.slice(1)}`)
    .join('|') +
  String.raw`)\b)(?!\s*(?:(?:out )?of|\/)\s*\d)`
/** How a program ends is told with the same words; nobody's exit code is a status of HTTP. */
const howItEnded = String.raw`(?<!\b(?:exit(?:ed|s)?|return(?:ed|s)?|finished|ended|terminated)(?: with)? (?:an? |the )?)`
/** A bare "code" is a field of something: a program that says "code 401" in a sentence speaks of its own. */
const fieldNamed = String.raw`(?:["']code["']|(?<=^\s*|[{,([]\s*)code(?=\s*[:=]))`
/**
 * A bare number is a status only where something says so: "HTTP 429", "status code 401", "API Error: 403 {...}", `"code": 429`.
 * A line number, a count, a port, a price and an exit code are not (false friends in the tests).
 */
const statusIn = (numbers: string): readonly RegExp[] => [
  // Named: the word right before it, and no counted noun behind it.
  new RegExp(
    String.raw`${howItEnded}(?:\bhttp(?:\/[\d.]+)?|\bstatus(?:[ _-]?code)?|\bapi error|\b(?:error|response)[ _-]?code|${fieldNamed})["']?\s*(?:[:=(]|is|was|of)?\s*["'(]?(?:http\s+)?(?:${numbers})(?![\w.]\d|\d|:\d)${counted}`,
    'im',
  ),
  // "Error: 429 {json}", "AuthenticationError: 401 Incorrect API key": what follows is a message, not a counted noun.
  new RegExp(String.raw`\b\w*(?:[Ee]rror|ERROR):? (?:${numbers})(?=$|[,:;)]|\s*[-{("'<]|\s+[A-Z])${counted}`, 'm'),
]
/** The way clients of the OpenAI kind write a whole message: "401 Incorrect API key provided". Only the error's own message, never a line of stderr. */
const wholeMessage = (numbers: string): RegExp => new RegExp(String.raw`^\s*(?:error:?\s+)?(?:${numbers})${counted}(?:$|[ :] ?[A-Z{"])`)

interface Rule {
  readonly type: ErrorType
  readonly headline: string
  readonly retryable: boolean
  /** The table's phrases, then the real providers' own words for the same thing. */
  readonly phrases: readonly RegExp[]
  readonly codes?: readonly string[]
  readonly statuses?: readonly number[]
  /** A message that is nothing but a status and its text. */
  readonly whole?: RegExp
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
      ...statusIn('401|403'),
      // claude: "Invalid API key · Please run /login", "OAuth token has expired"; Anthropic and OpenAI error types
      /please run \/login/i,
      /(?:invalid|incorrect|missing|no) (?:x-)?api[ -]?key/i,
      /authentication_error|permission_error|invalid_api_key/i,
      /oauth token (?:has )?(?:expired|revoked)/i,
      /authentication failed|\b403 forbidden\b/i,
      // aider and litellm
      /\bAuthenticationError\b|\bPermissionDeniedError\b/,
    ],
    statuses: [401, 403],
    whole: wholeMessage('401|403'),
  },
  {
    type: ERROR_TYPES.RATE_LIMITED,
    headline: 'Rate limited',
    retryable: true,
    phrases: [
      /rate[ _-]?limit/i,
      ...statusIn('429'),
      /too many/i,
      /hit your (?:\w+ )?limit/i,
      /usage[ _]limit/i,
      /limit reached/i,
      /resets /i,
      // Anthropic: 529 overloaded_error; OpenAI: insufficient_quota; Google by way of aider: RESOURCE_EXHAUSTED
      /overloaded_error|\boverloaded\b/i,
      /insufficient_quota|exceeded your current quota|resource_exhausted|quota exceeded/i,
      // 1min.ai: credits of the team are used up
      /insufficient[ _]credits?|not enough credits?/i,
    ],
    statuses: [429, 529],
    whole: wholeMessage('429'),
  },
  {
    type: ERROR_TYPES.TIMEOUT,
    headline: 'Timed out',
    retryable: true,
    phrases: [/timeout/i, /etimedout/i, /timed out/i],
    codes: ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
    statuses: [408, 504],
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
      /connection (?:refused|reset|error|aborted)|socket hang up|other side closed|fetch failed|error sending request|stream disconnected/i,
      /name or service not known|temporary failure in name resolution/i,
    ],
    codes: ['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'UND_ERR_SOCKET'],
  },
]

/** Text that names an error type without being that error: stack frames, timer functions, options. */
const noise: readonly RegExp[] = [
  /^[ \t]+at .+$/gm, // JavaScript frames: "at listOnTimeout (node:internal/timers:581:17)"
  /^[ \t]*File ".+", line \d+.*$/gm, // Python frames
  /\b(?:set|clear|_on|on|listOn)Timeout\b/g,
  /--[\w-]*timeout\b/gi,
]

/** Characters looked at: an error that needs more to say what it is does not say it. */
const longestText = 64 * 1024

const withoutNoise = (text: string): string =>
  noise.reduce((rest, pattern) => rest.replace(pattern, ''), text.length > longestText ? text.slice(-longestText) : text)

interface Evidence {
  /** Messages, outermost first, then stderr. */
  readonly text: string
  readonly message: string
  readonly codes: ReadonlySet<string>
  readonly status: number | undefined
}

/** `message`, `name` and `cause` of an Error are not enumerable: they are read one by one. */
const read = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined

/** Of anybody's `Headers`, or of a record; names may be spelled in any case, values may be numbers or lists. */
const headerOf = (headers: unknown, name: string): string | undefined => {
  if (typeof headers !== 'object' || headers === null) return undefined
  // The compiler does not take the symbol's presence for what it means.
  const pairs = Symbol.iterator in headers ? (headers as Iterable<unknown>) : Object.entries(headers)
  for (const pair of pairs) {
    const [key, value]: readonly unknown[] = Array.isArray(pair) ? pair : []
    if (typeof key !== 'string' || key.toLowerCase() !== name) continue
    const first: unknown = Array.isArray(value) ? value[0] : value
    if (typeof first === 'string' || typeof first === 'number') return String(first)
  }
  return undefined
}

/** The error and what caused it: fetch says "fetch failed" and keeps ECONNREFUSED in its cause. */
const chainOf = (error: unknown): readonly unknown[] => {
  const chain: unknown[] = []
  for (let at: unknown = error; at !== undefined && at !== null && chain.length < 8; at = read(at, 'cause')) {
    chain.push(at)
    const several = read(at, 'errors') // AggregateError of a connection that tried IPv6 and IPv4
    if (Array.isArray(several)) chain.push(...several.slice(0, 4))
  }
  return chain
}

const collect = (error: unknown, stderr: string): Evidence => {
  const messages: string[] = []
  const codes = new Set<string>()
  let status: number | undefined
  for (const link of chainOf(error)) {
    const message = typeof link === 'string' ? link : read(link, 'message')
    if (typeof message === 'string' && message !== '') messages.push(message)
    const code = read(link, 'code')
    if (typeof code === 'string') codes.add(code)
    // Clients of the axios kind keep the answer beside the error.
    for (const answer of [link, read(link, 'response')]) {
      const told = read(answer, 'status') ?? read(answer, 'statusCode')
      if (typeof told === 'number') status ??= told
      const retryAfter = headerOf(read(answer, 'headers'), 'retry-after')
      if (retryAfter !== undefined) messages.push(`Retry-After: ${retryAfter}`)
    }
  }
  return { text: withoutNoise([...messages, stderr].join('\n')), message: messages[0] ?? '', codes, status }
}

const matches = (rule: Rule, evidence: Evidence): boolean =>
  (evidence.status !== undefined && rule.statuses?.includes(evidence.status) === true) ||
  rule.codes?.some((code) => evidence.codes.has(code)) === true ||
  rule.whole?.test(evidence.message) === true ||
  rule.phrases.some((phrase) => phrase.test(evidence.text))

const longestLine = 500

/** The line that says it best: the error's own, else the last that is not empty. */
const saying = ({ message, text }: Evidence): string => {
  const lines = (message === '' ? text : message).split('\n').map((line) => line.trim())
  const chosen = message === '' ? lines.findLast((line) => line !== '') : lines.find((line) => line !== '')
  return (chosen ?? '').slice(0, longestLine)
}

/** `Rate limited` stands alone, as programs compare it; the others carry the line that says what exactly. */
const messageOf = (headline: string, evidence: Evidence, alone: boolean): string => {
  const detail = alone ? '' : saying(evidence)
  return detail === '' ? headline : `${headline}: ${detail}`
}

/**
 * Names an error by the table above: the first row that matches wins. `stderr` is the last part of what the program wrote there.
 * `now` is what relative reset times count from. Never throws.
 */
export const classifyError = (
  error: Classifiable | unknown,
  exitCode?: number | null,
  stderr?: string | null,
  now: Date = new Date(),
): ClassifiedError => {
  const evidence = collect(error, stderr ?? '')
  const rule = rules.find((candidate) => matches(candidate, evidence))
  if (rule !== undefined) {
    const message = messageOf(rule.headline, evidence, rule.type === ERROR_TYPES.RATE_LIMITED)
    const reset = rule.retryable ? resetTime(evidence.text, now) : undefined
    const named = { type: rule.type, message, retryable: rule.retryable }
    return reset === undefined ? named : { ...named, retry_at: reset.toISOString() }
  }
  if (exitCode === 137) {
    return { type: ERROR_TYPES.OOM, message: 'Killed (exit code 137), most likely out of memory', retryable: false }
  }
  if (exitCode !== undefined && exitCode !== null && exitCode !== 0) {
    return { type: ERROR_TYPES.EXIT_ERROR, message: messageOf(`Exited with code ${exitCode}`, evidence, false), retryable: false }
  }
  return { type: ERROR_TYPES.UNKNOWN, message: saying(evidence) || 'Unknown error', retryable: false }
}
