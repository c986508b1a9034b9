/** Says what becomes of jobs whose command line agents behaved as people have reported: each case is a recording of what was printed. */
import { describe, expect, it } from 'vitest'
import { aiderSays, init, item, program, result, says, turnEnds } from '../../../support/recordings/recordings.ts'
import type { Said } from '../../../support/recordings/recordings.ts'
import { replayed } from '../support/replayed.ts'

interface Expected {
  readonly type?: string
  readonly retryable?: boolean
  readonly retry_at?: string
  /** Part of the error's message: what people read. */
  readonly says?: string
  readonly result?: string
  readonly usage?: number
  readonly system?: string
}

type Case = readonly [name: string, provider: string, said: Said, expected: Expected]

const failing = (words: string): Said => ({ stdout: [init, result(words, { is_error: true })], exit: 1 })
const done = (text: string): Expected => ({ result: text, usage: 1 })

const cases: readonly Case[] = [
  [
    'a 500 of the API',
    'claude',
    failing('API Error: 500 {"type":"error","error":{"type":"api_error","message":"Internal server error"}}'),
    { type: 'network', retryable: true, says: 'Internal server error', usage: 1 },
  ],
  [
    'a 503 in words',
    'codex',
    {
      stdout: [
        { type: 'turn.started' },
        { type: 'turn.failed', error: { message: 'unexpected status 503 Service Unavailable: come back' } },
      ],
      exit: 1,
    },
    { type: 'network', retryable: true, says: 'come back' },
  ],
  [
    'no healthy upstream',
    'aider',
    {
      stdout: aiderSays(
        'litellm.ServiceUnavailableError: OpenAIException - no healthy upstream',
        "The API provider's servers are down or overloaded.",
      ),
    },
    { type: 'network', retryable: true },
  ],
  [
    'an empty balance told as 429',
    'claude',
    failing('API Error: Request rejected (429) · Insufficient balance'),
    { type: 'exit_error', retryable: false, says: 'Insufficient balance', usage: 1 },
  ],
  [
    'a limit that only stderr names',
    'claude',
    { stdout: '\n', stderr: '{"error_type":"grace_daily_limit_reached"}\n', exit: 1 },
    { type: 'rate_limited', retryable: true, says: 'grace_daily_limit_reached' },
  ],
  [
    'an expired session',
    'claude',
    failing('Failed to authenticate: OAuth session expired'),
    { type: 'auth_failed', retryable: false, says: 'OAuth session expired', usage: 1 },
  ],
  [
    'a delay in the lines behind the error',
    'aider',
    {
      stdout: aiderSays(
        'litellm.RateLimitError: VertexAIException - {',
        '  "error": {',
        '    "code": 429,',
        '    "details": [{',
        '      "retryDelay": "44s"',
        '    }]',
        '  }',
        '}',
        'The API provider has rate limited you.',
      ),
    },
    { type: 'rate_limited', retryable: true, retry_at: '2026-09-25T12:00:44.000Z' },
  ],
  [
    'a limit on stdout',
    'spawn',
    { stdout: "You've hit your session limit · resets 3:50pm (Asia/Tokyo)\n", exit: 1 },
    { type: 'rate_limited', retryable: true, retry_at: '2026-09-26T06:50:00.000Z', says: '3:50pm' },
  ],
  [
    'an answer on stdout that talks of errors',
    'spawn',
    { stdout: 'I fixed the timeout and the ENOENT error, and the rate limit handling.\n', exit: 1 },
    { type: 'exit_error', retryable: false },
  ],
  [
    'a JSON field on stderr',
    'spawn',
    { stderr: 'tool call: {"command":"pytest","timeout": 5}\nTypeError: unsupported operand\n', exit: 1 },
    { type: 'exit_error', retryable: false, says: 'TypeError: unsupported operand' },
  ],
  [
    'a program that stays after its result',
    'claude',
    { stdout: [init, says('All done.'), result('All done.', { total_cost_usd: 5.57 })], exit: 'stays' },
    done('All done.'),
  ],
  [
    'a turn that completed before a bad exit',
    'codex',
    {
      stdout: [{ type: 'turn.started' }, item('Finished.'), turnEnds],
      stderr: 'ERROR failed to connect to websocket: connection reset by peer\n',
      exit: 1,
    },
    done('Finished.'),
  ],
  [
    'no event at all, and a reason on stderr',
    'claude',
    { stdout: '\n', stderr: '--dangerously-skip-permissions cannot be used with root/sudo privileges\n', exit: 1 },
    { type: 'exit_error', retryable: false, says: 'root/sudo privileges' },
  ],
  [
    'a heap that is full',
    'claude',
    {
      stdout: [init, says('Working')],
      stderr: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n',
      exit: 134,
    },
    { type: 'oom', retryable: false, says: 'heap out of memory' },
  ],
  [
    'a failure told as the answer, in text',
    'claude',
    { stdout: 'API Error: Rate limit reached\n', format: 'text' },
    { type: 'rate_limited', retryable: true, says: 'API Error: Rate limit reached' },
  ],
  [
    'an answer about such a failure, in text',
    'claude',
    { stdout: 'The log says "API Error: Rate limit reached".\n', format: 'text' },
    { result: 'The log says "API Error: Rate limit reached".' },
  ],
  ['an empty answer, in text', 'claude', { format: 'text' }, { type: 'exit_error', retryable: false }],
  ['an empty result behind a text', 'claude', { stdout: [init, says('4'), result('')] }, done('4')],
  [
    'denied tools',
    'claude',
    { stdout: [init, says('I could not.'), result('I could not.', { permission_denials: [{ tool_name: 'Write', tool_input: {} }] })] },
    { ...done('I could not.'), system: 'not allowed to use: Write' },
  ],
  [
    'an empty failure behind a success',
    'claude',
    {
      stdout: [
        init,
        says('Answer.'),
        result('Answer.'),
        result('', {
          subtype: 'error_during_execution',
          is_error: true,
          result: undefined,
          num_turns: 0,
          errors: ['only prompt commands are supported'],
        }),
      ],
      exit: 1,
    },
    { ...done('Answer.'), system: 'only prompt commands' },
  ],
  [
    'a real failure behind a success',
    'claude',
    { stdout: [init, says('One.'), result('One.'), says('Two'), result('API Error: 529 Overloaded', { is_error: true })], exit: 1 },
    { type: 'network', retryable: true, usage: 1 },
  ],
  ['a list of events as JSON', 'claude', { stdout: JSON.stringify([init, says('4'), result('4')], null, 2), format: 'json' }, done('4')],
  ['a list of events on one line', 'claude', { stdout: [[init, says('4'), result('')]] }, done('4')],
  ['a warning before the JSON', 'claude', { stdout: ['Warning: old settings', result('4')], format: 'json' }, done('4')],
  [
    'JSON that breaks off',
    'claude',
    { stdout: '{"type":"result","subtype":"success","result":"4', format: 'json' },
    { type: 'exit_error', retryable: false },
  ],
  ['a byte order mark', 'claude', { stdout: `\ufeff${JSON.stringify(init)}\n${JSON.stringify(result('4'))}\n` }, done('4')],
  ['content as a text', 'claude', { stdout: [init, { type: 'assistant', message: { content: 'Plain.' } }, result('')] }, done('Plain.')],
  [
    'events of unknown kinds',
    'claude',
    { stdout: [init, { type: 'novelty', text: 'x' }, { type: 'novelty' }, says('4'), result('4')] },
    { ...done('4'), system: '2 parts of the answer of unknown kind left out: novelty' },
  ],
  [
    'nothing but events of unknown kinds',
    'claude',
    { stdout: [{ type: 'novelty', text: 'hi' }] },
    { type: 'exit_error', retryable: false, says: '{"type":"novelty","text":"hi"}' },
  ],
  [
    'a result of nothing',
    'claude',
    { stdout: [init, result('')] },
    { type: 'exit_error', retryable: false, says: 'said nothing', usage: 1 },
  ],
  [
    'a result of a tool alone',
    'claude',
    { stdout: [init, { type: 'assistant', message: { content: [{ type: 'tool_use', name: 'Write', input: {} }] } }, result('')] },
    done(''),
  ],
  [
    'a limit whose reset an event told',
    'claude',
    {
      stdout: [
        init,
        { type: 'rate_limit_event', rate_limit_info: { status: 'rejected', resetsAt: 1790348400 } },
        result("You've hit your limit", { is_error: true }),
      ],
      exit: 1,
    },
    { type: 'rate_limited', retry_at: '2026-09-25T15:00:00.000Z', usage: 1 },
  ],
  [
    'tokens of messages before a crash',
    'claude',
    {
      stdout: [init, { type: 'assistant', message: { id: 'm1', content: [], usage: { input_tokens: 7, output_tokens: 3 } } }],
      stderr: 'boom\n',
      exit: 1,
    },
    { type: 'exit_error', usage: 1 },
  ],
  [
    'no end of the turn',
    'codex',
    { stdout: [{ type: 'turn.started' }, item('I will look first.')] },
    { type: 'exit_error', retryable: false, says: 'the answer is incomplete' },
  ],
  ['a turn of nothing', 'codex', { stdout: [{ type: 'turn.started' }, turnEnds] }, { type: 'exit_error', says: 'said nothing', usage: 1 }],
  [
    'events of early versions',
    'codex',
    {
      stdout: [
        { model: 'o3', workdir: '/x' },
        { prompt: 'hi' },
        { id: '0', msg: { type: 'task_started' } },
        { id: '0', msg: { type: 'agent_message', message: 'Hello.' } },
        { id: '0', msg: { type: 'token_count', info: { total_token_usage: { input_tokens: 5, output_tokens: 2 } } } },
        { id: '0', msg: { type: 'task_complete', last_agent_message: 'Hello.' } },
      ],
    },
    done('Hello.'),
  ],
  [
    'an error of early versions',
    'codex',
    {
      stdout: [
        { id: '0', msg: { type: 'task_started' } },
        { id: '0', msg: { type: 'error', message: 'stream error: 502 Bad Gateway' } },
      ],
      exit: 1,
    },
    { type: 'network', retryable: true },
  ],
  [
    'a notice, and nothing behind it',
    'codex',
    { stdout: [{ type: 'turn.started' }, { type: 'error', message: 'stream disconnected before completion' }], exit: 0 },
    { type: 'network', retryable: true },
  ],
  [
    'an empty response',
    'aider',
    {
      stdout: aiderSays(
        'Empty response received from LLM. Check your provider account?',
        'Tokens: 5.1k sent, 0 received. Cost: $0.0064 message, $0.0064 session.',
      ),
    },
    { type: 'network', retryable: true, says: 'Empty response', usage: 1 },
  ],
  [
    'an empty response that a second one made good',
    'aider',
    {
      stdout: aiderSays(
        'Empty response received from LLM. Check your provider account?',
        'Tokens: 5k sent, 0 received.',
        'Here.',
        'Tokens: 5k sent, 9 received.',
      ),
    },
    { usage: 1 },
  ],
  [
    'too many reflections',
    'aider',
    {
      stdout: aiderSays(
        'The LLM did not conform to the edit format.',
        'Tokens: 2.1k sent, 300 received.',
        'Only 3 reflections allowed, stopping.',
      ),
    },
    { usage: 1, system: 'Only 3 reflections allowed' },
  ],
  ['nothing but a banner', 'aider', { stdout: aiderSays('') }, { type: 'exit_error', retryable: false, says: 'without an answer' }],
]

