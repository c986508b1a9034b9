/** Responsible for finding, in what a program printed as its answer, the last lines that speak of its failure. */

/** A line that says of itself that something went wrong. An answer may talk about errors in any other way. */
const looksLikeError =
  /^\s{0,8}(?:\[?(?:error|fatal|panic|critical)\]?\b[:!\s]|(?:api|http|network|request|connection|authentication) error\b|[\w.]{1,80}(?:Error|Exception)\b(?::|$)|HTTP[ /][\d. ]{0,6}[45]\d\d\b|[\w./-]{1,80}: (?:error|fatal|cannot|could not|command not found|not found|permission denied|no such file)\b|npm ERR!|curl: \(\d+\))/i
/** What accounts and their limits say to their owner. */
const speaksOfLimit =
  /\byou(?:'ve|’ve| have)? (?:\([^)\n]{1,80}\) )?(?:have )?(?:hit|reached|exceeded)\b.{0,80}\blimit\b|\b(?:usage|session|weekly|daily|hourly|rate|\d+-hour) limit (?:reached|exceeded|hit)\b|\blimit\b.{0,40}\bresets? |^\s{0,8}rate limited\b|please run \/login|^\s{0,8}not logged in\b|insufficient (?:balance|credits?|quota)|out of credits/i

/** Lines looked at, from the end: what a program says before that is its answer. */
const lastLines = 12
/** A longer line is prose. */
const longestLine = 500

/** The lines among the last ones that look like an error, with what follows the first of them; empty when there is none. */
export const errorLines = (text: string): string => {
  const lines = text.trimEnd().split('\n').slice(-lastLines)
  const first = lines.findIndex((line) => line.length <= longestLine && (looksLikeError.test(line) || speaksOfLimit.test(line)))
  return first === -1 ? '' : lines.slice(first).join('\n')
}

/** What to classify a failed program by: its stderr, and the errors that it printed on the wrong stream. */
export const evidenceOf = (stdout: string, stderr: string): string =>
  [errorLines(stdout.slice(-16_384)), stderr].filter((text) => text.trim() !== '').join('\n')
