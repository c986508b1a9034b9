import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { chooseProvider, fileReport, type Probe } from '../../../../tools/start/provider-choice.ts'
import { StartFailure } from '../../../../tools/start/start-failure.ts'

const machine = (answers: Record<string, unknown>, more: Partial<Probe> = {}): Probe => ({
  env: {},
  json: async (url) => answers[url],
  check: async () => ({ usable: true, detail: 'version 1' }),
  ...more,
})
const ollama = { 'http://127.0.0.1:11434/api/tags': { models: [{ name: 'nomic-embed-text' }, { name: 'llama3.2:3b' }] } }
const lmStudio = { 'http://127.0.0.1:1234/v1/models': { data: [{ id: 'qwen' }] } }

describe('the worker of this machine', () => {
  test('uses Ollama when it answers, with a model that can answer a prompt', async () => {
    expect(await chooseProvider(undefined, machine({ ...ollama, ...lmStudio }))).toMatchObject({
      provider: 'ollama-http',
      model: 'llama3.2:3b',
    })
  })

  test('finds Ollama where OLLAMA_HOST says', async () => {
    const probe = machine({ 'http://box:11434/api/tags': { models: [{ name: 'm' }] } }, { env: { OLLAMA_HOST: 'box' } })
    expect(await chooseProvider(undefined, probe)).toMatchObject({ provider: 'ollama-http', endpoint: 'http://box:11434' })
  })

  test('uses LM Studio when only that answers', async () => {
    expect(await chooseProvider(undefined, machine(lmStudio))).toMatchObject({ provider: 'lmstudio', model: 'qwen' })
  })

  test.each([{}, { 'http://127.0.0.1:11434/api/tags': { models: [] } }, { 'http://127.0.0.1:11434/api/tags': 'a web page' }])(
    'runs a program when no model answers: %j',
    async (answers) => {
      expect(await chooseProvider(undefined, machine(answers))).toMatchObject({ provider: 'spawn', capability: 'file.report' })
    },
  )

  test('passes over a model server that the SDK cannot use', async () => {
    const probe = machine(ollama, { check: async () => ({ usable: false, detail: 'no' }) })
    expect(await chooseProvider(undefined, probe)).toMatchObject({ provider: 'spawn' })
  })

  test('uses a command line agent only when asked', async () => {
    expect(await chooseProvider('claude', machine(ollama))).toMatchObject({ provider: 'claude', because: 'claude: version 1' })
  })

  test('says why what was asked for cannot be used', async () => {
    const probe = machine({}, { check: async () => ({ usable: false, detail: 'claude is not on PATH' }) })
    await expect(chooseProvider('claude', probe)).rejects.toThrow(StartFailure)
    await expect(chooseProvider('claude', probe)).rejects.toThrow('claude is not on PATH')
  })
})

describe('the program that needs no model', () => {
  test.skipIf(process.platform === 'win32')('is a shell line that runs as it stands', () => {
    const out = execFileSync('/bin/sh', ['-c', fileReport().command ?? 'false'], { input: 'three small words', encoding: 'utf8' })
    expect(out).toContain('3 words')
  })
})
