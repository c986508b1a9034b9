/** Responsible for the HTTP status that a text or an error code names. */

/** A number of counted things is not a status, whatever precedes it: "401 files", "403 of 500". */
const counted =
  String.raw`(?!\s{1,4}(?:` +
  'files lines rows items tests records bytes tokens times entries changes errors warnings ms seconds minutes hours jobs objects results matches issues problems commits pages messages images documents packages modules failures vulnerabilities'
    .split(' ')
    .map((noun) => `[${noun.charAt(0)}${noun.charAt(0).toUpperCase()}]${noun.slice(1)}`)
    .join('|') +
  String.raw`)\b)(?!\s{0,4}(?:(?:out )?of|\/)\s{0,4}\d)`
/** Exit codes are written with the same words and are not HTTP statuses. */
const howItEnded = String.raw`(?<!\b(?:exit(?:ed|s)?|return(?:ed|s)?|finished|ended|terminated)(?: with)? (?:an? |the )?)`
/** "code" counts only as the name of a field: in a sentence, "code 401" is usually a program's own code. */
const fieldNamed = String.raw`(?:["']code["']|(?<=^[ \t]{0,40}|[{,([][ \t]{0,8})code(?=[ \t]{0,4}[:=]))`
const number = String.raw`([45]\d\d)`
const ends = String.raw`(?![\w.]\d|\d|:\d)`

const reasons =
  'Bad Request|Unauthorized|Payment Required|Forbidden|Not Found|Method Not Allowed|Proxy Authentication Required|Request Time-?out|Conflict|Gone|' +
  'Payload Too Large|Content Too Large|Request Entity Too Large|Unprocessable|Too Many Requests|Internal Server Error|Not Implemented|Bad Gateway|' +
  'Service (?:Temporarily )?Unavailable|Gateway Time-?out'

/**
 * A number counts as a status only where the text says so: "HTTP 429", "status code 401", "API Error: 403 {...}", `"code": 429`, "Request failed:
 * 401", "503 Service Unavailable". A line number, a count, a port, a price and an exit code do not count.
 */
const patterns: readonly RegExp[] = [
  // A naming word directly before the number, and no counted noun after it.
  new RegExp(
    String.raw`${howItEnded}(?:\bhttp(?:\/[\d.]{1,4})?|\bhttp[ _-]?error|\bstatus(?:[ _-]?code)?|\bapi error|\b(?:error|response)[ _-]?code|${fieldNamed})["']?\s{0,4}(?:[:=(]|is|was|of)?\s{0,4}["'(]?(?:http\s{1,4})?${number}${ends}${counted}`,
    'im',
  ),
  // "Error: 429 {json}", "AuthenticationError: 401 Incorrect API key": a message follows, not a counted noun.
  new RegExp(String.raw`(?:[Ee]rror|ERROR):? ${number}(?=$|[,:;)]|\s{0,4}[-{("'<]|\s{1,4}[A-Z])${counted}`, 'm'),
  // A request was made, and the number was its answer.
  new RegExp(
    String.raw`\b(?:request|call|fetch|upload|download|login|response|server|api|gateway|upstream|endpoint|proxy)\b[ \w]{0,20}\b(?:failed|rejected|refused|denied|returned|responded|answered|error)(?: with)?(?: an?)?(?: error)?[:,]? {0,2}\(?(?:http |status |code )?${number}\b${ends}${counted}`,
    'i',
  ),
  new RegExp(String.raw`(?<![\w.:$#/-])${number} (?:${reasons})\b`, 'i'),
]
/**
 * The form of a whole message by clients like OpenAI's: "401 Incorrect API key provided". Applied only to the error's own message, never to a line of
 * stderr.
 */
const whole = new RegExp(String.raw`^\s{0,8}(?:error:?\s{1,4})?${number}${counted}(?:$|[ :] ?[A-Z{"])`)

/** The first status that the text names, or undefined. */
export const statusInText = (text: string): number | undefined => {
  let first: RegExpExecArray | undefined
  for (const pattern of patterns) {
    const match = pattern.exec(text)
    if (match !== null && (first === undefined || match.index < first.index)) first = match
  }
  return first?.[1] === undefined ? undefined : Number(first[1])
}

/** The status of a message that consists only of a status and its text. */
export const statusOfWholeMessage = (message: string): number | undefined => {
  const told = whole.exec(message)?.[1]
  return told === undefined ? undefined : Number(told)
}

/** Codes and types that servers use instead of a number, with the HTTP status that they mean. The first match wins. */
const named: readonly (readonly [RegExp, number])[] = [
  [/insufficient[ _-]?(?:quota|credit|balance|fund)|billing|payment|credits?_(?:exhausted|depleted)|out_of_credits/i, 402],
  [/rate_?limit|limit_?(?:reached|exceeded)|too_?many|throttl|resource_?exhausted|quota|usage_limit/i, 429],
  [/overloaded/i, 529],
  [/context_?(?:length|size|window)|exceed_context|too_?large|too_?long|request_too/i, 413],
  [/authenticat|authoriz|api_?key|^forbidden$|permission|oauth|(?:invalid|expired)_?token|token_?expired/i, 401],
  [/not_?found/i, 404],
  [
    /invalid_?(?:request|argument|param|prompt)|bad_?request|badrequest|validation|unprocessable|failed_?precondition|content_?filter/i,
    400,
  ],
  [/deadline_?exceeded|gateway_?time/i, 504],
  [/time_?(?:d_)?out/i, 408],
  [/unavailable|no_healthy/i, 503],
  [/server_?error|internal|^api_error$|bad_?gateway|upstream/i, 500],
]

/** The status that a code such as "rate_limit_error" or "UNAVAILABLE" stands for; undefined for an unspecific code. */
export const statusOfName = (name: string): number | undefined => named.find(([pattern]) => pattern.test(name))?.[1]

/** Error classes of clients, which programs print before the message: `litellm.ServiceUnavailableError: ...`. */
const classes: readonly (readonly [RegExp, number])[] = [
  [/\b(?:RateLimitError|ThrottlingException|TooManyRequestsException|ThrottlerException)\b/, 429],
  [/\b(?:ServiceUnavailableError|InternalServerError|BadGatewayError|APIStatusError: 5\d\d)\b/, 503],
  [/\b(?:AuthenticationError|PermissionDeniedError)\b/, 401],
  [/\b(?:BadRequestError|ContextWindowExceededError|UnprocessableEntityError|InvalidRequestError|ContentPolicyViolationError)\b/, 400],
]

export const statusOfClass = (text: string): number | undefined => classes.find(([pattern]) => pattern.test(text))?.[1]
