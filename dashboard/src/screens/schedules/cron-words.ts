/**
 * Responsible for describing a cron expression of five fields in words when a short description exists. Otherwise it gives none, and the next runs,
 * which the server computes, explain it.
 */

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const

const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/** The numbers of a field; undefined for syntax that is not supported here. `names`: the names of its numbers, starting with `first`. */
function numbersOf(field: string, first: number, last: number, names: readonly string[] = []): readonly number[] | undefined {
  const one = (text: string): number | undefined => {
    if (/^\d{1,2}$/.test(text)) return Number(text)
    const named = names.findIndex((name) => name.slice(0, 3).toUpperCase() === text.toUpperCase())
    return named === -1 ? undefined : named + first
  }
  const found = new Set<number>()
  for (const part of field.split(',')) {
    const [, span = '', step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? []
    const ends = span === '*' ? [first, last] : span.split('-').map(one)
    const [from, to = step === undefined ? from : last] = ends
    const by = step === undefined ? 1 : Number(step)
    if (from === undefined || to === undefined || ends.includes(undefined) || by < 1 || from > to || from < first || to > last)
      return undefined
    for (let value = from; value <= to; value += by) found.add(value)
  }
  return [...found].sort((left, right) => left - right)
}

const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
const two = (value: number): string => String(value).padStart(2, '0')
const ordinal = (value: number): string => {
  const ends = ['th', 'st', 'nd', 'rd']
  return `${value}${ends[(value - 20) % 10] ?? ends[value] ?? 'th'}`
}

/** `n` for a field of the form star, `/n`, counted from the field's first number; undefined for any other form. */
const stepOf = (field: string): number | undefined => {
  const [, step] = /^\*\/(\d{1,2})$/.exec(field) ?? []
  return step === undefined || Number(step) < 2 ? undefined : Number(step)
}

function timeWords(minute: string, hour: string): string | undefined {
  const minutes = numbersOf(minute, 0, 59)
  const hours = numbersOf(hour, 0, 23)
  if (minutes === undefined || hours === undefined) return undefined
  if (minute === '*' && hour === '*') return 'every minute'
  const step = stepOf(minute)
  if (step !== undefined && 60 % step === 0 && hour === '*') return `every ${step} minutes`
  const [first, ...others] = minutes
  if (first === undefined || others.length > 0) return undefined
  if (hour === '*') return first === 0 ? 'every hour' : `${first} minutes past every hour`
  const hourStep = stepOf(hour)
  if (hourStep !== undefined && 24 % hourStep === 0) return `every ${hourStep} hours${first === 0 ? '' : ` at ${first} minutes past`}`
  return hours.length > 6 ? undefined : `at ${listed(hours.map((value) => `${two(value)}:${two(first)}`))}`
}

function weekdayWords(field: string): string | undefined {
  const numbers = numbersOf(field, 0, 7, days)
  if (numbers === undefined) return undefined
  const found = new Set(numbers.map((value) => value % 7))
  const is = (...wanted: readonly number[]): boolean => found.size === wanted.length && wanted.every((value) => found.has(value))
  if (found.size === 7) return ''
  if (is(1, 2, 3, 4, 5)) return 'from Monday to Friday'
  if (is(0, 6)) return 'on weekends'
  // The week begins on Monday.
  return `on ${listed([1, 2, 3, 4, 5, 6, 0].filter((value) => found.has(value)).map((value) => `${days[value]}s`))}`
}

/** For example "at 03:00, from Monday to Friday"; undefined when there is no short description or the expression is invalid. */
export function cronWords(expression: string): string | undefined {
  const trimmed = expression.trim()
  const fields = (nicknames[trimmed.toLowerCase()] ?? trimmed).split(/\s+/)
  const [minute, hour, day, month, weekday] = fields
  if (
    fields.length !== 5 ||
    minute === undefined ||
    hour === undefined ||
    day === undefined ||
    month === undefined ||
    weekday === undefined
  )
    return undefined
  const time = timeWords(minute, hour)
  const onDays = day === '*' ? [] : numbersOf(day, 1, 31)
  const inMonths = month === '*' ? [] : numbersOf(month, 1, 12, months)
  const onWeekdays = weekday === '*' ? '' : weekdayWords(weekday)
  // When both a day and a weekday are given, cron runs on either. Few people expect that, so the next runs are shown instead.
  if (time === undefined || onDays === undefined || inMonths === undefined || onWeekdays === undefined) return undefined
  if (onDays.length > 5 || inMonths.length > 6 || (onDays.length > 0 && onWeekdays !== '')) return undefined
  const parts = [
    time,
    onDays.length > 0 ? `on the ${listed(onDays.map(ordinal))}${inMonths.length === 0 ? ' of every month' : ''}` : onWeekdays,
    inMonths.length > 0 ? `in ${listed(inMonths.map((value) => months[value - 1] ?? ''))}` : '',
  ].filter((part) => part !== '')
  const daily = parts.length === 1 && time.startsWith('at ') ? ', every day' : ''
  return parts.join(', ') + daily
}

/** For example "every 90 minutes", from seconds. */
export function everyWords(seconds: number): string {
  const units = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ] as const
  const [unit, size] = units.find(([, length]) => seconds % length === 0) ?? (['second', 1] as const)
  const count = seconds / size
  return count === 1 ? `every ${unit}` : `every ${count} ${unit}s`
}
