/** Responsible for the environment that children get: everything but the worker's own credentials. It knows no provider. */

type Environment = Readonly<Record<string, string | undefined>>

/** Names under our own prefix that hold a credential: MODELREINS_TOKEN, MODELREINS_API_KEY, MODELREINS_ADMIN_TOKEN, ... */
const ownCredential = /^MODELREINS_.*(?:TOKEN|KEY|SECRET|PASS)/i
/** A worker token keeps its shape under whatever name an operator exported it (protocol.md, "Tokens"). */
const workerToken = /^mrw_[A-Za-z0-9]/

/** A copy of `env` without the worker's own credentials and without undefined values. */
export const scrubEnvironment = (env: Environment): Record<string, string> => {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || ownCredential.test(name) || workerToken.test(value)) continue
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
