/** Responsible for finding, in a provider's message, when a limit resets. */

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** A reset time further in the future than this is a parsing error. */
const farthest = 31 * day
/**
 * A time that passed within this period means a limit that is just being lifted, in a message that is a little old; it does not mean the same time
 * tomorrow.
 */
const justPassed = 30 * minute
/** How long to wait for such a limit. */
const soon = 1 * minute

const unitMs = (unit: string): number => {
  const name = unit.toLowerCase()
  if (name.startsWith('ms') || name.startsWith('millis')) return 1
  if (name.startsWith('s')) return second
  if (name.startsWith('mo')) return Number.NaN
  if (name.startsWith('m')) return minute
  if (name.startsWith('h')) return hour
  return day
}

const units = String.raw`(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b`
const amount = String.raw`(?:\d{1,12}(?:\.\d{1,12})?\s{0,3}|an?\s|one\s)${units}`
/** Go and OpenAI write `6m0s`, without blanks between the parts. */
const span = String.raw`(?:\d{1,12}(?:\.\d{1,12})?(?:ms|s|m|h|d)){2,8}|${amount}(?:(?:,?\s(?:and\s)?)${amount}){0,8}`
/** "try again in 20s", "retry after 5 seconds", "resets in 2 hours 3 minutes", `"retryDelay": "34s"`. */
const afterSpan = new RegExp(
  String.raw`(?:(?:try|retry)(?:ing)? again|retry(?:ing)?|wait|(?<![\w])resets?|reset_after|available(?: again)?|retry-?after|retry_?delay)["']?\s{0,4}(?::|=|in|after|for|until)?\s{0,4}(?:about\s|approximately\s|at least\s|~)?["']?(${span})`,
  'i',
)
/** The header and the JSON field of that name: seconds, or an HTTP date. */
const retryAfterSeconds =
  /\b(?:retry[-_ ]?after(?:[-_ ]?(?:seconds?|secs?|s))?|resets?[-_]?(?:in|after)[-_]?(?:seconds?|secs?))["']?[ \t]{0,4}[:=]?[ \t]{0,4}["']?(\d{1,12}(?:\.\d{1,12})?)(?=[ \t]{0,4}(?:["',;)\]}]|$))/im
