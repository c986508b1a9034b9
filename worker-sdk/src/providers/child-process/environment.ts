/** Responsible for the environment that children get: everything but the worker's own credentials. */

type Environment = Readonly<Record<string, string | undefined>>

/** Names under our own prefix that hold a credential: MODELREINS_TOKEN, MODELREINS_API_KEY, MODELREINS_ADMIN_TOKEN, ... */
const ownCredential = /^MODELREINS_.*(?:TOKEN|KEY|SECRET|PASS)/i
/** A token keeps its shape under whatever name an operator exported it, also inside a header or a URL (contract/src/ids.ts). */
const tokenShape = /^mr[kwl]_[a-z0-9]|(?<![A-Za-z0-9])mr[kwl]_[a-z0-9]{2,32}(?:_[a-z0-9]+){2}_[a-z0-9]{20,64}(?![A-Za-z0-9])/
/** Something shorter is a stand-in, and would take half of the environment with it. */
const shortestToken = 12

/** A copy of `env` without credentials of this service, `token` among them whatever its shape, and without undefined values. */
export const scrubEnvironment = (env: Environment, token = ''): Record<string, string> => {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || ownCredential.test(name) || tokenShape.test(value)) continue
    if (token.length >= shortestToken && value.includes(token)) continue
    kept[name] = value
  }
  return kept
}

/** Windows looks variables up without regard to case; a plain object does not. */
export const readVariable = (env: Environment, name: string): string | undefined => {
  const exact = env[name]
  if (exact !== undefined && exact !== '') return exact
  const wanted = name.toUpperCase()
  const found = Object.entries(env).find(([key, value]) => key.toUpperCase() === wanted && value !== undefined && value !== '')
  return found?.[1]
}
