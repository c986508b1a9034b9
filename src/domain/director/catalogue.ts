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
const localSmall: Traits = { ...local, quality: 0.25, speed: 0.6, model_class: 'local small' }
const localLarge: Traits = { ...local, cost: 0.95, quality: 0.45, speed: 0.3, model_class: 'local large' }
const program: Traits = { cost: 1, quality: 0.4, speed: 0.8, locality: 'local', model_class: 'program' }
const cheap: Traits = { cost: 0.8, quality: 0.45, speed: 0.9, locality: 'cloud', model_class: 'cheap hosted' }
const standard: Traits = { cost: 0.5, quality: 0.8, speed: 0.6, locality: 'cloud', model_class: 'standard hosted' }
const premium: Traits = { cost: 0.1, quality: 1, speed: 0.35, locality: 'cloud', model_class: 'premium' }
/** Slow, expensive, and the last word. */
const human: Traits = { cost: 0, quality: 0.95, speed: 0, locality: 'local', model_class: 'human' }

/** Every class, the smallest first. */
export const modelClasses: readonly Traits[] = [localSmall, local, localLarge, program, cheap, standard, premium, human]

/** Whole words only: "gemini" is not "mini", and "elite" is not "lite". */
const word = (names: string): RegExp => new RegExp(`(?<![a-z])(?:${names})(?![a-z])`, 'i')

/** First match wins: a small model of a large family is a small one. */
const byModel: readonly (readonly [RegExp, Traits])[] = [
  [word('haiku|mini|nano|flash|lite|small'), cheap],
  [word('opus|o[1-9]-pro|gpt-[5-9]|ultra|deep-?think'), premium],
  [word('sonnet|gpt-4o?|pro|codex|large'), standard],
]

/** Billions of parameters, as names of open models say them: `llama3.2:3b`, `mixtral:8x7b`. */
const parameters = /(?<![a-z0-9.])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?![a-z0-9])/gi
/** What a laptop runs well. */
const smallAtMost = 9
const smallName = /tiny|(?<![a-z])(?:mini|nano|small)(?![a-z])/i

function localTraits(model: string): Traits {
  const sizes = [...model.matchAll(parameters)].map(([, experts, billions]) => Number(experts ?? 1) * Number(billions))
  if (sizes.length > 0) return Math.max(...sizes) > smallAtMost ? localLarge : localSmall
  return smallName.test(model) ? localSmall : local
}

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

function catalogued({ kind, provider, model }: WorkerView): Traits {
  if (kind === 'carbon') return human
  if (localProviders.has(provider ?? '')) return localTraits(model ?? '')
  return byModel.find(([pattern]) => pattern.test(model ?? ''))?.[1] ?? byProvider[provider ?? ''] ?? program
}

export function traitsOf(worker: WorkerView): Traits {
  const known = catalogued(worker)
  const { cost, quality, speed, locality } = worker.config
  return {
    ...known,
    ...(cost === undefined ? {} : { cost }),
    ...(quality === undefined ? {} : { quality }),
    ...(speed === undefined ? {} : { speed }),
    ...(locality === undefined ? {} : { locality }),
  }
}
