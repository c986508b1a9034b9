/** Responsible for what a connector is: one kind of place that this machine can read secrets from. */

export interface SecretPath {
  /** Behind the connector's name in `vault://<connector>/<path>#<field>`. */
  readonly path: string
  readonly field: string | undefined
}

export interface ConnectorPorts {
  /** Variables of the worker's process. */
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface Connector {
  /** As references spell it. */
  readonly name: string
  /** The value; rejects with a sentence that says what is missing and where, and holds no secret. */
  resolve(secret: SecretPath, ports: ConnectorPorts): Promise<string>
}
