/**
 * Responsible for distinguishing answers of this service from those of something in between: a captive portal, a company's proxy, a load balancer.
 * Such an answer says nothing about the call, whatever its status is.
 */
import type { OperationId } from '@modelreins/contract'
import { codeOfStatus, errorFromProblem, isProblem, ModelReinsError } from './error.ts'
import { parseJson } from './json-text.ts'
import { rowOf } from './request.ts'

/** The title of a page, or the first words of a text. */
function beginningOf(text: string): string {
  const title = /<title[^>]{0,200}>([^<]{1,300})/i.exec(text)?.[1] ?? text.slice(0, 4_096).replaceAll(/<[^>]{0,2000}>/g, ' ')
  return title.replaceAll(/\s+/g, ' ').trim().slice(0, 120)
}

/** `body`: the answer as text. */
export function foreignAnswer(
  url: string,
  status: number,
  body: string,
  code: ModelReinsError['code'] = 'unexpected-response',
): ModelReinsError {
  const begins = beginningOf(body)
  const origin = new URL(url).origin
  const what = begins === '' ? 'an empty answer' : `"${begins}"`
  return new ModelReinsError(
    `HTTP ${status} with ${what} is no answer of a ModelReins server: something between here and ${origin} answers in its place (a proxy, a portal), or that is not its address`,
    { code, status, retryable: true, foreign: true },
  )
}

/** The error for a refusal with this body: the server's own, or that of something in between. */
export function refusalOf(url: string, status: number, text: string, retryAfterMs?: number): ModelReinsError {
  const body = parseJson(text)
  return isProblem(body) ? errorFromProblem(status, body, retryAfterMs) : foreignAnswer(url, status, text, codeOfStatus(status))
}

/** Names of the required fields of an operation's answer; undefined when it has none that can be checked. */
const required = new Map<OperationId, readonly string[] | undefined>()

function requiredOf(id: OperationId): readonly string[] | undefined {
  if (required.has(id)) return required.get(id)
  const { output } = rowOf(id)
  // Only objects are checked: for a union, a list or an empty answer the check would be complex and find little.
  const shape: unknown = 'shape' in output ? output.shape : undefined
  const names =
    typeof shape === 'object' && shape !== null
      ? Object.entries(shape).flatMap(([name, field]: [string, { safeParse?: (value: unknown) => { success: boolean } }]) =>
          field.safeParse?.(undefined).success === true ? [] : [name],
        )
      : undefined
  required.set(id, names)
  return names
}

/**
 * Whether `value` can be the answer of the operation. For calls that end an attempt, half of the required fields must be present: an older or newer
 * server may lack some of them, while answers from something in between have none. For other calls one field is enough, and an empty object is
 * accepted too, since it is not a page.
 */
export function isOurs(id: OperationId, value: unknown): boolean {
  const names = requiredOf(id)
  if (names === undefined || names.length === 0) return true
  if (typeof value !== 'object' || value === null) return false
  const found = names.filter((name) => name in value).length
  return rowOf(id).scope === 'attempt' ? found * 2 >= names.length : found > 0 || Object.keys(value).length === 0
}
