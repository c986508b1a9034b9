/** Responsible for parsing the value of one setting from any source: code, a variable, or the config file. */
import { splitArgs } from '../../providers/child-process/split-args.ts'
import type { Setting } from './table.ts'

const asText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : undefined

/** A URL without trailing slashes. */
function asAddress(value: unknown): string | undefined {
  try {
    const text = asText(value) ?? ''
    return /^https?:$/.test(new URL(text).protocol) ? text.replace(/\/+$/, '') : undefined
  } catch {
    return undefined
  }
}

/** Rejects only values that cannot be sent in a header; the server decides whether the token is valid. */
const asToken = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x21-\x7e]+$/.test(value.trim()) ? value.trim() : undefined

function asList(value: unknown): readonly string[] | undefined {
  const parts = typeof value === 'string' ? value.split(',') : value
  if (!Array.isArray(parts) || !parts.every((part): part is string => typeof part === 'string')) return undefined
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

function asCount(value: unknown, min: number, max: number): number | undefined {
  const number = typeof value === 'string' && /^\d{1,12}$/.test(value.trim()) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max ? number : undefined
}

function asFlag(value: unknown): boolean | undefined {
  if (value === true || value === 'true' || value === '1' || value === 'yes') return true
  return value === false || value === 'false' || value === '0' || value === 'no' ? false : undefined
}

const asChoice = (value: unknown, choices: readonly string[]): string | undefined => choices.find((choice) => choice === value)

function asArgs(value: unknown): readonly string[] | undefined {
  if (Array.isArray(value)) return value.every((part): part is string => typeof part === 'string') ? value : undefined
  return typeof value === 'string' ? splitArgs(value) : undefined
}

/** "a, b or c". */
const orList = (words: readonly string[]): string =>
  [words.slice(0, -1).join(', '), words.at(-1)].filter((part) => part !== '').join(' or ')

/** The parser of a row's value, and a description of valid values. */
export function reading(row: Setting): { readonly parse: (value: unknown) => unknown; readonly expected: string } {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, choices = [] } = row
  switch (row.kind) {
    case 'text':
      return { parse: asText, expected: 'a text' }
    case 'address':
      return { parse: asAddress, expected: 'the address of a server, such as https://reins.example.com' }
    case 'token':
      return { parse: asToken, expected: 'one word without blanks, such as mrw_...' }
    case 'list':
      return { parse: asList, expected: 'a list, or a text with commas' }
    case 'args':
      return { parse: asArgs, expected: 'a list, or a text' }
    case 'count':
      return { parse: (value) => asCount(value, min, max), expected: `a whole number from ${min} to ${max}` }
    case 'flag':
      return { parse: asFlag, expected: 'true or false' }
    case 'choice':
      return { parse: (value) => asChoice(value, choices), expected: orList(choices) }
  }
}
