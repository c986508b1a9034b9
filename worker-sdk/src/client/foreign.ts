/**
 * Responsible for telling an answer of this service from one of something in between: a captive portal, a company's proxy, a load balancer. What
 * they answer says nothing about the call, whatever its status.
 */
import type { OperationId } from '@modelreins/contract'
import { codeOfStatus, errorFromProblem, isProblem, ModelReinsError } from './error.ts'
import { parseJson } from './json-text.ts'
import { rowOf } from './request.ts'

/** The first words of a page, or of a text. */
function beginningOf(text: string): string {
  const title = /<title[^>]{0,200}>([^<]{1,300})/i.exec(text)?.[1] ?? text.slice(0, 4_096).replaceAll(/<[^>]{0,2000}>/g, ' ')
  return title.replaceAll(/\s+/g, ' ').trim().slice(0, 120)
}

/** `body`: what came, as text. */
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

/** What a refusal with this body means: the server's own words, or those of something in between. */
export function refusalOf(url: string, status: number, text: string, retryAfterMs?: number): ModelReinsError {
  const body = parseJson(text)
  return isProblem(body) ? errorFromProblem(status, body, retryAfterMs) : foreignAnswer(url, status, text, codeOfStatus(status))
}

/** Names of what an answer of the operation must have; undefined where nothing can be said about it. */
const required = new Map<OperationId, readonly string[] | undefined>()

function requiredOf(id: OperationId): readonly string[] | undefined {
  if (required.has(id)) return required.get(id)
  const { output } = rowOf(id)
  // Only of an object: a union, a list or nothing at all tells less than it would cost.
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
 * Whether `value` can be what the operation answers. What ends an attempt must have half of what it must have: an older or a newer server may lack
 * the rest, and nothing in between has any of it. Elsewhere one field is enough, and nothing at all is no page either.
 */
export function isOurs(id: OperationId, value: unknown): boolean {
  const names = requiredOf(id)
  if (names === undefined || names.length === 0) return true
  if (typeof value !== 'object' || value === null) return false
  const found = names.filter((name) => name in value).length
  return rowOf(id).scope === 'attempt' ? found * 2 >= names.length : found > 0 || Object.keys(value).length === 0
}
