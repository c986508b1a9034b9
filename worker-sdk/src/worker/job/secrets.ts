/** Responsible for resolving `vault://` references with what this machine has, and for telling the redactor before anyone sees a value. */
import type { PresenceReply } from '@modelreins/contract'
import { ModelReinsError } from '../../client/error.ts'
import { parseReference } from '../../connectors/index.ts'
import { scrubEnvironment } from '../../providers/child-process/environment.ts'
import type { Environment } from '../settings/options.ts'
import type { Redactor } from '../delivery/redactor.ts'

export type SecretResolver = (reference: string) => Promise<string>

const refuse = (reference: string, why: string): ModelReinsError =>
  new ModelReinsError(`The secret ${reference} cannot be resolved: ${why}`, { code: 'invalid-request', status: 0 })

/** What a job may ask this machine for: whoever dispatches names the secret, so that what they may name is decided here. */
export interface SecretPolicy {
  /** What the machine's owner lets jobs have: variables by their names, other secrets by reference. */
  readonly allowSecret: readonly string[]
  /** The worker's own token: under no name is it anybody's secret. */
  readonly token: string
}

/** What the worker was registered with, for itself and for its capabilities; nothing before the server has said who it is. */
export const declaredSecrets = (worker: PresenceReply['worker'] | undefined): readonly string[] =>
  worker === undefined
    ? []
    : [...(worker.requires_secrets ?? []), ...worker.capabilities.flatMap((capability) => capability.requires_secrets ?? [])]

/** Two references to fields of one secret are references to it. */
const withoutField = (reference: string): string => reference.replace(/#.*$/, '')
const fullReference = (allowed: string): string => withoutField(allowed.startsWith('vault://') ? allowed : `vault://env/${allowed}`)

/** Ours, whatever the owner allows: tokens, keys, the address, the settings. */
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
 * Looks a reference up with the connector that it names, if the machine's owner lets jobs have it, or `declared` has it: the references that
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
    // The environment as a child would get it: our own credentials are not in it, whatever they are called.
    const ports = { env: scrubEnvironment(env, policy.token) }
    const value = await parsed.connector.resolve(parsed.secret, ports).catch((error: unknown) => {
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
