/** Responsible for parsing wrangler's output: JSON where it prints JSON, error numbers otherwise. */
import type { Said } from './wrangler.ts'

export interface Account {
  readonly id: string
  readonly name: string
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The JSON in the output: wrangler may print a banner before it. */
export function jsonIn(text: string): unknown {
  const begin = text.search(/[[{]/)
  if (begin === -1) return undefined
  try {
    return JSON.parse(text.slice(begin))
  } catch {
    return undefined
  }
}

const rows = (text: string): readonly Fields[] => {
  const value = jsonIn(text)
  return Array.isArray(value) ? value.filter(isFields) : []
}
const textOf = (row: Fields, key: string): string => (typeof row[key] === 'string' ? row[key] : '')

/** Output of `wrangler whoami --json`; undefined when no account is signed in. */
export function accountsIn(said: Said): readonly Account[] | undefined {
  const value = jsonIn(said.stdout)
  if (said.code !== 0 || !isFields(value) || value['loggedIn'] !== true || !Array.isArray(value['accounts'])) return undefined
  return value['accounts'].filter(isFields).map((account) => ({ id: textOf(account, 'id'), name: textOf(account, 'name') }))
}

/** Output of `wrangler d1 list --json`: the id of the database with this name. */
export const databaseIn = (said: Said, name: string): string | undefined => {
  const found = rows(said.stdout).find((row) => row['name'] === name)
  return found === undefined ? undefined : textOf(found, 'uuid')
}

/** Output of `wrangler secret list`: names only, because Cloudflare does not return values. */
export const secretsIn = (said: Said): readonly string[] => rows(said.stdout).map((row) => textOf(row, 'name'))

/** Cloudflare's number of an error, as in `[code: 10006]`. */
export const hasCode = (said: Said, code: number): boolean => `${said.stdout}${said.stderr}`.includes(`code: ${code}`)

/** The address of the deployment, from the file that WRANGLER_OUTPUT_FILE_PATH names (one JSON object per line). */
export function addressIn(outputFile: string): string | undefined {
  const targets = outputFile.split('\n').flatMap((line) => {
    const entry = jsonIn(line)
    return isFields(entry) && entry['type'] === 'deploy' && Array.isArray(entry['targets']) ? entry['targets'] : []
  })
  const addresses = targets.filter((target) => typeof target === 'string').map((target) => target.replace(/\/?\*?$/, ''))
  const own = addresses.find((address) => !address.includes('workers.dev')) ?? addresses[0]
  if (own === undefined) return undefined
  return /^https?:\/\//.test(own) ? own.split(' ')[0] : `https://${own.split(' ')[0] ?? ''}`
}
