/** Responsible for the settings that may change while the worker runs: the start settings, overridden by the server's. */
import type { WorkerConfig } from '@modelreins/contract'
import type { ResolvedOptions } from './options.ts'
import { placeOf } from './place.ts'

export interface LiveValues {
  readonly slots: number
  readonly tags: readonly string[]
  readonly networks: readonly string[]
  readonly model: string | undefined
  readonly provider: string | undefined
  readonly poll_ms: number
  /** Reported only if the server limits the place to one job at a time. */
  readonly place: string | undefined
}
export type LiveKey = keyof LiveValues
export interface AppliedSetting {
  readonly key: LiveKey
  readonly value: LiveValues[LiveKey]
}

const keys: readonly LiveKey[] = ['slots', 'tags', 'networks', 'model', 'provider', 'poll_ms', 'place']

export class LiveSettings {
  readonly #own: LiveValues
  readonly #place: string
  #values: LiveValues

  constructor(options: ResolvedOptions) {
    this.#own = {
      slots: options.slots,
      tags: options.tags,
      networks: options.networks,
      model: options.model,
      provider: options.type,
      poll_ms: options.pollMs,
      place: undefined,
    }
    this.#place = placeOf(options.workDir, options.machine)
    this.#values = this.#own
  }

  get values(): LiveValues {
    return this.#values
  }

  /** The operator's configuration on top of the worker's own settings, which apply for absent keys. Changes nothing. */
  under(config: WorkerConfig): LiveValues {
    return {
      slots: config.slots ?? this.#own.slots,
      tags: config.tags ?? this.#own.tags,
      networks: config.networks ?? this.#own.networks,
      model: config.model ?? this.#own.model,
      provider: config.provider ?? this.#own.provider,
      poll_ms: config.poll_ms ?? this.#own.poll_ms,
      place: config.concurrency_key === 'workdir' ? this.#place : undefined,
    }
  }

  /** Applies the operator's configuration, except for the keys that must stay unchanged. Answers what changed. */
  apply(config: WorkerConfig, except: readonly LiveKey[] = []): AppliedSetting[] {
    const before = this.#values
    const next: LiveValues = { ...this.under(config), ...Object.fromEntries(except.map((key) => [key, before[key]])) }
    this.#values = next
    return keys.filter((key) => JSON.stringify(next[key]) !== JSON.stringify(before[key])).map((key) => ({ key, value: next[key] }))
  }
}
