/** Responsible for resolving `vault://` references with what this machine has, and for registering values with the redactor before they are used. */
import type { PresenceReply } from '@modelreins/contract'
import { ModelReinsError } from '../../client/error.ts'
import { parseReference } from '../../connectors/index.ts'
import { scrubEnvironment } from '../../providers/child-process/environment.ts'
import type { Environment } from '../settings/options.ts'
import type { Redactor } from '../delivery/redactor.ts'

export type SecretResolver = (reference: string) => Promise<string>

const refuse = (reference: string, why: string): ModelReinsError =>
  new ModelReinsError(`The secret ${reference} cannot be resolved: ${why}`, { code: 'invalid-request', status: 0 })

/** Which secrets a job may use. The member who dispatches a job names its secrets, so this machine decides which ones may be named. */
export interface SecretPolicy {
  /** Secrets that the machine's owner allows for jobs: variables by name, others by reference. */
  readonly allowSecret: readonly string[]
  /** The worker's own token, which is never available as a secret, under any name. */
  readonly token: string
}

/** References that the worker was registered with, for itself and for its capabilities; empty before the server has identified the worker. */
export const declaredSecrets = (worker: PresenceReply['worker'] | undefined): readonly string[] =>
  worker === undefined
    ? []
    : [...(worker.requires_secrets ?? []), ...worker.capabilities.flatMap((capability) => capability.requires_secrets ?? [])]

/** References to different fields of one secret count as the same secret. */
const withoutField = (reference: string): string => reference.replace(/#.*$/, '')
const fullReference = (allowed: string): string => withoutField(allowed.startsWith('vault://') ? allowed : `vault://env/${allowed}`)

/** Our own variables (tokens, keys, the address, settings) are never available, whatever the owner allows. */
const isOurs = (reference: string): boolean => /^vault:\/\/env\/MODELREINS_/i.test(reference)

function checkAllowed(reference: string, allowed: readonly string[]): void {
  if (isOurs(reference)) throw refuse(reference, `variables of this service cannot be used as secrets`)
  const secret = withoutField(reference)
  if (allowed.map(fullReference).includes(secret)) return
  const name = secret.replace(/^vault:\/\/env\//, '')
  const how = `start it with --allow-secret ${name} (option \`allowSecret\`, MODELREINS_ALLOW_SECRET)`
  throw refuse(reference, `this worker lets no job have it: register the worker with the secret, or ${how}`)
}

/**
 * Resolves a reference with the connector that it names, if the machine's owner allows it for jobs, or if it is among `declared`, the references that
 * this worker was registered with.
 */
export function secretResolver(
  env: Environment,
  redactor: Redactor,
  policy: SecretPolicy,
  declared: () => readonly string[],
): SecretResolver {
  return async (reference) => {
    const parsed = parseReference(reference)
    if (typeof parsed === 'string') throw refuse(reference, parsed)
    checkAllowed(reference, [...policy.allowSecret, ...declared()])
    // The environment that a child would get: it does not contain our own credentials, whatever their names are.
    const ports = { env: scrubEnvironment(env, policy.token) }
    const value = await parsed.connector.resolve(parsed.secret, ports).catch((error: unknown) => {
      throw refuse(reference, error instanceof Error ? error.message : String(error))
    })
    redactor.add(value)
    return value
  }
}

/** Some words count at the end of any name (PGPASSWORD). Words that also end other words count only after an underscore. */
const secretName =
  /(?:PASSWORD|PASSWD|PASSPHRASE|(?:^|_)(?:TOKEN|SECRET|CREDENTIALS?|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|PASS)|(?<=[^_]_)PWD)$/i
/** In MYSQL_PWD, PWD means a password; in OLD_PWD it means a folder. */
const isFolder = (name: string, value: string): boolean => /PWD$/i.test(name) && /^(?:\/|[A-Za-z]:[\\/])/.test(value)
/** A shorter value may be an ordinary word, which would then be redacted everywhere. */
const shortestSecret = 12

/** Values of variables whose names mean a secret, so that a child that prints its environment does not publish them. */
export const environmentSecrets = (env: Environment): string[] =>
  Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && value.length >= shortestSecret && secretName.test(name) && !isFolder(name, value) ? [value] : [],
  )
