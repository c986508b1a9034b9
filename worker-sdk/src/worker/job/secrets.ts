/** Responsible for resolving `vault://` references with what this machine has, and for telling the redactor before anyone sees a value. */
import { ModelReinsError } from '../../client/error.ts'
import { parseReference } from '../../connectors/index.ts'
import type { Environment } from '../settings/options.ts'
import type { Redactor } from '../delivery/redactor.ts'

export type SecretResolver = (reference: string) => Promise<string>

const refuse = (reference: string, why: string): ModelReinsError =>
  new ModelReinsError(`The secret ${reference} cannot be resolved: ${why}`, { code: 'invalid-request', status: 0 })

/** Looks a reference up with the connector that it names. */
export function secretResolver(env: Environment, redactor: Redactor): SecretResolver {
  return async (reference) => {
    const parsed = parseReference(reference)
    if (typeof parsed === 'string') throw refuse(reference, parsed)
    const value = await parsed.connector.resolve(parsed.secret, { env }).catch((error: unknown) => {
      throw refuse(reference, error instanceof Error ? error.message : String(error))
    })
    redactor.add(value)
    return value
  }
}

/** Some stand alone at the end of a name (PGPASSWORD); what is also the end of other words needs its underscore. */
const secretName =
  /(?:PASSWORD|PASSWD|PASSPHRASE|(?:^|_)(?:TOKEN|SECRET|CREDENTIALS?|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|PASS)|(?<=[^_]_)PWD)$/i
/** PWD is a password in MYSQL_PWD and a folder in OLD_PWD. */
const isFolder = (name: string, value: string): boolean => /PWD$/i.test(name) && /^(?:\/|[A-Za-z]:[\\/])/.test(value)
/** A shorter one may be an ordinary word, which would be blotted out of everything. */
const shortestSecret = 12

/** Values of the environment that are secrets by their names: a child that prints its environment must not publish them. */
export const environmentSecrets = (env: Environment): string[] =>
  Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && value.length >= shortestSecret && secretName.test(name) && !isFolder(name, value) ? [value] : [],
  )
