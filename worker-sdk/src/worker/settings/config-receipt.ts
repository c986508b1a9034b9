/** Responsible for which version of the operator's configuration is in force here, and whether the server has been told. It applies nothing. */

/** What came from the server last. */
export interface Configured {
  readonly version: number
  /** It sets nothing: that needs no word. */
  readonly empty: boolean
}

export class ConfigReceipt {
  #version: number | undefined
  #told: number | undefined

  /** All of it that is allowed here is in force. Answers whether the server should hear of that. */
  inForce(configured: Configured | undefined): boolean {
    this.#version = configured?.version
    return this.#version !== this.#told && configured?.empty === false
  }

  /** For a report to the server: the version that is in force; undefined before the first. */
  tell(): number | undefined {
    this.#told = this.#version
    return this.#told
  }
}
