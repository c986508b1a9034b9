/** Responsible for the files of one state folder: their names, their permissions, and writing each atomically. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { formerBucketName, newBucketName } from './local-bucket.ts'
import { proveOwn } from './own-folder.ts'
import { StartFailure } from './start-failure.ts'

/** Secrets of this machine: for signing tokens, creating tenants, and reading them after a restart. */
export interface Secrets {
  /** `kid:secret`, as the Worker's MODELREINS_SECRET. */
  readonly signing: string
  readonly master: string
  /** Name of the local bucket; it is a secret because it gives access. */
  readonly bucket: string
  readonly owner?: { readonly tenant: string; readonly key: string }
}

/** A worker that was registered from this folder. */
export interface WorkerIdentity {
  readonly name: string
  readonly worker_id: string
  readonly token: string
}

/** Content of `DIR/connection.json`, for scripts. */
export interface Connection {
  readonly url: string
  readonly tenant: string
  readonly owner_key: string
}

/** The processes that serve this folder, so that leftovers of a killed server can be distinguished from other processes. */
export interface ServerRecord {
  readonly url: string
  /** The server has been told to stop. */
  readonly ending?: boolean
  readonly processes: readonly { readonly role: 'start' | 'server' | 'workerd'; readonly pid: number; readonly born: string }[]
}

const ownerOnly = 0o600

/** Creates one level at a time: where the file system reports "no such file" when creating a folder (/proc), `recursive` would loop forever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

/** The database files below this folder: the runtime has one per object and one per D1 database, and some of its own without data. */
export const databasesIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.sqlite') && !/(?:^|[\\/])(?:cache|metadata\.sqlite$)/.test(name))
        .map((name) => join(folder, name))
    : []

export class StateFolder {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Creates the folder if it is missing, and checks that only this user may write to it. */
  static open(path: string): StateFolder {
    proveOwn(path)
    try {
      makeFolder(path)
      // Even when others may read the folder itself, only the owner may read the data of the objects.
      mkdirSync(join(path, 'data'), { recursive: true, mode: 0o700 })
      const probe = join(path, `.probe-${process.pid}`)
      writeFileSync(probe, '', { mode: ownerOnly })
      rmSync(probe)
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      throw new StartFailure(`The state folder ${path} cannot be written (${reason}): choose another one with --state DIR.`)
    }
    return new StateFolder(path)
  }

  /** The secrets, generated at the first start. Throws `StartFailure` when an earlier start's data exists and its secrets do not. */
  secrets(): Secrets {
    const kept = this.#read<Omit<Secrets, 'bucket'> & { readonly bucket?: string }>('secrets.json')
    // A damaged file may contain any JSON, including null.
    if (kept !== undefined) return this.#checked({ ...kept, bucket: kept?.bucket ?? formerBucketName })
    if (this.hasData()) throw new StartFailure(this.#secretsMissing())
    const fresh: Secrets = {
      signing: `a:${randomBytes(32).toString('hex')}`,
      master: `mrm_${randomBytes(24).toString('hex')}`,
      bucket: newBucketName(),
    }
    this.saveSecrets(fresh)
    return fresh
  }

  /** Whether an earlier start left databases here. */
  hasData(): boolean {
    return databasesIn(this.file('data')).length > 0
  }

  #secretsMissing(): string {
    const data = this.file('data')
    return [
      `${this.file('secrets.json')} is missing, but ${data} holds the data of an earlier start.`,
      `Restore secrets.json from the same backup: without it no key or worker token of that data is valid, and its audit heads cannot be signed on.`,
      `To begin again without that data (its jobs, members, workers and audit trail), move ${data} away or name another folder with --state DIR.`,
    ].join('\n')
  }

  #checked(secrets: Secrets): Secrets {
    const texts = [
      secrets.signing,
      secrets.master,
      secrets.bucket,
      ...(secrets.owner === undefined ? [] : [secrets.owner.tenant, secrets.owner.key]),
    ]
    if (texts.every((text) => typeof text === 'string' && text !== '')) return secrets
    throw new StartFailure(
      `${this.file('secrets.json')} is incomplete: restore it from a backup, or begin again with another folder (--state DIR).`,
    )
  }

  saveSecrets(secrets: Secrets): void {
    this.#write('secrets.json', secrets)
  }

  /** Removes connection.json, so that scripts are not sent to a server that is gone. */
  forgetConnection(): void {
    rmSync(this.file('connection.json'), { force: true })
  }

  saveConnection(connection: Connection): void {
    this.#write('connection.json', connection)
  }

  worker(name: string): WorkerIdentity | undefined {
    return this.#read<WorkerIdentity>(join('workers', `${name}.json`))
  }

  saveWorker(identity: WorkerIdentity): void {
    mkdirSync(this.file('workers'), { recursive: true, mode: 0o700 })
    this.#write(join('workers', `${identity.name}.json`), identity)
  }

  /** Writes a request header to a file, for `curl -H @file`, so that no key is in a command line. Returns the path. */
  saveAuthorization(key: string): string {
    const path = this.file('authorization')
    this.#writeText(path, `Authorization: Bearer ${key}\n`)
    return path
  }

  connection(): Connection | undefined {
    return this.#read<Connection>('connection.json')
  }

  record(): ServerRecord | undefined {
    return this.#read<ServerRecord>('server.json')
  }

  saveRecord(record: ServerRecord): void {
    this.#write('server.json', record)
  }

  forgetRecord(): void {
    rmSync(this.file('server.json'), { force: true })
  }

  file(name: string): string {
    return join(this.path, name)
  }

  #read<Content>(name: string): Content | undefined {
    let text: string
    try {
      text = readFileSync(this.file(name), 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw new StartFailure(`${this.file(name)} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
    try {
      // An editor may have added a byte order mark.
      return JSON.parse(text.replace(/^\uFEFF/, ''))
    } catch {
      throw new StartFailure(`${this.file(name)} is damaged: restore it, or begin again with another folder (--state DIR).`)
    }
  }

  #write(name: string, content: unknown): void {
    this.#writeText(this.file(name), `${JSON.stringify(content, undefined, 2)}\n`)
  }

  /** Writes a second file and renames it: after a crash either the old or the new content exists. */
  #writeText(path: string, text: string): void {
    const beside = `${path}.${process.pid}.new`
    writeFileSync(beside, text, { mode: ownerOnly, flush: true })
    chmodSync(beside, ownerOnly)
    renameSync(beside, path)
  }
}