describe('a command line agent that ends with', () => {
  it.each(cases)('%s (%s)', async (_name, provider, said, expected) => {
    const { run, result: text, error } = await replayed(program(provider, said))
    if (expected.type === undefined) expect(error).toBeUndefined()
    else {
      expect(error).toMatchObject({ type: expected.type, ...(expected.retryable === undefined ? {} : { retryable: expected.retryable }) })
      expect(error?.retry_at).toBe(expected.retry_at)
      expect(error?.message).toContain(expected.says ?? '')
    }
    if (expected.result !== undefined) expect(text ?? run.text()).toBe(expected.result)
    expect(run.text('system')).toContain(expected.system ?? '')
    expect(run.usages).toHaveLength(expected.usage ?? 0)
  })

  it('denied tools, where the operator takes that for a failure', async () => {
    const recording = program('claude', { stdout: [init, result('No.', { permission_denials: [{ tool_name: 'Write' }] })] })
    expect((await replayed(recording, { deniedTools: 'fail' })).error?.message).toContain('not allowed to use: Write')
  })

  it('the prompt on stderr', async () => {
    const prompt = 'Fix the "too many open files" bug\nand the ENOENT error in the loader'
    const { error } = await replayed(program('spawn', { stderr: `${prompt}\nfatal: bad object HEAD\n`, exit: 128 }), {}, prompt)
    expect(error).toMatchObject({ type: 'exit_error', retryable: false, message: 'Exited with code 128: fatal: bad object HEAD' })
  })
})

