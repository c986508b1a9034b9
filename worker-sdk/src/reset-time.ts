/** Responsible for reading, in a provider's own words, when a limit resets; it knows no error type and reads no clock of its own. */

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** A reset further away than this is a misreading. */
const farthest = 31 * day

const unitMs = (unit: string): number => {
  const name = unit.toLowerCase()
  if (name.startsWith('ms') || name.startsWith('millis')) return 1
  if (name.startsWith('s')) return second
  if (name.startsWith('mo')) return Number.NaN
  if (name.startsWith('m')) return minute
  if (name.startsWith('h')) return hour
  return day
}

const amount = String.raw`\d+(?:\.\d+)?\s*(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b`
/** Go and OpenAI write `6m0s`, without a blank between the parts. */
const span = String.raw`(?:\d+(?:\.\d+)?(?:ms|s|m|h|d)){2,}|${amount}(?:(?:,?\s+(?:and\s+)?)${amount})*`
/** "try again in 20s", "retry after 5 seconds", "resets in 2 hours 3 minutes", `"retryDelay": "34s"`. */
const afterSpan = new RegExp(
  String.raw`(?:(?:try|retry) again|retry|wait|resets?|available(?: again)?|retry-?after|retrydelay)["']?\s*(?::|=|in|after|for)?\s*(?:about\s+)?["']?(${span})`,
  'i',
)
/** The header and its JSON twin: seconds, or an HTTP date. */
const retryAfterSeconds =
  /\b(?:retry[-_ ]?after(?:[-_ ]?seconds?)?|resets?[-_]in[-_]seconds)["']?\s*[:=]?\s*["']?(\d+(?:\.\d+)?)(?=\s*(?:["',;)\]}]|$))/im
const retryAfterMs = /\bretry[-_ ]?after[-_ ]?ms["']?\s*[:=]?\s*["']?(\d+(?:\.\d+)?)/i
const httpDate = /\bretry-after["']?\s*[:=]?\s*["']?((?:mon|tue|wed|thu|fri|sat|sun),\s+\d{1,2}\s+\w{3}\s+\d{4}\s+[\d:]{8}\s+gmt)/i
/** Claude Code in print mode: "Claude AI usage limit reached|1749924000". */
const epoch = /(?:limit reached\||resets?(?:[-_ ](?:at|time))?["']?\s*[:=|]\s*["']?)(1\d{9}(?:\d{3})?)\b/i
const isoTime =
  /(?:resets?|retry|try again|available)[^\n]{0,30}?(\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:z|[+-]\d{2}:?\d{2})?)/i
/** "resets 3pm", "resets Oct 9 at 5:30am (Europe/London)", "try again at Nov 3rd, 2025 5:14 PM", "resets at 15:00". */
const wallClock =
  /(?:resets?|try again|available again)(?:\s+(?:at|on|by))?\s+(?:(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(?:(\d{4})\s*,?\s*)?(?:at\s+)?)?(\d{1,2})(?::(\d{2}))?\s*(am|pm)?(?!\d|\.\d|%)(?:\s*\(?(utc|gmt|[a-z]+\/[a-z_/+-]+)\)?)?/i

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const spanMs = (text: string): number =>
  [...text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)].reduce((sum, [, count, unit]) => sum + Number(count) * unitMs(unit ?? ''), 0)

interface Fields {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
}

/** What a clock on the wall of `zone` shows; undefined for a zone that does not exist. */
const wallOf = (at: number, zone: string | undefined): Fields | undefined => {
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      ...(zone === undefined ? {} : { timeZone: zone }),
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const read = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? Number.NaN
    return { year: read('year'), month: read('month') - 1, day: read('day'), hour: read('hour'), minute: read('minute') }
  } catch {
    return undefined
  }
}

const asUtc = (fields: Fields): number => Date.UTC(fields.year, fields.month, fields.day, fields.hour, fields.minute)

/** The instant at which the wall clock of `zone` shows `fields`: two corrections are enough also across a change to summer time. */
const instantOf = (fields: Fields, zone: string | undefined): number | undefined => {
  let at = asUtc(fields)
  for (let step = 0; step < 2; step += 1) {
    const shown = wallOf(at, zone)
    if (shown === undefined) return undefined
    at += asUtc(fields) - asUtc(shown)
  }
  return at
}

const hourOf = (hourText: string, half: string | undefined): number => {
  const shown = Number(hourText)
  if (half === undefined) return shown
  return (shown % 12) + (half.toLowerCase() === 'pm' ? 12 : 0)
}

const fromWallClock = (match: RegExpExecArray, now: number, localZone: string | undefined): number | undefined => {
  const [, monthName, dayText, yearText, hourText, minuteText, half, zoneName] = match
  // A bare number is no time of day: "resets 5 counters".
  if (hourText === undefined || (half === undefined && minuteText === undefined)) return undefined
  const zone = zoneName === undefined ? localZone : /^(?:utc|gmt)$/i.test(zoneName) ? 'UTC' : zoneName
  const today = wallOf(now, zone)
  if (today === undefined) return undefined
  const time = { hour: hourOf(hourText, half), minute: Number(minuteText ?? 0) }
  if (time.hour > 23 || time.minute > 59) return undefined
  if (monthName === undefined || dayText === undefined) {
    const at = instantOf({ ...today, ...time }, zone)
    // The next time the clock shows it: Date.UTC carries day 32 over into the next month.
    return at !== undefined && at <= now ? instantOf({ ...today, ...time, day: today.day + 1 }, zone) : at
  }
  const month = months.indexOf(monthName.toLowerCase())
  const at = instantOf({ year: Number(yearText ?? today.year), month, day: Number(dayText), ...time }, zone)
  if (at !== undefined && at <= now && yearText === undefined) {
    return instantOf({ year: today.year + 1, month, day: Number(dayText), ...time }, zone)
  }
  return at
}

const readInstant = (text: string, now: number, zone: string | undefined): number | undefined => {
  const date = httpDate.exec(text)?.[1]
  if (date !== undefined) return Date.parse(date)
  const milliseconds = retryAfterMs.exec(text)?.[1]
  if (milliseconds !== undefined) return now + Number(milliseconds)
  const seconds = retryAfterSeconds.exec(text)?.[1]
  if (seconds !== undefined) return now + Number(seconds) * second
  const stamp = epoch.exec(text)?.[1]
  if (stamp !== undefined) return Number(stamp) * (stamp.length === 10 ? second : 1)
  const iso = isoTime.exec(text)?.[1]
  if (iso !== undefined) return Date.parse(/(?:z|[+-]\d{2}:?\d{2})$/i.test(iso) ? iso : `${iso.replace(' ', 'T')}Z`)
  const wait = afterSpan.exec(text)?.[1]
  if (wait !== undefined) return now + spanMs(wait)
  const clock = wallClock.exec(text)
  return clock === null ? undefined : fromWallClock(clock, now, zone)
}

/**
 * When the text says its limit resets, or undefined. A time of day without a zone is read in `zone` (an IANA name), by default the machine's own,
 * since command lines print local time. Times in the past and more than 31 days ahead are misreadings.
 */
export const resetTime = (text: string, now: Date, zone?: string): Date | undefined => {
  const at = readInstant(text, now.getTime(), zone)
  return at === undefined || !(at > now.getTime()) || at > now.getTime() + farthest ? undefined : new Date(at)
}
