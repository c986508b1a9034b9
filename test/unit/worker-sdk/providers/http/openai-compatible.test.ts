/** Says how http, lmstudio and nocturne speak to an OpenAI-compatible server: a real local one that speaks its wire format. */
import { afterEach, describe, expect, it } from 'vitest'
import { classifyError } from '../../../../../worker-sdk/src/errors.ts'
import { createProvider } from '../../../../../worker-sdk/src/providers/index.ts'
import type { ProviderOutcome } from '../../../../../worker-sdk/src/providers/provider.ts'
import { recordRun } from '../../../../support/standins/provider-run.ts'
import { openAiEvents, openAiHandler, sendOpenAi, sendOpenAiModels } from '../../../../support/wire/openai-wire.ts'
import { type WireHandler, type WireServer, sendJson, sendPieces, startWireServer } from '../../../../support/wire/wire-server.ts'

let server: WireServer | undefined
afterEach(() => server?.close())

const serve = async (handler: WireHandler): Promise<WireServer> => {
  server = await startWireServer(handler)
  return server
}
const http = createProvider('http')
const now = new Date('2026-05-04T12:00:00Z')
const classify = ({ error, exitCode, stderr }: ProviderOutcome) => classifyError(error, exitCode, stderr, now)

const products = [
  { name: 'http', variable: 'OPENAI_BASE_URL', key: 'OPENAI_API_KEY' },
  { name: 'lmstudio', variable: 'LMSTUDIO_BASE_URL', key: 'LM_API_TOKEN' },
  { name: 'nocturne', variable: 'NOCTURNE_URL', key: 'NOCTURNE_API_KEY' },
] as const

