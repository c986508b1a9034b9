/** Responsible for the interface of a connector: one kind of secret store that this machine can read. */

export interface SecretPath {
  /** The part after the connector's name in `vault://<connector>/<path>#<field>`. */
  readonly path: string
  readonly field: string | undefined
}

export interface ConnectorPorts {
  /** Variables of the worker's process. */
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface Connector {
  /** The name in references. */
  readonly name: string
  /** Resolves the secret. Rejects with a sentence that says what is missing and where, without any secret in it. */
  resolve(secret: SecretPath, ports: ConnectorPorts): Promise<string>
}
