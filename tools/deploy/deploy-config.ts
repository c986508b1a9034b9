/** Responsible for the configuration of one deployment: the repository's wrangler.toml with the account's own database. */
import { DeployFailure } from './deploy-failure.ts'

/** The names in the committed configuration. */
export interface Names {
  readonly worker: string
  readonly database: string
  readonly bucket: string
}

const value = (toml: string, key: string): string => {
  const found = new RegExp(`^${key}\\s*=\\s*"([^"]+)"`, 'm').exec(toml)?.[1]
  if (found === undefined) throw new DeployFailure(`wrangler.toml has no ${key}.`)
  return found
}

export const namesIn = (toml: string): Names => ({
  worker: value(toml, 'name'),
  database: value(toml, 'database_name'),
  bucket: value(toml, 'bucket_name'),
})

const notice = '# Made by `npm run deploy` from wrangler.toml, with the database of your account. Change wrangler.toml, not this file.\n'

/** The same configuration with the id of the account's database; everything else is unchanged. */
export function withDatabase(toml: string, databaseId: string): string {
  const line = /^database_id\s*=\s*"[^"]*"/m
  if (!line.test(toml)) throw new DeployFailure('wrangler.toml has no database_id.')
  return notice + toml.replace(line, `database_id = "${databaseId}"`)
}