describe.each(products)('$name', ({ name, variable, key }) => {
  const provider = createProvider(name)

  it('streams the answer and tells tokens', async () => {
    const { url, requests } = await serve(openAiHandler(['Hel', 'lo ', 'wörld']))
    const run = recordRun({ endpoint: url, model: 'm1', env: { [key]: 'sk-1' } }, { context: 'Earlier.' })
    expect(await provider.run(run)).toEqual({ exitCode: 0, result: 'Hello wörld' })
    expect(run.chunks.map(({ text }) => text)).toEqual(['Hel', 'lo ', 'wörld'])
    expect(run.usages).toEqual([{ tokens_in: 12, tokens_out: 3, model: 'test-model' }])
    const [request] = requests
    expect(request).toMatchObject({ method: 'POST', path: '/v1/chat/completions' })
    expect(request?.headers.authorization).toBe('Bearer sk-1')
    expect(request?.json).toEqual({
      model: 'm1',
      messages: [{ role: 'user', content: 'Earlier.\n\nSay hello.' }],
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  it("finds the server by its ecosystem's variable, and sends no key that nobody set", async () => {
    const { url, requests } = await serve(openAiHandler(['ok']))
    expect(await provider.run(recordRun({ env: { [variable]: `${url}/v1/` } }))).toMatchObject({ exitCode: 0, result: 'ok' })
    expect(requests.every(({ headers }) => headers.authorization === undefined)).toBe(true)
  })

  it('is usable when the server answers, and says where and with what', async () => {
    const { url } = await serve(openAiHandler([], ['m1', 'm2', 'text-embedding-3']))
    expect(await provider.check({ endpoint: url, env: {} })).toEqual({
      usable: true,
      detail: `${url}/v1 (MODELREINS_ENDPOINT), 2 models: m1, m2`,
    })
  })

  it('is not usable when nobody answers, and says what to do', async () => {
    const { url, close } = await serve(() => undefined)
    await close()
    const { usable, detail } = await provider.check({ endpoint: url, env: {} })
    expect(usable).toBe(false)
    expect(detail).toContain(`${url}/v1 (MODELREINS_ENDPOINT) does not answer`)
    const outcome = await provider.run(recordRun({ endpoint: url, model: 'm', env: {} }))
    expect(classify(outcome)).toMatchObject({ type: 'network', retryable: true })
  })

  it('is not usable when the server refuses the key', async () => {
    const { url } = await serve((_request, response) => sendJson(response, 401, { error: { message: 'Incorrect API key provided' } }))
    expect(await provider.check({ endpoint: url, env: {} })).toEqual({ usable: false, detail: expect.stringContaining(`set ${key}`) })
  })
})

describe('an OpenAI-compatible server', () => {
  it('is asked for JSON, and with request parameters as extra arguments', async () => {
    const { url, requests } = await serve(openAiHandler(['{}']))
    await http.run(
      recordRun({ endpoint: url, model: 'm', outputFormat: 'json', extraArgs: ['--temperature=0.2', 'stop=["END"]', 'user=me'], env: {} }),
    )
    expect(requests[0]?.json).toMatchObject({ response_format: { type: 'json_object' }, temperature: 0.2, stop: ['END'], user: 'me' })
  })

  it.each(['--temperature 0.2', 'model=other', 'stream=false'])('refuses the extra argument "%s"', async (argument) => {
    const outcome = await http.run(recordRun({ endpoint: 'http://127.0.0.1:9', model: 'm', extraArgs: [argument], env: {} }))
    expect(outcome.exitCode).toBe(1)
    expect(outcome.error?.message).toContain('extra argument')
  })

  it('is read whatever the borders of its chunks are', async () => {
    const bytes = Buffer.from(openAiEvents(['a ä', ' 你好']).join('').replaceAll('\n', '\r\n'))
    const { url } = await serve(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let at = 0; at < bytes.length; at += 7) response.write(bytes.subarray(at, at + 7))
      response.end()
    })
    expect((await http.run(recordRun({ endpoint: url, model: 'm', env: {} }))).result).toBe('a ä 你好')
  })

  it('may answer at once although it was asked to stream', async () => {
    const { url } = await serve((_request, response) =>
      sendJson(response, 200, {
        model: 'whole',
        choices: [{ index: 0, message: { role: 'assistant', content: 'All of it.' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 2, cost: 0.5 },
      }),
    )
    const run = recordRun({ endpoint: url, model: 'm', env: {} })
    expect(await http.run(run)).toEqual({ exitCode: 0, result: 'All of it.' })
    expect(run.text()).toBe('All of it.')
    expect(run.usages).toEqual([{ tokens_in: 1, tokens_out: 2, cost_usd: 0.5, model: 'whole' }])
  })

  it('may be too old for stream_options', async () => {
    const { url, requests } = await serve((request, response) =>
      request.json?.['stream_options'] === undefined
        ? sendOpenAi(response, openAiEvents(['old']))
        : sendJson(response, 400, { error: { message: "Unrecognized request argument: 'stream_options'" } }),
    )
    expect((await http.run(recordRun({ endpoint: url, model: 'm', env: {} }))).result).toBe('old')
    expect(requests).toHaveLength(2)
  })

  it('may think aloud before it answers, and be cut', async () => {
    const thinking = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { reasoning_content: 'Hmm.' } }] })}\n\n`
    const { url } = await serve((_request, response) =>
      sendOpenAi(response, [': keep-alive\n\n', thinking, ...openAiEvents(['Half'], 'm', 'length')]),
    )
    const run = recordRun({ endpoint: url, model: 'm', env: {} })
    expect((await http.run(run)).result).toBe('Half')
    expect(run.text('system')).toBe('Hmm.\n[the answer was cut at the token limit]\n')
  })

  it.each([
    [
      429,
      { error: { message: 'Rate limit reached', code: 'rate_limit_exceeded' } },
      { type: 'rate_limited', retry_at: '2026-05-04T12:00:20.000Z' },
    ],
    [401, { error: { message: 'Incorrect API key provided: sk-***' } }, { type: 'auth_failed', retryable: false }],
    [404, { error: { message: 'The model `x` does not exist', code: 'model_not_found' } }, { type: 'exit_error', retryable: false }],
    [500, 'upstream sad', { type: 'network', message: 'Server error: HTTP 500: "upstream sad"', retryable: true }],
    [504, { detail: 'gateway' }, { type: 'network', retryable: true }],
  ])('refuses with %i', async (status, body, expected) => {
    const { url } = await serve((_request, response) => sendJson(response, status, body, status === 429 ? { 'retry-after': '20' } : {}))
    expect(classify(await http.run(recordRun({ endpoint: url, model: 'm', env: {} })))).toMatchObject(expected)
  })

  it('may fail in the middle of its stream', async () => {
    const broken = `data: ${JSON.stringify({ error: { message: 'Provider returned error', code: 429 } })}\n\n`
    const { url } = await serve((_request, response) => sendOpenAi(response, [openAiEvents(['Half'])[1] ?? '', broken]))
    expect(classify(await http.run(recordRun({ endpoint: url, model: 'm', env: {} })))).toMatchObject({ type: 'rate_limited' })
  })

  it.each(['end', 'reset'])('may stop before the answer is complete (%s), which is no answer', async (how) => {
    const { url } = await serve(async (_request, response) => {
      await sendOpenAi(response, openAiEvents(['Half']).slice(0, 2), false)
      if (how === 'end') response.end()
      else response.destroy()
    })
    expect(classify(await http.run(recordRun({ endpoint: url, model: 'm', env: {} })))).toMatchObject({ type: 'network', retryable: true })
  })

  it('is left at once when the job is stopped', async () => {
    const started = await serve((_request, response) => sendOpenAi(response, openAiEvents(['Half']).slice(0, 2), false))
    const run = recordRun({ endpoint: started.url, model: 'm', env: {} })
    const outcome = http.run(run)
    await run.told('Half')
    run.stop(new Error('killswitch'))
    expect(await outcome).toEqual({ exitCode: 130, error: new Error('killswitch') })
    await started.clientGone
  })

  it('is not followed elsewhere: a redirect would carry the key along', async () => {
    const { url, requests } = await serve((_request, response) => void response.writeHead(307, { location: '/elsewhere' }).end())
    const outcome = await http.run(recordRun({ endpoint: url, model: 'm', env: { OPENAI_API_KEY: 'k' } }))
    expect(outcome.error?.message).toContain('redirects are not followed')
    expect(requests).toHaveLength(1)
  })

  it('must be told the model when it has several, unless it is a local one', async () => {
    const { url, requests } = await serve((request, response) =>
      request.path.endsWith('/models') ? sendOpenAiModels(response, ['small', 'large']) : sendOpenAi(response, openAiEvents(['ok'])),
    )
    const refused = await http.run(recordRun({ endpoint: url, env: {} }))
    expect(refused.error?.message).toBe("http needs a model: --model (MODELREINS_WORKER_MODEL) or the job's own. It offers: small, large")
    expect(await createProvider('lmstudio').run(recordRun({ endpoint: url, env: {} }))).toMatchObject({ exitCode: 0 })
    expect(requests.at(-1)?.json).toMatchObject({ model: 'small' })
  })

  it('is usable without a list of models', async () => {
    const { url } = await serve((_request, response) => sendJson(response, 404, { error: 'no such route' }))
    expect(await http.check({ endpoint: url, env: {} })).toMatchObject({ usable: true })
  })

  it('must answer with what it says it answers with', async () => {
    const { url } = await serve((_request, response) => sendPieces(response, 'application/json', ['<html>']))
    expect((await http.run(recordRun({ endpoint: url, model: 'm', env: {} }))).error?.message).toBe(
      'nothing of the answer could be read; it begins: <html>',
    )
  })
})

describe('nocturne', () => {
  it('has no usual place: it must be named', async () => {
    expect(await createProvider('nocturne').check({ env: {} })).toEqual({
      usable: false,
      detail: expect.stringContaining('set --endpoint (MODELREINS_ENDPOINT) or NOCTURNE_URL'),
    })
  })
})