describe('the last word of a program', () => {
  const events = [init, says('Working.'), { type: 'user', message: {} }, says('Done.')]
  it('makes a success wherever it stands, and whatever the exit code is', async () => {
    for (let at = 0; at <= events.length; at += 1) {
      const stdout = [...events.slice(0, at), result('Done.'), ...events.slice(at).filter((event) => !('message' in event))]
      const { error, result: text } = await replayed(program('claude', { stdout, exit: at % 2 }))
      expect([at, error, text]).toEqual([at, undefined, 'Done.'])
    }
  })
  it('is missed wherever the program stopped', async () => {
    for (let at = 0; at <= events.length; at += 1) {
      const { error } = await replayed(program('claude', { stdout: events.slice(0, at), exit: 0 }))
      expect([at, error?.type]).toEqual([at, 'exit_error'])
    }
  })
  it('is understood at every split of what it printed', async () => {
    const text = [init, says('Dön€.'), result('Dön€.')].map((event) => `${JSON.stringify(event)}\n`).join('')
    for (let at = 1; at < text.length; at += 23) {
      const recording = program('claude', { stdout: text })
      const split = recording.events.flatMap((event) =>
        event.kind === 'stdout'
          ? [
              { ...event, text: text.slice(0, at) },
              { ...event, ms: 1, text: text.slice(at) },
            ]
          : [event],
      )
      expect([at, (await replayed({ ...recording, events: split })).result]).toEqual([at, 'Dön€.'])
    }
  })
})
