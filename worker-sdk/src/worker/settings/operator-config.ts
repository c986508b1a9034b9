/**
 * Responsible for applying the operator's configuration while the worker runs: at once, except that a provider is applied only when this machine can
 * run it.
 */
import type { WorkerConfig } from '@modelreins/contract'
import type { AppliedSetting, LiveSettings } from './live-settings.ts'
import type { ProviderChoice } from './provider-choice.ts'

export interface OperatorConfigPorts {
  readonly live: LiveSettings
  readonly providers: ProviderChoice
  /** The machine's owner does not allow changes of provider and model. A server can never change command and arguments. */
  readonly locked: boolean
  /**
   * Called with the settings that apply from now on; `whole`: everything that was asked for and is allowed here has been applied, and no check is
   * pending.
   */
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
    // A model belongs to its provider, so the two change together or not at all.
    onApplied(live.apply(config, checked ? ['provider', 'model'] : []), !checked)
    if (!checked) return
    providers.ready(provider, model).then(
      (use) => {
        // The operator may have changed the configuration again in the meantime.
        if (this.#newest !== config) return
        use()
        onApplied(live.apply(config), true)
      },
      (error: unknown) => onTrouble('config', error),
    )
  }

  /** Removes settings that are locked here, and reports once per change that they were asked for. */
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
