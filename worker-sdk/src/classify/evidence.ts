/**
 * Responsible for gathering everything that says what went wrong: the messages of an error and of its causes, codes, statuses, headers, the bodies
 * of answers, and what a program wrote. What is classified (`words`) and what is shown to people (`said`) are kept apart.
 */
import { jsonIn, statusOf, wordsOfValue, type JsonFinding } from './json-words.ts'
import { withoutKeys, withoutNoise } from './quiet.ts'
import { statusInText, statusOfClass, statusOfName, statusOfWholeMessage } from './status.ts'

export interface Evidence {
  /** What phrases are looked for in. */
  readonly words: string
  /** Everything, as it was written: reset times are told anywhere. */
  readonly all: string
  /** The first message as it is, for people. Empty when there is none. */
  readonly message: string
  readonly stderr: string
  readonly codes: ReadonlySet<string>
  /** The status that is known, by a number or by a name that stands for one. */
  readonly status: number | undefined
  readonly headers: readonly unknown[]
}

/** Characters looked at: an error that needs more to say what it is does not say it. */
const longestText = 64 * 1024

/** `message`, `name` and `cause` of an Error are not enumerable: they are read one by one. */
const read = (value: unknown, name: string): unknown => {
  try {
    return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined
  } catch {
    return undefined
  }
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
    // Clients of the axios kind keep the answer beside the error; those of OpenAI and Anthropic its body as `error`.
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
