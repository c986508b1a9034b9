/**
 * Responsible for describing what is wrong with an input, in words for its author. It knows no field; a message that a schema sets itself is kept.
 */
import type * as z from 'zod'
import type { Issue } from './problem.ts'

const shown = (text: string): string => (text.length > 120 ? `${text.slice(0, 120)}...` : text)
const pathOf = (path: readonly PropertyKey[]): string => shown(path.map(String).join('.'))

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}
const kindOf = (value: unknown): string =>
  kinds[value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value] ?? 'something else'

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = root
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Reflect.get(value, key)
  }
  return value
}

/** The beginning of the parser's default messages, as opposed to messages that the schema sets. */
const isParsers = /^(?:Invalid|Too|Unrecognized) /

function sizeInWords(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [end, bound] = issue.code === 'too_small' ? (['least', issue.minimum] as const) : (['most', issue.maximum] as const)
  if (issue.origin === 'string' || issue.origin === 'array' || issue.origin === 'record') {
    if (issue.code === 'too_small' && Number(bound) === 1) return 'must not be empty'
    const unit = issue.origin === 'string' ? 'characters' : 'entries'
    return `must have ${issue.exact === true ? 'exactly' : `at ${end}`} ${bound} ${unit}`
  }
  if (issue.inclusive === false) return `must be ${issue.code === 'too_small' ? 'more' : 'less'} than ${bound}`
  return `must be at ${end} ${bound}`
}

const oneOf = (values: readonly unknown[]): string => (values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`)

/** The words for an issue about one value. `given`: the value; undefined when it is absent. */
function wordsOf(issue: z.core.$ZodIssue, given: unknown): string {
  if (given === undefined && issue.code === 'invalid_type') return 'is required'
  if (!isParsers.test(issue.message)) return issue.message
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}, not ${kindOf(given)}`
    case 'invalid_value':
      return given === undefined ? `is required: ${oneOf(issue.values)}` : `must be ${oneOf(issue.values)}`
    case 'too_small':
    case 'too_big':
      return sizeInWords(issue)
    case 'invalid_format':
      return issue.format === 'regex'
        ? `must match ${issue.pattern ?? ''}`
        : `must be a valid ${issue.format === 'url' ? 'URL' : issue.format}`
    default:
      return issue.message
  }
}

function issueOf(issue: z.core.$ZodIssue, input: unknown): Issue[] {
  const path = pathOf(issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'is not a field of this request' }))
  if (issue.code === 'invalid_union') {
    const reasons = issue.errors.flatMap((option) =>
      option.flatMap((inner) => issueOf({ ...inner, path: [...issue.path, ...inner.path] }, input)),
    )
    const messages = [...new Set(reasons.map((reason) => reason.message))]
    return [{ path, message: shown(messages.length === 0 ? wordsOf(issue, valueAt(input, issue.path)) : messages.join(', or ')) }]
  }
  return [{ path, message: shown(wordsOf(issue, valueAt(input, issue.path))) }]
}

/** Every issue with the path of its field; `input` is the value that was parsed. */
export const issuesOf = (error: Pick<z.core.$ZodError, 'issues'>, input: unknown): Issue[] =>
  error.issues.flatMap((issue) => issueOf(issue, input))

/** An issue with the name of its field in front, where the field has no other name. */
export const issueInWords = ({ path, message }: Issue): string => (path === '' ? message : `${path}: ${message}`)
