/** Responsible for the environment of child processes: everything except the worker's own credentials. */

type Environment = Readonly<Record<string, string | undefined>>

/** Names with our prefix that hold a credential: MODELREINS_TOKEN, MODELREINS_API_KEY, MODELREINS_ADMIN_TOKEN, ... */
const ownCredential = /^MODELREINS_.*(?:TOKEN|KEY|SECRET|PASS)/i
/** Recognises a token by its form, under any variable name, and also inside a header or a URL (contract/src/ids.ts). */
const tokenShape = /^mr[kwl]_[a-z0-9]|(?<![A-Za-z0-9])mr[kwl]_[a-z0-9]{2,32}(?:_[a-z0-9]+){2}_[a-z0-9]{20,64}(?![A-Za-z0-9])/
/** A shorter token is a placeholder. Searching for it would remove unrelated variables. */
const shortestToken = 12

/** A copy of `env` without undefined values and without credentials of this service, including `token` in any form. */
export const scrubEnvironment = (env: Environment, token = ''): Record<string, string> => {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || ownCredential.test(name) || tokenShape.test(value)) continue
    if (token.length >= shortestToken && value.includes(token)) continue
    kept[name] = value
  }
  return kept
}

/** Variable names are case-insensitive on Windows, but not in a plain object. */
export const readVariable = (env: Environment, name: string): string | undefined => {
  const exact = env[name]
  if (exact !== undefined && exact !== '') return exact
  const wanted = name.toUpperCase()
  const found = Object.entries(env).find(([key, value]) => key.toUpperCase() === wanted && value !== undefined && value !== '')
  return found?.[1]
}
