/** Responsible for taking the operator's configuration while the worker runs: at once, but a provider only when this machine can run it. */
import type { WorkerConfig } from '@modelreins/contract'
import type { AppliedSetting, LiveSettings } from './live-settings.ts'
import type { ProviderChoice } from './provider-choice.ts'

export interface OperatorConfigPorts {
  readonly live: LiveSettings
  readonly providers: ProviderChoice
  /** The machine's owner keeps provider and model to themselves. Its command and arguments no server can change at all. */
  readonly locked: boolean
  /** What is in force from now on; `whole`: all that was asked for and is allowed here, nothing of it is being checked. */
  readonly onApplied: (applied: readonly AppliedSetting[], whole: boolean) => void
  readonly onTrouble: (type: string, error: unknown) => void
}

export class OperatorConfig {
  readonly #ports: OperatorConfigPorts
  #newest: WorkerConfig | undefined

  constructor(ports: OperatorConfigPorts) {
    this.#ports = ports
  }

  apply(asked: WorkerConfig): void {
    const { live, providers, onApplied, onTrouble } = this.#ports
    const config = this.#allowed(asked)
    this.#newest = config
    const { provider, model } = live.under(config)
    const checked = providers.inUse && provider !== undefined && provider !== live.values.provider
    // A model is one of its provider: the two change together, or not at all.
    onApplied(live.apply(config, checked ? ['provider', 'model'] : []), !checked)
    if (!checked) return
    providers.ready(provider, model).then(
      (use) => {
        // The operator may have thought better of it in the meantime.
        if (this.#newest !== config) return
        use()
        onApplied(live.apply(config), true)
      },
      (error: unknown) => onTrouble('config', error),
    )
  }

  /** Without what is locked here; that it was asked for is told, once for each change. */
  #allowed(config: WorkerConfig): WorkerConfig {
    const { live, locked, onTrouble } = this.#ports
    if (!locked) return config
    const { provider, model, ...rest } = config
    const others = [provider === live.values.provider ? undefined : provider, model === live.values.model ? undefined : model]
    const refused = others.filter((one) => one !== undefined).join(', ')
    if (refused !== '') onTrouble('config', new Error(`the server asks for ${refused}: provider and model are locked on this machine`))
    return rest
  }
}
