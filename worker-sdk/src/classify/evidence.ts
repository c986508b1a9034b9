/**
 * Responsible for collecting everything that says what went wrong: the messages of an error and its causes, codes, statuses, headers, bodies of
 * answers, and the output of a program. The text for classification (`words`) and the text for people (`said`) are separate.
 */
import { jsonIn, statusOf, wordsOfValue, type JsonFinding } from './json-words.ts'
import { withoutKeys, withoutNoise } from './quiet.ts'
import { statusInText, statusOfClass, statusOfName, statusOfWholeMessage } from './status.ts'

export interface Evidence {
  /** The text that is searched for phrases. */
  readonly words: string
  /** The complete original text, because a reset time can be anywhere in it. */
  readonly all: string
  /** The first message, unchanged, for people. Empty when there is none. */
  readonly message: string
  readonly stderr: string
  readonly codes: ReadonlySet<string>
  /** The known status, from a number or from a name that stands for one. */
  readonly status: number | undefined
  readonly headers: readonly unknown[]
}

/** Maximum number of characters to read: a longer error does not become clearer. */
const longestText = 64 * 1024

/** `message`, `name` and `cause` of an Error are not enumerable, so they are read by name. */
const read = (value: unknown, name: string): unknown => {
  try {
    return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined
  } catch {
    return undefined
  }
}

/** The error and its causes: fetch says "fetch failed" and has ECONNREFUSED in its cause. */
const chainOf = (error: unknown): readonly unknown[] => {
  const chain: unknown[] = []
  for (let at: unknown = error; at !== undefined && at !== null && chain.length < 8; at = read(at, 'cause')) {
    chain.push(at)
    const several = read(at, 'errors') // AggregateError of a connection that tried IPv6 and IPv4
    if (Array.isArray(several)) chain.push(...several.slice(0, 4))
  }
  return chain
}

const isCode = (code: unknown): code is string => typeof code === 'string' && code !== ''

const bounded = (text: string): string => (text.length > longestText ? text.slice(-longestText) : text)

interface Gathered {
  readonly messages: string[]
  readonly codes: Set<string>
  readonly names: string[]
  readonly headers: unknown[]
  readonly bodies: JsonFinding[]
  status: number | undefined
}

const gather = (error: unknown): Gathered => {
  const found: Gathered = { messages: [], codes: new Set(), names: [], headers: [], bodies: [], status: undefined }
  for (const link of chainOf(error)) {
    const message = typeof link === 'string' ? link : read(link, 'message')
    if (typeof message === 'string' && message !== '') found.messages.push(message)
    const code = read(link, 'code')
    if (isCode(code)) found.codes.add(code)
    for (const name of [code, read(link, 'type')]) if (isCode(name)) found.names.push(name)
    // Clients like axios attach the answer to the error; those of OpenAI and Anthropic attach its body as `error`.
    for (const answer of [link, read(link, 'response')]) {
      found.status ??= statusOf(read(answer, 'status')) ?? statusOf(read(answer, 'statusCode')) ?? statusOf(read(answer, 'code'))
      const headers = read(answer, 'headers')
      if (typeof headers === 'object' && headers !== null) found.headers.push(headers)
    }
    for (const name of ['error', 'body', 'details', 'metadata', 'data'] as const) {
      const body = read(link, name)
      if (typeof body === 'object' && body !== null) found.bodies.push(wordsOfValue(body))
    }
  }
  return found
}

const firstOf = <Value>(...candidates: readonly (() => Value | undefined)[]): Value | undefined => {
  for (const candidate of candidates) {
    const found = candidate()
    if (found !== undefined) return found
  }
  return undefined
}

const statusOfNames = (names: readonly string[]): number | undefined => firstOf(...names.map((name) => () => statusOfName(name)))

export const collect = (error: unknown, stderr: string): Evidence => {
  const found = gather(error)
  const message = bounded(found.messages.join('\n'))
  const written = bounded(stderr)
  const ofMessage = jsonIn(message)
  const ofStderr = jsonIn(written)
  const [first = ''] = found.messages
  const status = firstOf(
    () => found.status,
    () => statusOfWholeMessage(first.slice(0, 1_000)),
    () => statusInText(ofMessage.words),
    () => ofMessage.status,
    () => firstOf(...found.bodies.map((body) => () => body.status)),
    () => statusOfNames([...found.names, ...ofMessage.names, ...found.bodies.flatMap((body) => body.names)]),
    () => statusOfClass(ofMessage.words),
    () => statusInText(ofStderr.words),
    () => ofStderr.status,
    () => statusOfNames(ofStderr.names),
    () => statusOfClass(ofStderr.words),
  )
  const bodies = found.bodies.map((body) => body.words)
  return {
    words: withoutKeys(withoutNoise([ofMessage.words, ...ofMessage.names, ...bodies, ofStderr.words].join('\n'))),
    all: [message, ...bodies, written].join('\n'),
    message: first,
    stderr: written,
    codes: found.codes,
    status,
    headers: [...found.headers, ...found.bodies.flatMap((body) => body.headers), ...ofMessage.headers, ...ofStderr.headers],
  }
}
