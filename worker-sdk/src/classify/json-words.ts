/**
 * Responsible for JSON inside an error's text: the words of an error object are extracted, and JSON that is not an error (arguments of a tool, a log
 * record) is removed.
 */

export interface JsonFinding {
  /** The text with error JSON replaced by its words, and any other JSON left out. */
  readonly words: string
  /** Values of the fields that name an error: type, code, status, reason. */
  readonly names: readonly string[]
  /** The first of these values that is a status. */
  readonly status: number | undefined
  /** Every object with header fields that was found. */
  readonly headers: readonly unknown[]
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

const errorKeys = [
  'error',
  'errors',
  'error_type',
  'errorCode',
  'error_code',
  'error_message',
  'errorMessage',
  'fault',
  'exception',
] as const
const wordKeys = [
  'message',
  'msg',
  'detail',
  'title',
  'error_description',
  'error_message',
  'errorMessage',
  'description',
  'reason',
] as const
/** A code comes first because it is more specific than a type. */
const nameKeys = ['code', 'errorCode', 'error_code', 'status', 'statusCode', 'status_code', 'type', 'error_type', 'reason'] as const
/** Fields that contain upstream errors of a gateway, or typed details. */
const innerKeys = ['error', 'errors', 'metadata', 'details', 'cause', 'response', 'body', 'data', 'fault', 'exception'] as const

const isError = (value: Fields): boolean => {
  if (errorKeys.some((key) => value[key] !== undefined && value[key] !== null && value[key] !== false)) return true
  if (value['type'] === 'error') return true
  const level = value['level'] ?? value['severity']
  if (typeof level === 'string' && /^(?:error|fatal|critical|emerg|alert)/i.test(level)) return true
  const says = wordKeys.some((key) => typeof value[key] === 'string')
  return says && level === undefined && nameKeys.some((key) => isStatus(value[key]) || typeof value[key] === 'string')
}

/** A number or digits in the range of HTTP error statuses. */
export const isStatus = (value: unknown): boolean => statusOf(value) !== undefined

export const statusOf = (value: unknown): number | undefined => {
  const told = typeof value === 'string' && /^[45]\d\d$/.test(value.trim()) ? Number(value) : value
  return typeof told === 'number' && Number.isInteger(told) && told >= 400 && told < 600 ? told : undefined
}

const deepest = 6
const mostFindings = 64

interface Gathered {
  readonly words: string[]
  readonly names: string[]
  readonly headers: unknown[]
  status: number | undefined
}

const gather = (value: unknown, into: Gathered, depth = 0): void => {
  if (depth > deepest || into.words.length + into.names.length > mostFindings) return
  if (typeof value === 'string') {
    // A gateway passes on its upstream's answer as a text with JSON in it.
    const inner = value.length < 65_536 && /^\s*\{/.test(value) ? parse(value) : undefined
    if (inner === undefined) into.words.push(value)
    else gather(inner, into, depth + 1)
    return
  }
  if (Array.isArray(value)) {
    for (const one of value.slice(0, 8)) gather(one, into, depth + 1)
    return
  }
  if (!isFields(value)) return
  for (const key of wordKeys) if (typeof value[key] === 'string') gather(value[key], into, depth + 1)
  for (const key of nameKeys) {
    const name = value[key]
    into.status ??= statusOf(name)
    if (typeof name === 'string' && name.length <= 120) into.names.push(name)
  }
  for (const [key, found] of Object.entries(value)) {
    if (key.toLowerCase() === 'headers') into.headers.push(found)
    // Google's RetryInfo and similar fields are treated like headers.
    else if (/^(?:retry|reset)/i.test(key) && (typeof found === 'string' || typeof found === 'number')) into.headers.push({ [key]: found })
  }
  for (const key of innerKeys) gather(value[key], into, depth + 1)
  if (typeof value['raw'] === 'string') gather(value['raw'], into, depth + 1)
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The index after the last brace of the object that begins at `from`, or -1. */
const endOf = (text: string, from: number): number => {
  let depth = 0
  let inText = false
  for (let at = from; at < text.length; at += 1) {
    const char = text.charCodeAt(at)
    if (inText) {
      if (char === 92) at += 1
      else if (char === 34) inText = false
    } else if (char === 34) inText = true
    else if (char === 123) depth += 1
    else if (char === 125) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return -1
}

/** Maximum number of attempts to parse at a brace, because each failed attempt scans the rest of the text. */
const mostTries = 24

const empty = (): Gathered => ({ words: [], names: [], headers: [], status: undefined })

/** The findings in a value that is already an object: the body of an answer, or a client's error. */
export const wordsOfValue = (value: unknown): JsonFinding => {
  const into = empty()
  gather(value, into)
  return { words: into.words.join('\n'), names: into.names, status: into.status, headers: into.headers }
}

export const jsonIn = (text: string): JsonFinding => {
  const into = empty()
  const kept: string[] = []
  let from = 0
  let tries = 0
  for (let open = text.indexOf('{'); open !== -1 && tries < mostTries; open = text.indexOf('{', open)) {
    tries += 1
    const end = endOf(text, open)
    const value = end === -1 ? undefined : parse(text.slice(open, end))
    if (!isFields(value)) {
      open += 1
      continue
    }
    kept.push(text.slice(from, open))
    if (isError(value)) {
      const before = into.words.length
      gather(value, into)
      kept.push(` ${into.words.slice(before).join(' ')} `)
    }
    from = end
    open = end
  }
  kept.push(text.slice(from))
  return { words: kept.join(''), names: into.names, status: into.status, headers: into.headers }
}