const retryAfterMs =
  /\b(?:retry[-_ ]?after|resets?[-_]?in)[-_ ]?(?:ms|millis(?:econds)?)["']?\s{0,4}[:=]?\s{0,4}["']?(\d{1,15}(?:\.\d{1,12})?)/i
const httpDate = /\bretry-after["']?\s{0,4}[:=]?\s{0,4}["']?((?:mon|tue|wed|thu|fri|sat|sun),\s+\d{1,2}\s+\w{3}\s+\d{4}\s+[\d:]{8}\s+gmt)/i
/** Claude Code in print mode: "Claude AI usage limit reached|1749924000". */
const epoch = /(?:limit reached\||resets?(?:[-_ ]?(?:at|time|timestamp))?["']?\s{0,4}[:=|]\s{0,4}["']?)(1\d{9}(?:\d{3})?)\b/i
const isoTime =
  /(?:resets?|retry|try again|available|until)[^\n]{0,30}?(\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)[ \t]{0,2}(z\b|utc\b|gmt\b|[+-]\d{2}:?\d{2}\b)?/i

const monthName = String.raw`(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?`
const year = String.raw`(?:,?\s{1,2}(\d{4})(?!\d|:))?`
/** "Oct 9", "November 3rd, 2025"; and "9 October 2026". */
const monthFirst = String.raw`${monthName}\s{1,2}(\d{1,2})(?:st|nd|rd|th)?${year}`
const dayFirst = String.raw`(\d{1,2})(?:st|nd|rd|th)?\s{1,2}(?:of\s)?${monthName}${year}`
const weekdayName = String.raw`(?:on\s|next\s)?(sun|mon|tue|wed|thu|fri|sat)[a-z]{0,6}\.?`
const clockTime = String.raw`(\d{1,2})(?::(\d{2}))?(?::\d{2})?\s{0,2}(am|pm|a\.m\.|p\.m\.)?(?!\d|\.\d|%|:)`
/** A zone in brackets, or without brackets if it is a known one: any other word after a time is not a zone. */
const zoneName = String.raw`(?:\s{0,2}\(([A-Za-z][\w/+:-]{1,40})\)|\s{1,2}(utc(?:[+-]\d{1,2}(?::?\d{2})?)?|gmt(?:[+-]\d{1,2}(?::?\d{2})?)?|[a-z]+\/[a-z_/+-]+|[ecmp][sd]?t|z)\b)?`
const wallStart = String.raw`(?:resets?|try again|available again|retry)(?:\s{1,2}(?:at|on|by|after))?[:\s]\s{0,2}`
const separator = String.raw`,?\s{1,2}(?:at\s)?`
/** "resets 3pm", "resets Oct 9 at 5:30am (Europe/London)", "try again at Nov 3rd, 2025 5:14 PM", "resets Fri 4:00 PM", "resets at 15:00". */
const wallClock = new RegExp(
  String.raw`${wallStart}(?:${weekdayName}${separator})?(?:(?:${monthFirst}|${dayFirst})${separator})?${clockTime}${zoneName}`,
  'i',
)

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const spanMs = (text: string): number =>
  [...text.matchAll(/(\d+(?:\.\d+)?|\ban?\b|\bone\b)\s*([a-z]+)/gi)].reduce(
    (sum, [, count = '', unit = '']) => sum + (/^\d/.test(count) ? Number(count) : 1) * unitMs(unit),
    0,
  )

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
/** Abbreviations that the platform does not know, with the zones that their authors mean. */
const abbreviations: Readonly<Record<string, string>> = {
  et: 'America/New_York',
  edt: 'America/New_York',
  est: 'America/New_York',
  ct: 'America/Chicago',
  cdt: 'America/Chicago',
  cst: 'America/Chicago',
  mt: 'America/Denver',
  mdt: 'America/Denver',
  mst: 'America/Denver',
  pt: 'America/Los_Angeles',
  pdt: 'America/Los_Angeles',
  pst: 'America/Los_Angeles',
  bst: 'Europe/London',
  cest: 'Europe/Paris',
  eest: 'Europe/Athens',
  msk: 'Europe/Moscow',
  ist: 'Asia/Kolkata',
  jst: 'Asia/Tokyo',
  kst: 'Asia/Seoul',
  sgt: 'Asia/Singapore',
  hkt: 'Asia/Hong_Kong',
  aest: 'Australia/Sydney',
  aedt: 'Australia/Sydney',
  z: 'UTC',
  utc: 'UTC',
  gmt: 'UTC',
}

/**
 * A zone in the form that `Intl` accepts. "UTC+5:30" and "GMT-3" count eastwards from Greenwich, as people write them; "Etc/GMT+3" counts westwards.
 */
const zoneOf = (name: string): string => {
  const offset = /^(?:utc|gmt)([+-])(\d{1,2})(?::?(\d{2}))?$/i.exec(name)
  if (offset === null) return abbreviations[name.toLowerCase()] ?? name
  const [, sign, hours = '', minutes = '00'] = offset
  // Node supports offsets as zone names only from version 20 on. Whole hours have a name in every version, with the sign reversed.
  return minutes === '00' ? `Etc/GMT${sign === '+' ? '-' : '+'}${Number(hours)}` : `${sign}${hours.padStart(2, '0')}:${minutes}`
}

interface Fields {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
}

/** The local date and time in `zone`; undefined for a zone that does not exist. */
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

/** The instant at which the local time in `zone` is `fields`. Two corrections are enough, even across a change to summer time. */
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
  return (shown % 12) + (half.toLowerCase().startsWith('p') ? 12 : 0)
}

const fromWallClock = (match: RegExpExecArray, now: number, localZone: string | undefined): number | undefined => {
  const [, weekday, month1, day1, year1, day2, month2, year2, hourText, minuteText, half, bracketed, bare] = match
  // A number alone is not a time of day: "resets 5 counters".
  if (hourText === undefined || (half === undefined && minuteText === undefined)) return undefined
  const named = bracketed ?? bare
  const wanted = named === undefined ? localZone : zoneOf(named)
  // An unknown zone name most likely means this machine's own zone.
  const zone = wallOf(now, wanted) === undefined ? localZone : wanted
  const today = wallOf(now, zone)
  if (today === undefined) return undefined
  const time = { hour: hourOf(hourText, half), minute: Number(minuteText ?? 0) }
  if (time.hour > 23 || time.minute > 59) return undefined
  const passed = (at: number | undefined): boolean => at !== undefined && at <= now - justPassed
  // Date.UTC accepts day 32 as a day of the next month.
  const onDay = (days: number): number | undefined => instantOf({ ...today, ...time, day: today.day + days }, zone)
  const monthName = month1 ?? month2
  const dayText = day1 ?? day2
  if (monthName !== undefined && dayText !== undefined) {
    const month = months.indexOf(monthName.toLowerCase())
    const yearText = year1 ?? year2
    const at = instantOf({ year: Number(yearText ?? today.year), month, day: Number(dayText), ...time }, zone)
    return passed(at) && yearText === undefined ? instantOf({ year: today.year + 1, month, day: Number(dayText), ...time }, zone) : at
  }
  if (weekday !== undefined) {
    const weekdayToday = new Date(Date.UTC(today.year, today.month, today.day)).getUTCDay()
    const ahead = (weekdays.indexOf(weekday.toLowerCase()) - weekdayToday + 7) % 7
    const at = onDay(ahead)
    return passed(at) ? onDay(ahead + 7) : at
  }
  // The next occurrence of that time of day, or the last one when it was a moment ago.
  const yesterday = onDay(-1)
  if (yesterday !== undefined && !passed(yesterday)) return yesterday
  const at = onDay(0)
  return passed(at) ? onDay(1) : at
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
  const [, iso, offset = 'Z'] = isoTime.exec(text) ?? []
  if (iso !== undefined) return Date.parse(`${iso.replace(/[t ]/i, 'T')}${/^[zug]/i.test(offset) ? 'Z' : offset}`)
  const wait = afterSpan.exec(text)?.[1]
  if (wait !== undefined) return now + spanMs(wait)
  const clock = wallClock.exec(text)
  return clock === null ? undefined : fromWallClock(clock, now, zone)
}

/** Only this many characters at the end of the text are searched. */
const longestText = 64 * 1024

/**
 * When the text says that its limit resets, or undefined. A time of day without a zone, or in an unknown one, is read in `zone` (an IANA name), by
 * default the machine's own, since command lines print local time. A time that has just passed means soon. One that passed long ago, or is more than
 * 31 days ahead, is a parsing error and ignored.
 */
export const resetTime = (text: string, now: Date, zone?: string): Date | undefined => {
  const from = now.getTime()
  const at = readInstant(text.length > longestText ? text.slice(-longestText) : text, from, zone)
  if (at === undefined || Number.isNaN(at) || at > from + farthest) return undefined
  if (at > from) return new Date(at)
  return at < from && at > from - justPassed ? new Date(from + soon) : undefined
}
