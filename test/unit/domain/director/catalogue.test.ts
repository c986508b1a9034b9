import { describe, expect, it } from 'vitest'
import { traitsOf } from '../../../../src/domain/director/catalogue.ts'
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
