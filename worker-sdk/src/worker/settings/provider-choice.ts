/** Responsible for which provider runs the jobs, initially and after a change by the operator: it is checked before it is used. */
import type { Capability } from '@modelreins/contract'
import { ModelReinsError } from '../../client/error.ts'
import { createProvider, isProviderName, providerNames } from '../../providers/index.ts'
import { scrubEnvironment } from '../../providers/child-process/environment.ts'
import type { Provider, ProviderSettings, SilenceLimits } from '../../providers/provider.ts'
import type { Executor } from '../job/executor.ts'
import type { LiveSettings } from './live-settings.ts'
import type { Environment, ResolvedOptions } from './options.ts'
import { providerExecutor } from '../job/provider-executor.ts'
import { fileRecorder } from '../job/recorder.ts'

/** The settings that providers may read now; the CLI's `doctor` and `--setup` use them too. */
export function providerSettings(options: ResolvedOptions, model: string | undefined, env: Environment): ProviderSettings {
  return {
    env: scrubEnvironment(env, options.token),
    extraArgs: options.extraArgs,
    allowHosts: options.allowHosts,
    ...(model === undefined ? {} : { model }),
    ...(options.command === undefined ? {} : { command: options.command }),
    ...(options.promptArg === undefined ? {} : { promptArg: options.promptArg }),
    ...(options.outputFormat === undefined ? {} : { outputFormat: options.outputFormat }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.deniedTools === undefined ? {} : { deniedTools: options.deniedTools }),
    ...(options.approvals === undefined ? {} : { approvals: options.approvals }),
    ...(options.workDir === undefined ? {} : { workDir: options.workDir }),
  }
}

export class ProviderChoice {
  readonly #options: ResolvedOptions
  readonly #live: LiveSettings
  readonly #env: Environment
  #provider: Provider | undefined
  #capabilities: readonly Capability[] = []

  readonly #redact: (text: string) => string

  /** `redact`: applied to everything that a recording contains. */
  constructor(options: ResolvedOptions, live: LiveSettings, env: Environment, redact: (text: string) => string) {
    this.#redact = redact
    this.#options = options
    this.#live = live
    this.#env = env
  }

  /** Stores the worker's capabilities, as the server states them. */
  declares(capabilities: readonly Capability[] = []): void {
    this.#capabilities = capabilities
  }

  /** Whether a provider runs the jobs, and not an executor of the caller. */
  get inUse(): boolean {
    return this.#provider !== undefined
  }

  /** How long jobs may be silent if they set no limit themselves. */
  silence(): SilenceLimits | null {
    const seconds = this.#options.silenceTimeout
    if (seconds === undefined) return this.#provider?.silence ?? null
    return seconds === 0 ? null : { first: seconds * 1_000, next: seconds * 1_000 }
  }

  /** An executor that runs each job with the provider that is selected when the job starts. */
  async prepare(): Promise<Executor> {
    const first = await this.#usable(this.#options.type ?? '', this.#live.values.model)
    this.#provider = first
    return providerExecutor({
      provider: () => this.#provider ?? first,
      settings: () => providerSettings(this.#options, this.#live.values.model, this.#env),
      capabilities: () => this.#capabilities,
      recorder: this.#options.record === undefined ? undefined : fileRecorder(this.#options.record, this.#redact),
    })
  }

  /** Answers a function that switches new jobs to this provider. Rejects and changes nothing when the provider cannot be used here. */
  async ready(name: string, model: string | undefined): Promise<() => void> {
    const provider = await this.#usable(name, model)
    return () => {
      this.#provider = provider
    }
  }

  /** The provider with that name if this machine can run it; throws what is missing and how to get it. */
  async #usable(name: string, model: string | undefined): Promise<Provider> {
    if (!isProviderName(name)) {
      throw new ModelReinsError(`There is no provider named "${name}". There are: ${providerNames.join(', ')}`, {
        code: 'invalid-request',
        status: 0,
      })
    }
    const provider = createProvider(name)
    const check = await provider.check(providerSettings(this.#options, model, this.#env))
    if (check.usable) return provider
    throw new ModelReinsError(`The provider ${name} cannot be used here: ${check.detail}`, {
      code: 'unavailable',
      status: 0,
      retryable: false,
    })
  }
}
