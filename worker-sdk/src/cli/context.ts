/** Responsible for the context of a command: its invocation, the settings, and its output. */
import { ModelReinsError } from '../client/error.ts'
import type { Fetch } from '../client/transport.ts'
import { configPath, readConfig } from '../worker/settings/config-source.ts'
import { debugFor } from '../worker/debug.ts'
import type { ConfigValues, Environment } from '../worker/settings/options.ts'
import type { Invocation } from './arguments/invocation.ts'
import { Presenter } from './output/presenter.ts'
import type { System } from './system.ts'

export class CommandContext {
  readonly invocation: Invocation
  readonly system: System
  readonly show: Presenter
  /** The environment. `--config` is added as the variable with the same meaning, so that the Worker reads the same file. */
  readonly env: Environment
  readonly configPath: string
  readonly fetch: Fetch

  constructor(invocation: Invocation, system: System) {
    this.invocation = invocation
    this.system = system
    const file = invocation.text('config')
    this.env = file === undefined ? system.env : { ...system.env, MODELREINS_CONFIG: file }
    this.configPath = configPath(this.env, system.platform, system.home)
    this.show = new Presenter(system, { json: invocation.on('json') })
    this.fetch = tracedFetch(system, this.env['DEBUG'])
  }

  config(): ConfigValues {
    return readConfig(this.configPath)
  }

  get now(): number {
    return this.system.clock.now()
  }
}

export type Handler = (context: CommandContext) => Promise<number>

/** `DEBUG=modelreins:http`: method, path, status and time of every call; no headers, no query, no bodies. */
function tracedFetch(system: System, selection: string | undefined): Fetch {
  const debug = debugFor('http', selection, (line) => system.stderr.write(line))
  return async (input, init) => {
    const begun = system.clock.now()
    const what = `${init.method ?? 'GET'} ${new URL(input).pathname}`
    try {
      const response = await system.fetch(input, init)
      debug(`${what} ${response.status} ${system.clock.now() - begun}ms`)
      return response
    } catch (error) {
      debug(`${what} failed after ${system.clock.now() - begun}ms: ${error instanceof Error ? error.name : 'unknown'}`)
      throw error
    }
  }
}

export const isProblem = (error: unknown, ...codes: readonly string[]): error is ModelReinsError =>
  error instanceof ModelReinsError && codes.includes(error.code)
