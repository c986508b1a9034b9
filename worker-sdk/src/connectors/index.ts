/** Responsible for the list of connectors, and for finding the one that a reference names. A new connector is a file and a line here. */
import { secretReference } from '@modelreins/contract'
import type { Connector, SecretPath } from './connector.ts'
import { env } from './env.ts'

export type { Connector, ConnectorPorts, SecretPath } from './connector.ts'

const connectors: readonly Connector[] = [env]

export interface ParsedReference {
  readonly connector: Connector
  readonly secret: SecretPath
}

/** The parts of `vault://<connector>/<path>#<field>`; a sentence when the form is wrong or the connector is unknown. */
export function parseReference(reference: string): ParsedReference | string {
  if (!secretReference.safeParse(reference).success) return 'use vault://<connector>/<path>#<field>'
  const [name = '', ...rest] = reference.slice('vault://'.length).split('/')
  const connector = connectors.find((one) => one.name === name)
  if (connector === undefined) {
    return `this worker has no connector called "${name}" (it has: ${connectors.map((one) => one.name).join(', ')})`
  }
  const [path = '', ...field] = rest.join('/').split('#')
  return { connector, secret: { path, field: field.length === 0 ? undefined : field.join('#') } }
}

/** Whether this machine has the connector that the reference names. */
export const hasConnector = (reference: string): boolean => typeof parseReference(reference) !== 'string'
