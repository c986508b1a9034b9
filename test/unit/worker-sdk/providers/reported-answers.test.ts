/** Says what becomes of jobs whose servers answered as people have reported: each case is a recording of what came over the wire. */
import { describe, expect, it } from 'vitest'
import { answer, delta, finish, sse, type Answered } from '../../../support/recordings/recordings.ts'
import { replayed } from '../support/replayed.ts'

interface Expected {
  readonly type?: string
  readonly retryable?: boolean
  readonly retry_at?: string
  readonly says?: string
  readonly result?: string
  readonly system?: string
}
type Case = readonly [name: string, provider: string, answered: Answered, expected: Expected]

const json = (value: unknown): string => JSON.stringify(value)
const asJson = { 'content-type': 'application/json' }
const chunk = (words: string, end = false): string =>
  `${json({ model: 'm', message: { role: 'assistant', content: words }, done: end, ...(end ? { done_reason: 'stop', eval_count: 1 } : {}) })}\n`
const whole = {
  choices: [
    {
      message: {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'It is 4.' },
        ],
      },
      finish_reason: 'stop',
    },
  ],
}

const cases: readonly Case[] = [
  // What a server says of itself.
  [
    'busy',
    'ollama-http',
    { status: 503, body: json({ error: 'server busy, please try again.' }) },
    { type: 'network', retryable: true, says: 'server busy' },
  ],
  [
    'loading',
    'http',
    { status: 503, body: json({ error: { code: 503, message: 'Loading model', type: 'unavailable_error' } }) },
    { type: 'network', retryable: true, says: 'Loading model' },
  ],
  [
    'an error of its own',
    'http',
    {
      status: 500,
      body: json({ success: false, error: { code: 'INTERNAL_SERVER_ERROR', status: 500, message: 'An unexpected error occurred.' } }),
    },
    { type: 'network', retryable: true, says: 'unexpected error' },
  ],
  [
    'when to come back, on a 503',
    'http',
    { status: 503, headers: { ...asJson, 'retry-after': '9' }, body: '{}' },
    { type: 'network', retry_at: '2026-09-25T12:00:09.000Z' },
  ],
  [
    'too large',
    'http',
    {
      status: 413,
      body: json({
        error: { message: 'Request too large for model `m`: Limit 12000, Requested 14137', type: 'tokens', code: 'rate_limit_exceeded' },
      }),
    },
    { type: 'exit_error', retryable: false, says: 'Requested 14137' },
  ],
  [
    'too many bytes',
    'http',
    { status: 400, body: json({ type: 'error', error: { type: 'invalid_request_error', message: 'too many total text bytes: 10 > 9' } }) },
    { type: 'exit_error', retryable: false, says: 'text bytes' },
  ],
  [
    'no money',
    'http',
    { status: 402, body: json({ error: { message: 'Insufficient credits.', code: 402 } }) },
    { type: 'exit_error', retryable: false, says: 'Insufficient credits' },
  ],
  [
    'a limit of the day',
    'http',
    {
      status: 429,
      body: json({
        error: {
          message: 'Rate limit exceeded: free-models-per-day.',
          code: 429,
          metadata: { headers: { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '1790380800000' } },
        },
      }),
    },
    { type: 'rate_limited', retry_at: '2026-09-26T00:00:00.000Z', says: 'free-models-per-day' },
  ],
  [
    'a retry delay',
    'http',
    {
      status: 429,
      body: json({
        error: { code: 429, message: 'You exceeded your current quota.', status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: '45.8s' }] },
      }),
    },
    { type: 'rate_limited', retry_at: '2026-09-25T12:00:45.800Z' },
  ],
  [
    'a limit of the week',
    'ollama-http',
    { status: 429, body: json({ error: 'you (someone) have reached your weekly usage limit' }) },
    { type: 'rate_limited', retryable: true, says: 'weekly usage limit' },
  ],
  [
    'a reset in its headers',
    'http',
    { status: 429, headers: { ...asJson, 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1m30s' }, body: '{}' },
    { type: 'rate_limited', retry_at: '2026-09-25T12:01:30.000Z' },
  ],
  [
    'a page of a proxy',
    'http',
    { headers: { 'content-type': 'text/html' }, body: '<html><title>Sign in to WiFi</title></html>' },
    { type: 'network', retryable: true, says: 'Sign in to WiFi' },
  ],
  [
    'a page of a gateway',
    'http',
    { status: 502, headers: { 'content-type': 'text/html' }, body: '<html><title>Bad gateway</title></html>' },
    { type: 'network', retryable: true, says: 'a page of HTML: Bad gateway' },
  ],
  // Errors inside of an answer that began well.
  [
    'a fault in the middle',
    'http',
    {
      body: sse(delta('Half'), {
        error: { code: 'server_error', message: 'Provider disconnected unexpectedly' },
        choices: [{ delta: {}, finish_reason: 'error' }],
      }),
    },
    { type: 'network', retryable: true, says: 'Provider disconnected' },
  ],
  [
    'a code as a text',
    'http',
    { body: sse({ error: { message: 'Provider returned error', type: 'rate_limit_error', code: '429' } }) },
    { type: 'rate_limited', retryable: true, says: 'Provider returned error' },
  ],
  [
    'an error: field',
    'http',
    {
      body: 'error: {"code":400,"message":"the request exceeds the available context size","type":"invalid_request_error"}\n\ndata: [DONE]\n\n',
    },
    { type: 'exit_error', retryable: false, says: 'available context size' },
  ],
  [
    'event: error',
    'lmstudio',
    { body: 'event: error\ndata: {"message":"Model is unloaded.","code":500}\n\ndata: [DONE]\n\n' },
    { type: 'network', retryable: true, says: 'Model is unloaded.' },
  ],
  [
    'event: error in plain words',
    'http',
    { body: 'event: error\ndata: upstream fell over\n\n' },
    { type: 'exit_error', retryable: false, says: 'upstream fell over' },
  ],
  [
    'bare JSON for a stream',
    'http',
    { body: json({ error: { code: 400, message: 'request (19185 tokens) exceeds the available context size' } }) },
    { type: 'exit_error', retryable: false, says: '19185 tokens' },
  ],
  [
    'JSON over several lines',
    'http',
    { body: JSON.stringify({ error: { code: 503, message: 'No slot.\n\nCome back.' } }, null, 2) },
    { type: 'network', retryable: true, says: 'No slot.' },
  ],
  [
    'a list with an error',
    'http',
    { body: json([{ error: { code: 429, message: 'slow down' } }]) },
    { type: 'rate_limited', says: 'slow down' },
  ],
  [
    'an error of vLLM',
    'http',
    { body: sse({ object: 'error', message: 'engine is dead', code: 500 }) },
    { type: 'network', says: 'engine is dead' },
  ],
  [
    'an error of Ollama',
    'ollama-http',
    { body: `${chunk('Half')}{"error":"an error was encountered"}\n` },
    { type: 'exit_error', says: 'an error was encountered' },
  ],
  // Ends.
  [
    'a finish of error',
    'http',
    { body: sse(delta('Half'), finish('error'), '[DONE]') },
    { type: 'network', retryable: true, says: '"error"' },
  ],
  [
    'an empty finish',
    'http',
    { body: sse({ choices: [{ delta: { content: 'Once' }, finish_reason: '' }] }) },
    { type: 'network', retryable: true, says: 'neither a finish_reason nor [DONE]' },
  ],
  [
    'no end mark',
    'http',
    { body: sse(delta('The whole answer.')) },
    { type: 'network', retryable: true, says: 'neither a finish_reason nor [DONE]' },
  ],
  ['[DONE] alone', 'http', { body: sse(delta('All.'), '[DONE]') }, { result: 'All.' }],
  ['a finish alone', 'http', { body: sse(delta('All.'), finish()) }, { result: 'All.' }],
  [
    'a line that stays open behind the finish',
    'http',
    { body: sse(delta('All of it.'), finish()), ends: 'open' },
    { result: 'All of it.' },
  ],
  ['a line that breaks behind the finish', 'http', { body: sse(delta('All of it.'), finish()), ends: 'broken' }, { result: 'All of it.' }],
  ['a line that breaks before it', 'http', { body: sse(delta('Half')), ends: 'broken' }, { type: 'network', retryable: true }],
  ['a line that stays open behind done', 'ollama-http', { body: chunk('All.') + chunk('', true), ends: 'open' }, { result: 'All.' }],
  [
    'no text at all',
    'lmstudio',
    { body: sse(delta(''), finish(), { choices: [], usage: { prompt_tokens: 3, completion_tokens: 1 } }, '[DONE]') },
    { type: 'network', retryable: true, says: 'without any text' },
  ],
  [
    'no text within its tokens',
    'http',
    { body: sse(delta(''), finish('length')) },
    { type: 'exit_error', retryable: false, says: 'used up its tokens' },
  ],
  [
    'a tool instead of a text',
    'http',
    { body: sse({ choices: [{ delta: { tool_calls: [{ function: { name: 'look' } }] }, finish_reason: 'tool_calls' }] }) },
    { type: 'exit_error', says: '"look"' },
  ],
  // Forms.
  [
    'a list as content',
    'http',
    {
      body: sse(
        delta([{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }]),
        delta([{ type: 'text', text: 'The answer' }]),
        delta(' is 4.'),
        finish(),
        '[DONE]',
      ),
    },
    { result: 'The answer is 4.', system: 'hm' },
  ],
  ['a list in one answer', 'http', { headers: asJson, body: json(whole) }, { result: 'It is 4.', system: 'hm' }],
  ['one answer for a stream', 'http', { body: json(whole) }, { result: 'It is 4.' }],
  ['a stream for one answer', 'http', { headers: asJson, body: sse(delta('Hello'), finish(), '[DONE]') }, { result: 'Hello' }],
  [
    'a stream for Ollama',
    'ollama-http',
    { body: sse(json({ message: { content: 'Hello' } }), json({ message: { content: '' }, done: true })) },
    { result: 'Hello' },
  ],
  [
    'no blank lines',
    'http',
    { body: `data: ${json(delta('Hello'))}\nid: 0\ndata: ${json(finish())}\nid: 1\ndata: [DONE]\n` },
    { result: 'Hello' },
  ],
  ['a byte order mark', 'http', { body: `\ufeff${sse(delta('Hello'), finish())}` }, { result: 'Hello' }],
  [
    'carriage returns and comments',
    'http',
    { body: `: hi\r\n\r\ndata: ${json(delta('Hello'))}\r\n\r\n: hi\r\ndata: ${json(finish())}\r\n\r\n` },
    { result: 'Hello' },
  ],
  [
    'parts of unknown kind',
    'http',
    { body: sse({ novelty: 1 }, delta([{ type: 'hologram' }, { type: 'text', text: 'Hello' }]), finish()) },
    { result: 'Hello', system: '2 parts of the answer of unknown kind left out' },
  ],
  [
    'nothing that can be read',
    'http',
    { body: sse({ novelty: 1 }, '[DONE]') },
    { type: 'exit_error', retryable: false, says: '{"novelty":1}' },
  ],
  [
    'words that are no stream',
    'http',
    { body: 'Welcome to the service\n' },
    { type: 'exit_error', retryable: false, says: 'Welcome to the service' },
  ],
  ['1min.ai without an end', 'onemin', { body: 'event: content\ndata: {"content":"Half"}\n\n' }, { type: 'network', retryable: true }],
  ['1min.ai in one answer', 'onemin', { body: json({ aiRecord: { aiRecordDetail: { resultObject: ['All.'] } } }) }, { result: 'All.' }],
  [
    '1min.ai with an error',
    'onemin',
    { body: 'event: error\ndata: {"error":{"code":"429","message":"slow"}}\n\n' },
    { type: 'rate_limited', retryable: true },
  ],
]

describe('a server that answers with', () => {
  it.each(cases)('%s (%s)', async (_name, provider, answered, expected) => {
    const { run, result, error } = await replayed(answer(provider, answered))
    if (expected.type === undefined) {
      expect(error).toBeUndefined()
      expect(result).toBe(expected.result)
    } else {
      expect(error).toMatchObject({ type: expected.type, ...(expected.retryable === undefined ? {} : { retryable: expected.retryable }) })
      expect(error?.retry_at).toBe(expected.retry_at)
      expect(error?.message).toContain(expected.says ?? '')
    }
    expect(run.text('system')).toContain(expected.system ?? '')
  })

  it('usage before it fails, which is told all the same', async () => {
    const { run, error } = await replayed(
      answer('http', { body: sse(delta('Half'), { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } }) }),
    )
    expect(error?.type).toBe('network')
    expect(run.usages).toEqual([{ model: 'recorded', tokens_in: 5, tokens_out: 2 }])
  })

  it.each([['gzip'], [undefined]])('compressed text (announced: %s)', async (encoding) => {
    const { startWireServer } = await import('../../../support/wire/wire-server.ts')
    const { gzipSync } = await import('node:zlib')
    const body = gzipSync(sse(delta('Hellö'), finish(), '[DONE]'))
    const server = await startWireServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', ...(encoding === undefined ? {} : { 'content-encoding': encoding }) })
      response.write(body.subarray(0, 15))
      setImmediate(() => response.end(body.subarray(15)))
    })
    const { createProvider } = await import('../../../../worker-sdk/src/providers/index.ts')
    const { recordRun } = await import('../../../support/standins/provider-run.ts')
    const outcome = await createProvider('http').run(recordRun({ endpoint: server.url, model: 'm', env: {} }))
    await server.close()
    expect(outcome).toMatchObject({ exitCode: 0, result: 'Hellö' })
  })
})

describe('a stream', () => {
  const parts = [delta('One '), delta([{ type: 'text', text: 'twö ' }]), delta('three.')]
  const text = sse(...parts, finish(), { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }, '[DONE]')

  it('reads the same at every split', async () => {
    for (let at = 1; at < text.length; at += 7) {
      const { result, run } = await replayed(answer('http', { body: [text.slice(0, at), text.slice(at)] }))
      expect([at, result, run.usages.length]).toEqual([at, 'One twö three.', 1])
    }
  })

  it('is whole from its finish on, wherever the line ends, and never before', async () => {
    const whole = text.indexOf(JSON.stringify(finish())) + JSON.stringify(finish()).length
    for (const ends of ['end', 'broken'] as const) {
      for (let at = 1; at < text.length; at += 11) {
        const { result } = await replayed(answer('http', { body: text.slice(0, at), ends }))
        expect([ends, at, result]).toEqual([ends, at, at >= whole ? 'One twö three.' : undefined])
      }
    }
  })
})
