/**
 * Responsible for what is known about providers and models before any job has run: cost, quality, speed and locality, each from 0 (worst) to 1
 * (best). It is coarse on purpose: rules of the tenant override it by pattern, and the `config` of a worker overrides both.
 */
import type { CatalogueRule, ModelClass, TokenPrice } from '@modelreins/contract'
import type { WorkerView } from './matching.ts'

export interface Traits {
  readonly cost: number
  readonly quality: number
  readonly speed: number
  readonly locality: 'local' | 'cloud'
  readonly model_class: ModelClass
}

const local: Traits = { cost: 1, quality: 0.35, speed: 0.5, locality: 'local', model_class: 'local' }
const localSmall: Traits = { ...local, quality: 0.25, speed: 0.6, model_class: 'local small' }
const localLarge: Traits = { ...local, cost: 0.95, quality: 0.45, speed: 0.3, model_class: 'local large' }
const program: Traits = { cost: 1, quality: 0.4, speed: 0.8, locality: 'local', model_class: 'program' }
const cheap: Traits = { cost: 0.8, quality: 0.45, speed: 0.9, locality: 'cloud', model_class: 'cheap hosted' }
const standard: Traits = { cost: 0.5, quality: 0.8, speed: 0.6, locality: 'cloud', model_class: 'standard hosted' }
const premium: Traits = { cost: 0.1, quality: 1, speed: 0.35, locality: 'cloud', model_class: 'premium' }
/** Slow and expensive, but of high quality. */
const human: Traits = { cost: 0, quality: 0.95, speed: 0, locality: 'local', model_class: 'human' }

/** Every class, the smallest first. */
export const modelClasses: readonly Traits[] = [localSmall, local, localLarge, program, cheap, standard, premium, human]
const byClass = new Map(modelClasses.map((traits) => [traits.model_class, traits]))

/** Matches whole words only: "gemini" does not match "mini", and "elite" does not match "lite". */
const word = (names: string): RegExp => new RegExp(`(?<![a-z])(?:${names})(?![a-z])`, 'i')

interface NamedModels {
  /** The names as the reference shows them. */
  readonly names: string
  readonly pattern: RegExp
  readonly traits: Traits
}
const named = (names: string, pattern: string, traits: Traits): NamedModels => ({ names, pattern: word(pattern), traits })

/** The first match wins, so that a small model of a large family counts as small. */
const byModel: readonly NamedModels[] = [
  named('haiku, mini, nano, flash, lite, small', 'haiku|mini|nano|flash|lite|small', cheap),
  named('opus, gpt-5 and later, o1-pro and later, ultra, deep-think', 'opus|o[1-9]-pro|gpt-[5-9]|ultra|deep-?think', premium),
  named('sonnet, gpt-4, pro, codex, large', 'sonnet|gpt-4o?|pro|codex|large', standard),
]

/** Billions of parameters, as in the names of open models: `llama3.2:3b`, `mixtral:8x7b`. */
const parameters = /(?<![a-z0-9.])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?![a-z0-9])/gi
/** The size that runs well on a laptop. */
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

/** The rules by which the built-in catalogue finds a class, in the order of evaluation; the reference is generated from them. */
export const builtIn: readonly { readonly which: string; readonly model_class: ModelClass }[] = [
  { which: 'kind `carbon`', model_class: 'human' },
  { which: `${[...localProviders].join(', ')}: at most ${smallAtMost} billion parameters by the model's name`, model_class: 'local small' },
  { which: 'the same: more parameters', model_class: 'local large' },
  { which: 'the same: size unknown', model_class: 'local' },
  ...byModel.map(({ names, traits }) => ({ which: `the model's name has one of the words ${names}`, model_class: traits.model_class })),
  ...Object.entries(byProvider)
    .filter(([provider]) => !localProviders.has(provider))
    .map(([provider, traits]) => ({ which: `provider \`${provider}\``, model_class: traits.model_class })),
  { which: 'anything else', model_class: program.model_class },
]

function classified({ kind, provider, model }: WorkerView): Traits {
  if (kind === 'carbon') return human
  if (localProviders.has(provider ?? '')) return localTraits(model ?? '')
  return byModel.find(({ pattern }) => pattern.test(model ?? ''))?.traits ?? byProvider[provider ?? ''] ?? program
}

/** Cache of parsed names: fleets run few different models. */
const read = new Map<string, Traits>()
const mostRead = 1_000

function catalogued(worker: WorkerView): Traits {
  const key = JSON.stringify([worker.kind, worker.provider, worker.model])
  const known = read.get(key)
  if (known !== undefined) return known
  if (read.size >= mostRead) read.clear()
  const traits = classified(worker)
  read.set(key, traits)
  return traits
}

/** `*` matches any characters; case is ignored. The number of steps is bounded by the product of both lengths, whatever the pattern is. */
export function fitsPattern(pattern: string, text: string): boolean {
  const [wanted, given] = [pattern.toLowerCase(), text.toLowerCase()]
  let [at, from] = [0, 0]
  // The position of the last star, and how many characters of the text it has matched.
  let [star, taken] = [-1, 0]
  while (at < given.length) {
    if (wanted[from] === '*') {
      star = from
      taken = at
      from += 1
    } else if (wanted[from] === given[at]) {
      at += 1
      from += 1
    } else if (star >= 0) {
      taken += 1
      at = taken
      from = star + 1
    } else return false
  }
  while (wanted[from] === '*') from += 1
  return from === wanted.length
}

/** Index of the first rule that matches a worker's provider and model; -1 when none does. Rules never match people. */
export const ruleFor = (
  rules: readonly CatalogueRule[],
  { kind, provider, model }: Pick<WorkerView, 'kind' | 'provider' | 'model'>,
): number =>
  kind === 'carbon'
    ? -1
    : rules.findIndex(
        (rule) =>
          (rule.provider === undefined || fitsPattern(rule.provider, provider ?? '')) &&
          (rule.model === undefined || fitsPattern(rule.model, model ?? '')),
      )

type Declared = Partial<Pick<CatalogueRule, 'model_class' | 'cost' | 'quality' | 'speed' | 'locality'>>

/** Applies the class first, then the traits that differ from it. */
function declaredOver(known: Traits, { model_class, cost, quality, speed, locality }: Declared): Traits {
  if ((model_class ?? cost ?? quality ?? speed ?? locality) === undefined) return known
  return {
    ...(model_class === undefined ? known : (byClass.get(model_class) ?? known)),
    ...(cost === undefined ? {} : { cost }),
    ...(quality === undefined ? {} : { quality }),
    ...(speed === undefined ? {} : { speed }),
    ...(locality === undefined ? {} : { locality }),
  }
}

/** The traits that apply: the built-in ones, overridden by the tenant's rule, overridden by the worker's config. */
export const traitsOf = (worker: WorkerView): Traits => declaredOver(declaredOver(catalogued(worker), worker.rule ?? {}), worker.config)

/** Undefined when nobody has declared a price. No price is built in, since prices change and differ between contracts. */
export const priceOf = ({ config, rule }: Pick<WorkerView, 'config' | 'rule'>): TokenPrice | undefined => config.price ?? rule?.price

/** Where the class of a worker comes from. */
export const sourceOf = ({ config, rule }: Pick<WorkerView, 'config' | 'rule'>): 'config' | 'rule' | 'built-in' =>
  config.model_class !== undefined ? 'config' : rule?.model_class !== undefined ? 'rule' : 'built-in'
