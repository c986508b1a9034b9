/** Says how ollama-http speaks to Ollama: a real local server that speaks its NDJSON. */
import { afterEach, describe, expect, it } from 'vitest'
import { classifyError } from '../../../../../worker-sdk/src/errors.ts'
import { createProvider } from '../../../../../worker-sdk/src/providers/index.ts'
import { recordRun } from '../../../../support/standins/provider-run.ts'
import { ollamaHandler, ollamaLines, sendOllama } from '../../../../support/wire/ollama-wire.ts'
import { type WireHandler, type WireServer, sendJson, startWireServer } from '../../../../support/wire/wire-server.ts'

let server: WireServer | undefined
afterEach(() => server?.close())
const serve = async (handler: WireHandler): Promise<WireServer> => {
  server = await startWireServer(handler)
  return server
}
const ollama = createProvider('ollama-http')

describe('ollama-http', () => {
  it('streams the answer, tells tokens, and costs nothing', async () => {
    const { host, requests } = await serve(ollamaHandler(ollamaLines(['Hi', ' thëre'])))
    const run = recordRun({ model: 'llama3:latest', env: { OLLAMA_HOST: host } })
    expect(await ollama.run(run)).toEqual({ exitCode: 0, result: 'Hi thëre' })
    expect(run.chunks.map(({ text }) => text)).toEqual(['Hi', ' thëre'])
    expect(run.usages).toEqual([{ tokens_in: 26, tokens_out: 298, cost_usd: 0, model: 'llama3:latest' }])
    expect(requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/chat',
      json: { model: 'llama3:latest', messages: [{ role: 'user', content: 'Say hello.' }], stream: true },
    })
  })

  it('takes the model that was changed last when none is named', async () => {
    const { url, requests } = await serve(
      ollamaHandler(ollamaLines(['ok']), ['nomic-embed-text:latest', 'new:latest', 'old:latest'].slice(0, 3)),
    )
    expect(await ollama.run(recordRun({ endpoint: url, env: {} }))).toMatchObject({ exitCode: 0 })
    expect(requests.at(-1)?.json).toMatchObject({ model: 'new:latest' })
  })

  it('puts sampling parameters into options and its own beside them', async () => {
    const { url, requests } = await serve(ollamaHandler(ollamaLines(['{}'])))
    await ollama.run(
      recordRun({ endpoint: url, model: 'llama3:latest', outputFormat: 'json', extraArgs: ['num_ctx=8192', 'keep_alive=10m'], env: {} }),
    )
    expect(requests[0]?.json).toMatchObject({ format: 'json', options: { num_ctx: 8192 }, keep_alive: '10m' })
  })

  it('sends a key only when there is one', async () => {
    const { url, requests } = await serve(ollamaHandler(ollamaLines(['ok'])))
    await ollama.run(recordRun({ endpoint: url, model: 'llama3:latest', env: { OLLAMA_API_KEY: 'k' } }))
    await ollama.run(recordRun({ endpoint: url, model: 'llama3:latest', env: {} }))
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer k', undefined])
  })

  it('says what it found before anything is claimed', async () => {
    const { url } = await serve(ollamaHandler([]))
    const at = { endpoint: url, env: {} }
    expect(await ollama.check(at)).toEqual({
      usable: true,
      detail: `Ollama 0.12.3 at ${url} (MODELREINS_ENDPOINT), 1 models: llama3:latest`,
    })
    expect(await ollama.check({ ...at, model: 'llama3' })).toMatchObject({ usable: true })
    expect(await ollama.check({ ...at, model: 'other' })).toMatchObject({
      usable: false,
      detail: expect.stringContaining('ollama pull other'),
    })
    await server?.close()
    expect(await ollama.check(at)).toMatchObject({ usable: false, detail: expect.stringContaining('ollama serve') })
  })

  it('has a model to run, or says how to get one', async () => {
    const { url } = await serve(ollamaHandler([], []))
    expect(await ollama.check({ endpoint: url, env: {} })).toMatchObject({ usable: false, detail: expect.stringContaining('ollama pull') })
    expect((await ollama.run(recordRun({ endpoint: url, env: {} }))).error?.message).toContain('ollama pull')
  })

  it.each<[string, WireHandler, object]>([
    ['a model that is not there', ollamaHandler([]), { type: 'spawn_failed', retryable: false }],
    [
      'a busy server',
      (_q, r) => sendJson(r, 503, { error: 'server busy, please try again. maximum pending requests exceeded' }),
      { type: 'network' },
    ],
    [
      'the limit of the cloud',
      (_q, r) => sendJson(r, 429, { error: "you've reached your hourly usage limit" }),
      { type: 'rate_limited', retryable: true },
    ],
    [
      'an error in the stream',
      (_q, r) => sendOllama(r, [ollamaLines(['a'])[0] ?? '', '{"error":"an error was encountered while running the model"}\n']),
      { type: 'exit_error' },
    ],
    ['a stream that ends early', (_q, r) => sendOllama(r, ollamaLines(['a']).slice(0, 1)), { type: 'network', retryable: true }],
  ])('names the failure of %s', async (_name, handler, expected) => {
    const { url } = await serve(handler)
    const outcome = await ollama.run(recordRun({ endpoint: url, model: 'absent', env: {} }))
    expect(classifyError(outcome.error, outcome.exitCode, outcome.stderr)).toMatchObject(expected)
  })

  it('is left at once when the job is stopped', async () => {
    const started = await serve((_request, response) => sendOllama(response, ollamaLines(['Half']).slice(0, 1), false))
    const run = recordRun({ endpoint: started.url, model: 'm', env: {} })
    const outcome = ollama.run(run)
    await run.told('Half')
    run.stop('aborted')
    expect(await outcome).toEqual({ exitCode: 130, error: new Error('aborted') })
    await started.clientGone
  })
})
