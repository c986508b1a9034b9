/** Responsible for writing the OpenAPI document as text so that a change of one operation or schema changes one line. */
import type { Json, JsonObject } from './schemas.ts'

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Entries at this depth are written on one line each: `paths` > path > method, `components` > kind > name. */
const depth = 3

function spelled(value: Json, level: number): string {
  if (!isObject(value) || level === depth) return JSON.stringify(value)
  const indent = '  '.repeat(level + 1)
  const members = Object.entries(value).map(([key, inner]) => `${indent}${JSON.stringify(key)}: ${spelled(inner, level + 1)}`)
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${'  '.repeat(level)}}`
}

export const spelledShort = (document: JsonObject): string => `${spelled(document, 0)}\n`
