/** Responsible for resolving `vault://` references with what this machine has, and for telling the redactor before anyone sees a value. */
import { secretReference } from '@modelreins/contract'
import { ModelReinsError } from '../../client/error.ts'
import type { Environment } from '../settings/options.ts'
import type { Redactor } from '../delivery/redactor.ts'

export type SecretResolver = (reference: string) => Promise<string>

const refuse = (reference: string, why: string): ModelReinsError =>
  new ModelReinsError(`The secret ${reference} cannot be resolved: ${why}`, { code: 'invalid-request', status: 0 })

/** Whether this machine resolves the reference by itself, without asking anyone. */
export const isLocal = (reference: string): boolean => reference.startsWith('vault://env/')

/** `vault://env/NAME` reads an environment variable of the worker; other connectors are told apart by name. */
export function secretResolver(env: Environment, redactor: Redactor): SecretResolver {
  return async (reference) => {
    if (!secretReference.safeParse(reference).success) throw refuse(reference, 'use vault://<connector>/<path>#<field>')
    const [connector = '', ...rest] = reference.slice('vault://'.length).split('/')
    if (connector !== 'env') throw refuse(reference, `this worker has no connector called "${connector}" (it has: env)`)
    const name = rest.join('/').replace(/#.*$/, '')
    const value = env[name]
    if (value === undefined || value === '') throw refuse(reference, `the environment variable ${name} is not set on this machine`)
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
