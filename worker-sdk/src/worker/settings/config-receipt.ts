/** Responsible for which version of the operator's configuration applies here, and whether the server has been told. It applies nothing. */

/** The latest configuration from the server. */
export interface Configured {
  readonly version: number
  /** It sets nothing, so it needs no confirmation. */
  readonly empty: boolean
}

export class ConfigReceipt {
  #version: number | undefined
  #told: number | undefined

  /** Called when everything that is allowed here has been applied. Answers whether the server should be told. */
  inForce(configured: Configured | undefined): boolean {
    this.#version = configured?.version
    return this.#version !== this.#told && configured?.empty === false
  }

  /** The version that applies, for a report to the server; undefined before the first. */
  tell(): number | undefined {
    this.#told = this.#version
    return this.#told
  }
}
