/**
 * Responsible for the secrets that a deployment must store on this machine, because Cloudflare never returns them: `deploy.json`, readable only by
 * its owner.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Master tokens by `<account>/<worker>`. */
type Kept = Readonly<Record<string, { readonly master_token: string; readonly url?: string }>>

export class KeptSecrets {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  get(account: string, worker: string): { readonly master_token: string; readonly url?: string } | undefined {
    return this.#read()[`${account}/${worker}`]
  }

  save(account: string, worker: string, entry: { readonly master_token: string; readonly url?: string }): void {
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 })
    const beside = `${this.#file}.${process.pid}.new`
    writeFileSync(beside, `${JSON.stringify({ ...this.#read(), [`${account}/${worker}`]: entry }, undefined, 2)}\n`, {
      mode: 0o600,
      flush: true,
    })
    chmodSync(beside, 0o600)
    renameSync(beside, this.#file)
  }

  #read(): Kept {
    return existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, 'utf8')) : {}
  }
}
