/** Says how onemin speaks to 1min.ai: a real local server that speaks its named events. */
import { afterEach, describe, expect, it } from 'vitest'
import { classifyError } from '../../../../../worker-sdk/src/errors.ts'
import { createProvider } from '../../../../../worker-sdk/src/providers/index.ts'
import { recordRun } from '../../../../support/standins/provider-run.ts'
import { oneminEvents, oneminHandler, oneminRecord } from '../../../../support/wire/onemin-wire.ts'
import { type WireHandler, type WireServer, sendJson, sendPieces, startWireServer } from '../../../../support/wire/wire-server.ts'

let server: WireServer | undefined
afterEach(() => server?.close())
const serve = async (handler: WireHandler): Promise<WireServer> => {
  server = await startWireServer(handler)
  return server
}
const onemin = createProvider('onemin')
const env = { ONEMIN_API_KEY: 'k1' }

describe('onemin', () => {
  it('streams the answer and tells tokens, but no dollars: it counts in credits', async () => {
    const { url, requests } = await serve(oneminHandler('k1', oneminEvents(['Artificial ', 'intelligence'])))
    const run = recordRun({ endpoint: url, env }, { job: { model: 'claude-sonnet-4-6' } })
    expect(await onemin.run(run)).toEqual({ exitCode: 0, result: 'Artificial intelligence' })
    expect(run.chunks.map(({ text }) => text)).toEqual(['Artificial ', 'intelligence'])
    expect(run.usages).toEqual([{ tokens_in: 17, tokens_out: 5, model: 'claude-sonnet-4-6' }])
    expect(requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/chat-with-ai?isStreaming=true',
      json: { type: 'UNIFY_CHAT_WITH_AI', model: 'claude-sonnet-4-6', promptObject: { prompt: 'Say hello.' } },
    })
    expect(requests[0]?.headers['api-key']).toBe('k1')
  })

  it('reads an answer that comes whole, as JSON or as its only event', async () => {
    const whole = await serve((_request, response) => sendJson(response, 200, oneminRecord(['Whole.'])))
    expect(await onemin.run(recordRun({ endpoint: whole.url, env }))).toMatchObject({ result: 'Whole.' })
    await whole.close()
    const last = await serve((_request, response) => sendPieces(response, 'text/event-stream', oneminEvents(['Late.']).slice(1)))
    const run = recordRun({ endpoint: last.url, env })
    expect(await onemin.run(run)).toMatchObject({ result: 'Late.' })
    expect(run.text()).toBe('Late.')
  })

  it('needs a key, and one that is accepted', async () => {
    const { url } = await serve(oneminHandler('k1', []))
    expect(await onemin.check({ endpoint: url, env })).toEqual({ usable: true, detail: `1min.ai at ${url}, model gpt-4o-mini` })
    expect(await onemin.check({ endpoint: url, env: { ONEMIN_API_KEY: 'no' } })).toMatchObject({
      usable: false,
      detail: expect.stringContaining('refuses the key'),
    })
    expect(await onemin.check({ endpoint: url, env: {} })).toMatchObject({
      usable: false,
      detail: expect.stringContaining('ONEMIN_API_KEY'),
    })
    const outcome = await onemin.run(recordRun({ endpoint: url, env: {} }))
    expect(classifyError(outcome.error, outcome.exitCode)).toMatchObject({ type: 'auth_failed' })
  })

  it.each<[string, WireHandler, string]>([
    ['a refused key', oneminHandler('other', []), 'auth_failed'],
    ['too many requests', (_q, r) => sendJson(r, 429, { message: 'ThrottlerException: Too Many Requests' }), 'rate_limited'],
    [
      'used up credits',
      (_q, r) =>
        sendJson(r, 400, { success: false, error: { code: 'INSUFFICIENT_CREDITS', message: 'The feature requires 1280 credits' } }),
      'exit_error',
    ],
    [
      'an error event',
      (_q, r) => sendPieces(r, 'text/event-stream', ['event: error\ndata: {"message":"model unauthorized"}\n\n']),
      'auth_failed',
    ],
    ['a stream that ends early', (_q, r) => sendPieces(r, 'text/event-stream', oneminEvents(['a', 'b']).slice(0, 1)), 'network'],
  ])('names the failure of %s', async (_name, handler, type) => {
    const { url } = await serve(handler)
    const outcome = await onemin.run(recordRun({ endpoint: url, env }))
    expect(classifyError(outcome.error, outcome.exitCode).type).toBe(type)
  })

  it('is left at once when the job is stopped', async () => {
    const started = await serve((_request, response) =>
      sendPieces(response, 'text/event-stream', oneminEvents(['Half', 'x']).slice(0, 1), false),
    )
    const run = recordRun({ endpoint: started.url, env })
    const outcome = onemin.run(run)
    await run.told('Half')
    run.stop('aborted')
    expect(await outcome).toEqual({ exitCode: 130, error: new Error('aborted') })
    await started.clientGone
  })
})
