/** Responsible for finding, in the output of a failed program, the last lines that report the failure. */

/** A line in the form of an error report. An answer that merely discusses errors does not match. */
const looksLikeError =
  /^\s{0,8}(?:\[?(?:error|fatal|panic|critical)\]?\b[:!\s]|(?:api|http|network|request|connection|authentication) error\b|[\w.]{1,80}(?:Error|Exception)\b(?::|$)|HTTP[ /][\d. ]{0,6}[45]\d\d\b|[\w./-]{1,80}: (?:error|fatal|cannot|could not|command not found|not found|permission denied|no such file)\b|npm ERR!|curl: \(\d+\))/i
/** Messages about accounts and their limits. */
const speaksOfLimit =
  /\byou(?:'ve|’ve| have)? (?:\([^)\n]{1,80}\) )?(?:have )?(?:hit|reached|exceeded)\b.{0,80}\blimit\b|\b(?:usage|session|weekly|daily|hourly|rate|\d+-hour) limit (?:reached|exceeded|hit)\b|\blimit\b.{0,40}\bresets? |^\s{0,8}rate limited\b|please run \/login|^\s{0,8}not logged in\b|insufficient (?:balance|credits?|quota)|out of credits/i

/** How many lines are searched, from the end. Earlier output is the program's answer. */
const lastLines = 12
/** Longer lines are prose. */
const longestLine = 500

/** The last lines from the first one that looks like an error on; empty when there is none. */
export const errorLines = (text: string): string => {
  const lines = text.trimEnd().split('\n').slice(-lastLines)
  const first = lines.findIndex((line) => line.length <= longestLine && (looksLikeError.test(line) || speaksOfLimit.test(line)))
  return first === -1 ? '' : lines.slice(first).join('\n')
}

/** The text by which a failed program is classified: its stderr, and errors that it printed to stdout. */
export const evidenceOf = (stdout: string, stderr: string): string =>
  [errorLines(stdout.slice(-16_384)), stderr].filter((text) => text.trim() !== '').join('\n')
