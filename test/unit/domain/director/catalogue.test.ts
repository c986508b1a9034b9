import type { CatalogueRule } from '@modelreins/contract'
import { catalogueUpdate, modelClassNames } from '@modelreins/contract'
import { cpuTimeOf } from '../../../support/cpu-time.ts'
import { describe, expect, it } from 'vitest'
import { builtIn, fitsPattern, modelClasses, priceOf, ruleFor, sourceOf, traitsOf } from '../../../../src/domain/director/catalogue.ts'
import { workerView } from './workforce.ts'

const classOf = (provider: string | null, model: string | null): string => traitsOf(workerView('anna', { provider, model })).model_class

describe('a model is known by its name', () => {
  it.each([
    ['claude', 'claude-opus-4-1', 'premium'],
    ['claude', 'opus', 'premium'],
    ['codex', 'gpt-5', 'premium'],
    ['codex', 'gpt-5-codex', 'premium'],
    ['http', 'gemini-ultra', 'premium'],
    ['http', 'o3-pro', 'premium'],
    ['claude', 'claude-sonnet-4-5', 'standard hosted'],
    ['http', 'gemini-2.5-pro', 'standard hosted'],
    ['http', 'gpt-4o', 'standard hosted'],
    ['http', 'mistral-large-latest', 'standard hosted'],
    ['claude', 'claude-haiku-4-5', 'cheap hosted'],
    ['http', 'gemini-2.5-flash', 'cheap hosted'],
    ['http', 'gpt-5-mini', 'cheap hosted'],
    ['codex', 'gpt-5.1-codex-mini', 'cheap hosted'],
    ['http', 'gpt-4o-mini', 'cheap hosted'],
    ['http', 'gpt-4.1-nano', 'cheap hosted'],
    ['http', 'mistral-small', 'cheap hosted'],
    // Words inside of other words say nothing.
    ['http', 'minimax-m2', 'standard hosted'],
    ['http', 'elite-chat', 'standard hosted'],
    ['onemin', 'profound-1', 'cheap hosted'],
  ])('%s %s: %s', (provider, model, name) => {
    expect(classOf(provider, model)).toBe(name)
  })
})

describe('a local model is known by its size', () => {
  it.each([
    ['ollama-http', 'llama3.2:3b', 'local small'],
    ['ollama-http', 'llama3.1:8b-instruct-q4_K_M', 'local small'],
    ['ollama-http', 'qwen2.5:0.5b', 'local small'],
    ['lmstudio', 'phi-4-mini-instruct', 'local small'],
    ['ollama-http', 'tinyllama', 'local small'],
    ['ollama-http', 'llama3.3:70b', 'local large'],
    ['ollama-http', 'qwen3:30b-a3b', 'local large'],
    ['ollama-http', 'mixtral:8x7b', 'local large'],
    ['ollama-http', 'gpt-oss:120b', 'local large'],
    ['lmstudio', 'google/gemma-2-27b', 'local large'],
    ['nocturne', null, 'local'],
    ['ollama-http', 'mistral', 'local'],
    // A hosted model's name on a local server is a local model all the same.
    ['lmstudio', 'opus-distilled', 'local'],
  ])('%s %s: %s', (provider, model, name) => {
    expect(classOf(provider, model)).toBe(name)
    expect(traitsOf(workerView('anna', { provider, model })).locality).toBe('local')
  })
})

describe('without a model', () => {
  it.each([
    ['claude', 'standard hosted'],
    ['codex', 'standard hosted'],
    ['aider', 'standard hosted'],
    ['http', 'standard hosted'],
    ['onemin', 'cheap hosted'],
    ['spawn', 'program'],
    ['playwright', 'program'],
    ['something-new', 'program'],
    [null, 'program'],
  ])('%s is %s', (provider, name) => {
    expect(classOf(provider, null)).toBe(name)
  })
})

it('a human is one whatever stands behind them', () => {
  const traits = traitsOf(workerView('carla', { kind: 'carbon', provider: 'claude', model: 'opus' }))
  expect(traits.model_class).toBe('human')
})

