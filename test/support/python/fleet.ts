/** Responsible for a server with Python workers for one test file: registering, starting, dispatching, waiting. It tests nothing. */
import type { Job } from '@modelreins/contract'
import { inject } from 'vitest'
import { createTenant, registerWorker, type Call, type RegisteredWorker } from '../calls.ts'
import { until } from '../until.ts'
import type { Environment, SharedServer } from './prepare.ts'
import { Programs, type Program, type ProgramOptions } from './program.ts'

export const { without, environments, server: shared } = inject('python')
/** The newest Python of this machine, for tests that need only one version. */
export const newest = environments.at(-1) as Environment // only used where `without` is undefined

/** A name that is unique among the test files, because they share one server. */
const fresh = (): string => Math.random().toString(36).slice(2, 10)

export class Fleet {
  readonly programs = new Programs()
  readonly server: SharedServer
  readonly owner: Call
  readonly ownerKey: string
  readonly url = (): string => this.server.url

  private constructor(server: SharedServer, owner: Call, ownerKey: string) {
    this.server = server
    this.owner = owner
    this.ownerKey = ownerKey
  }

  /** Creates a tenant on the server that all test files share, or on `server`. */
  static async open(server: SharedServer = shared): Promise<Fleet> {
    const { key, owner } = await createTenant(() => server.url, server.masterToken, `t${fresh()}`)
    return new Fleet(server, owner, key)
  }

  /** Another tenant on the same server: its killswitch affects no other tests. */
  async tenant(): Promise<{ readonly owner: Call; readonly key: string }> {
    return createTenant(this.url, this.server.masterToken, `t${fresh()}`)
  }

  register(name: string, more: Readonly<Record<string, unknown>> = {}, owner = this.owner): Promise<RegisteredWorker> {
    return registerWorker(this.url, owner, name, more)
  }

  /** A registered worker that is ready. */
  async worker(
    name: string,
    options: ProgramOptions & { readonly environment?: Environment; readonly url?: string; readonly owner?: Call } = {},
  ): Promise<Program & { readonly token: string }> {
    const { token } = await this.register(name, {}, options.owner)
    const program = await this.programs.worker(options.environment ?? newest, options.url ?? this.server.url, token, options)
    return { ...program, token }
  }

  async dispatch(prompt: string, more: Readonly<Record<string, unknown>> = {}, owner = this.owner): Promise<Job> {
    const { status, body, text } = await owner<Job>('POST', '/dispatch', { body: { prompt, when_offline: 'queue', ...more } })
    if (status !== 201) throw new Error(`dispatch: ${status} ${text}`)
    return body
  }

  async job(id: number, owner = this.owner): Promise<Job> {
    return (await owner<Job>('GET', `/jobs/${id}`)).body
  }

  /** The job after it has ended. */
  settled(id: number, limitMs = 60_000, owner = this.owner): Promise<Job> {
    let last: Job | undefined
    return until(
      async () => {
        last = await this.job(id, owner)
        return last.status === 'done' || last.status === 'failed' ? last : undefined
      },
      limitMs,
      () => `job ${id} is ${JSON.stringify(last)}`,
    )
  }

  async run(prompt: string, more: Readonly<Record<string, unknown>> = {}, owner = this.owner): Promise<Job> {
    return this.settled((await this.dispatch(prompt, more, owner)).id, 60_000, owner)
  }

  close(): Promise<void> {
    return this.programs.close()
  }
}
