/** Responsible for the settings that may change while the worker runs: what it was started with, and the operator's word on top. */
import type { WorkerConfig } from '@modelreins/contract'
import type { ResolvedOptions } from './options.ts'

export interface LiveValues {
  readonly slots: number
  readonly tags: readonly string[]
  readonly networks: readonly string[]
  readonly model: string | undefined
  readonly provider: string | undefined
  readonly poll_ms: number
}
type LiveKey = keyof LiveValues
export interface AppliedSetting {
  readonly key: LiveKey
  readonly value: LiveValues[LiveKey]
}

const keys: readonly LiveKey[] = ['slots', 'tags', 'networks', 'model', 'provider', 'poll_ms']

export class LiveSettings {
  readonly #own: LiveValues
  #values: LiveValues

  constructor(options: ResolvedOptions) {
    this.#own = {
      slots: options.slots,
      tags: options.tags,
      networks: options.networks,
      model: options.model,
      provider: options.type,
      poll_ms: options.pollMs,
    }
    this.#values = this.#own
  }

  get values(): LiveValues {
    return this.#values
  }

  /** Takes the operator's configuration; a key that is no longer there falls back to the worker's own. Answers what changed. */
  apply(config: WorkerConfig): AppliedSetting[] {
    const next: LiveValues = {
      slots: config.slots ?? this.#own.slots,
      tags: config.tags ?? this.#own.tags,
      networks: config.networks ?? this.#own.networks,
      model: config.model ?? this.#own.model,
      provider: config.provider ?? this.#own.provider,
      poll_ms: config.poll_ms ?? this.#own.poll_ms,
    }
    const before = this.#values
    this.#values = next
    return keys.filter((key) => JSON.stringify(next[key]) !== JSON.stringify(before[key])).map((key) => ({ key, value: next[key] }))
  }
}