it('what the operator says of a worker beats the catalogue, field by field', () => {
  const view = workerView('anna', { provider: 'claude', model: 'opus' })
  const known = traitsOf(view)
  expect(traitsOf({ ...view, config: { cost: 0.9, locality: 'local' } })).toEqual({ ...known, cost: 0.9, locality: 'local' })
  expect(traitsOf({ ...view, config: { quality: 0, speed: 1 } })).toEqual({ ...known, quality: 0, speed: 1 })
})

describe('a rule of the tenant', () => {
  const rules: readonly CatalogueRule[] = [
    { provider: 'ollama-http', model: 'qwen3*', model_class: 'local large', quality: 0.7 },
    { model: '*-turbo', model_class: 'premium', price: { input: 3, output: 15 } },
    { provider: 'http', locality: 'local' },
  ]
  const seen = (more: Parameters<typeof workerView>[1]) => {
    const view = workerView('anna', more)
    return { ...view, rule: rules[ruleFor(rules, view)] }
  }

  it('counts before what is built in, by the first that fits, and behind the config of the worker', () => {
    expect(traitsOf(seen({ provider: 'ollama-http', model: 'Qwen3:8b' }))).toMatchObject({
      model_class: 'local large',
      quality: 0.7,
      cost: 0.95,
    })
    const turbo = seen({ provider: 'http', model: 'house-turbo' })
    expect([traitsOf(turbo).model_class, traitsOf(turbo).locality, priceOf(turbo), sourceOf(turbo)]).toEqual([
      'premium',
      'cloud',
      { input: 3, output: 15 },
      'rule',
    ])
    expect(traitsOf(seen({ provider: 'http', model: 'haiku' }))).toMatchObject({ model_class: 'cheap hosted', locality: 'local' })
    const own = { ...turbo, config: { model_class: 'cheap hosted' as const, speed: 1, price: { input: 0, output: 0 } } }
    expect(traitsOf(own)).toMatchObject({ model_class: 'cheap hosted', cost: 0.8, speed: 1 })
    expect([sourceOf(own), priceOf(own)]).toEqual(['config', { input: 0, output: 0 }])
    expect([sourceOf(seen({ provider: 'claude' })), priceOf(seen({ provider: 'claude' }))]).toEqual(['built-in', undefined])
    expect(ruleFor([{ model: '*', model_class: 'premium' }], workerView('carla', { kind: 'carbon' }))).toBe(-1)
  })

  it.each([
    ['*', '', true],
    ['a*c*e', 'abcde', true],
    ['a*c*e', 'abcd', false],
    ['*ab', 'aab', true],
    ['opus', 'claude-opus', false],
    ['OPUS*', 'opus-4', true],
    ['', '', true],
    ['a.c', 'abc', false],
  ])('fits by its pattern: %s, %s: %s', (pattern, text, fits) => {
    expect(fitsPattern(pattern, text)).toBe(fits)
  })

  it('costs no more than the product of both lengths, whatever the pattern', () => {
    expect(cpuTimeOf(() => expect(fitsPattern(`${'*a'.repeat(60)}b`, 'a'.repeat(120))).toBe(false))).toBeLessThan(1_000)
  })

  it.each([
    ['no pattern', [{ model_class: 'premium' }], 'rules.0.model'],
    ['nothing said', [{ model: 'x' }], 'rules.0.model_class'],
    ['a trait above 1', [{ model: 'x', cost: 2 }], 'rules.0.cost'],
    ['an unknown field', [{ model: 'x', cost: 1, colour: 'red' }], 'rules.0'],
    ['a price below 0', [{ model: 'x', price: { input: -1, output: 1 } }], 'rules.0.price.input'],
    [
      'the same pattern again',
      [
        { model: 'X', cost: 1 },
        { model: 'x', cost: 0 },
      ],
      'rules.1',
    ],
    ['more than 200', Array.from({ length: 201 }, (_, index) => ({ model: `m${index}`, cost: 1 })), 'rules'],
  ])('is refused by the path of what is wrong: %s', (_, wrong, path) => {
    const parsed = catalogueUpdate.safeParse({ rules: wrong })
    expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path])
  })
})

it('has each class once, and says of each how it is told', () => {
  expect(modelClasses.map((traits) => traits.model_class)).toEqual(modelClassNames)
  expect(new Set(builtIn.map((line) => line.model_class))).toEqual(new Set(modelClassNames))
})
