/** Responsible for finding, in the headers of an answer, when a limit resets. */

const second = 1_000
const farthest = 31 * 24 * 3_600 * second

/** Reads any `Headers` object or record. Names can be in any case, and values can be numbers or lists. */
const pairsOf = (headers: unknown): readonly (readonly [string, string])[] => {
  if (typeof headers !== 'object' || headers === null) return []
  // The compiler does not conclude from the symbol that the object is iterable.
  const pairs = Symbol.iterator in headers ? (headers as Iterable<unknown>) : Object.entries(headers)
  const read: (readonly [string, string])[] = []
  for (const pair of pairs) {
    const [key, value]: readonly unknown[] = Array.isArray(pair) ? pair : []
    const first: unknown = Array.isArray(value) ? value[0] : value
    if (typeof key === 'string' && (typeof first === 'string' || typeof first === 'number')) read.push([key.toLowerCase(), String(first)])
    if (read.length >= 200) break
  }
  return read
}

/** "6m0s", "1.5s", "250ms", "45.821s": durations as Go and Google write them. */
const spanMs = (text: string): number | undefined => {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined
  const unit = { ms: 1, s: second, m: 60 * second, h: 3_600 * second, d: 86_400 * second }
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
    // The pattern names exactly the keys of `unit`.
    (sum, [, count, name]) => sum + Number(count) * unit[name as keyof typeof unit],
    0,
  )
}

/** A duration, a date, or a number: seconds or milliseconds since 1970, or, when small, a number from now in units of `small` milliseconds. */
const instantOf = (value: string, now: number, small: number): number | undefined => {
  const text = value.trim()
  const span = spanMs(text)
  if (span !== undefined) return now + span
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const count = Number(text)
    return count >= 1e12 ? count : count >= 1e9 ? count * second : now + count * small
  }
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : date
}

/** The last matching header wins: `retry-after-ms` is more precise than `retry-after`, and both are the server's own advice. */
export const resetOfHeaders = (headers: readonly unknown[], at: Date): Date | undefined => {
  const now = at.getTime()
  const pairs = headers.flatMap(pairsOf)
  const first = (pattern: RegExp): string | undefined => pairs.find(([name]) => pattern.test(name))?.[1]
  const usable = (instant: number | undefined): Date | undefined =>
    instant !== undefined && instant > now && instant <= now + farthest ? new Date(instant) : undefined

  const ms = first(/^(?:x-)?retry[-_]?after[-_]?ms$/)
  const advised = ms === undefined ? undefined : usable(instantOf(ms, now, 1))
  if (advised !== undefined) return advised
  const after = first(/^(?:x-)?retry[-_]?(?:after(?:[-_]?seconds)?|delay)$/)
  const asked = after === undefined ? undefined : usable(instantOf(after, now, second))
  if (asked !== undefined) return asked

  // Several limits have a reset time each. Wait for those that are used up, or for all of them when it is unknown which are.
  const left = new Map(
    pairs.filter(([name]) => name.includes('remaining')).map(([name, value]) => [name.replace('remaining', ''), Number(value)]),
  )
  const resets = pairs
    .filter(([name]) => /(?:rate-?limit|^reset).*reset|^(?:x-)?resets?(?:[-_]?(?:at|time|in|after|seconds))*$|^x-reset/.test(name))
    .filter(([name]) => !((left.get(name.replace('reset', '')) ?? 0) > 0))
    .map(([name, value]) => instantOf(value, now, name.endsWith('ms') ? 1 : second))
    .filter((instant) => instant !== undefined)
  return resets.length === 0 ? undefined : usable(Math.max(...resets))
}
