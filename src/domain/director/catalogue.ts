/**
 * Responsible for what is known of providers and models before any job has run: cost, quality, speed, locality, each from
 * 0 (worst) to 1 (best). Coarse on purpose; `config` of a worker overrides it.
 */
import type { WorkerView } from './matching.ts'

export interface Traits {
  readonly cost: number
  readonly quality: number
  readonly speed: number
  readonly locality: 'local' | 'cloud'
  readonly model_class: string
}

const local: Traits = { cost: 1, quality: 0.35, speed: 0.5, locality: 'local', model_class: 'local' }
const program: Traits = { cost: 1, quality: 0.4, speed: 0.8, locality: 'local', model_class: 'program' }
const cheap: Traits = { cost: 0.8, quality: 0.5, speed: 0.9, locality: 'cloud', model_class: 'small hosted' }
const standard: Traits = { cost: 0.5, quality: 0.75, speed: 0.6, locality: 'cloud', model_class: 'standard' }
const premium: Traits = { cost: 0.1, quality: 1, speed: 0.35, locality: 'cloud', model_class: 'premium' }
/** Humans: slow, dear, and the last word. */
const human: Traits = { cost: 0, quality: 0.95, speed: 0, locality: 'local', model_class: 'human' }

/** First match wins: model names say more than provider names. */
const byModel: readonly (readonly [RegExp, Traits])[] = [
  [/opus|o[1-9]-pro|gpt-[5-9](?!.*(?:mini|nano))|ultra|deep-?think/i, premium],
  [/haiku|mini|nano|flash|lite|small/i, cheap],
  [/sonnet|gpt-4|pro|codex|large/i, standard],
]
const byProvider: Readonly<Record<string, Traits>> = {
  'ollama-http': local,
  lmstudio: local,
  nocturne: local,
  spawn: program,
  playwright: program,
  claude: standard,
  codex: standard,
  aider: standard,
  onemin: cheap,
  http: standard,
}
const localProviders = new Set(['ollama-http', 'lmstudio', 'nocturne'])

export function traitsOf(worker: WorkerView): Traits {
  const known =
    worker.kind === 'carbon'
      ? human
      : localProviders.has(worker.provider ?? '')
        ? local
        : (byModel.find(([pattern]) => worker.model !== null && pattern.test(worker.model))?.[1] ??
          byProvider[worker.provider ?? ''] ??
          program)
  const { cost, quality, speed, locality } = worker.config
  return {
    ...known,
    ...(cost === undefined ? {} : { cost }),
    ...(quality === undefined ? {} : { quality }),
    ...(speed === undefined ? {} : { speed }),
    ...(locality === undefined ? {} : { locality }),
  }
}
