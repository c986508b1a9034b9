/** Responsible for writing recordings for tests in a short form: what a program printed or a server answered. It does not play them. */
import type { RecordedEvent, Recording, RecordingHead } from '../../../worker-sdk/src/providers/recording/format.ts'

const textOf = (said: string | readonly unknown[]): string =>
  typeof said === 'string' ? said : said.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')

export interface Said {
  readonly stdout?: string | readonly unknown[]
  readonly stderr?: string | readonly unknown[]
  /** `stays`: the program does not exit by itself. */
  readonly exit?: number | 'stays'
  readonly format?: string
}

export const program = (provider: string, { stdout = '', stderr = '', exit = 0, format }: Said): Recording => {
  const head: RecordingHead = { recording: 1, provider, ...(format === undefined ? {} : { output_format: format }) }
  const events: RecordedEvent[] = [{ kind: 'program', ms: 0, args: [] }]
  if (textOf(stdout) !== '') events.push({ kind: 'stdout', ms: 0, text: textOf(stdout) })
  if (textOf(stderr) !== '') events.push({ kind: 'stderr', ms: 0, text: textOf(stderr) })
  if (exit !== 'stays') events.push({ kind: 'exit', ms: 10, code: exit })
  return { head, events }
}

const paths: Readonly<Record<string, string>> = { 'ollama-http': '/api/chat', onemin: '/api/chat-with-ai' }

export interface Answered {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The body, in one piece or in the pieces in which it is sent. */
  readonly body: string | readonly string[]
  readonly ends?: 'end' | 'broken' | 'open'
}

export const answer = (provider: string, { status = 200, headers, body, ends = 'end' }: Answered): Recording => {
  const type = { 'content-type': status === 200 ? 'text/event-stream' : 'application/json' }
  const pieces = typeof body === 'string' ? [body] : body
  return {
    head: { recording: 1, provider, model: 'recorded' },
    events: [
      { kind: 'request', ms: 0, method: 'POST', path: paths[provider] ?? '/v1/chat/completions' },
      { kind: 'answer', ms: 0, status, headers: headers ?? type },
      ...pieces.map((text, index): RecordedEvent => ({ kind: 'body', ms: index, text })),
      ...(ends === 'open' ? [] : [{ kind: ends, ms: pieces.length }]),
    ],
  }
}

/** Server-sent events, one per value. */
export const sse = (...values: readonly unknown[]): string =>
  values.map((value) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`).join('')

export const delta = (content: unknown, finish: string | null = null): object => ({
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
})
export const finish = (reason = 'stop'): object => ({ choices: [{ index: 0, delta: {}, finish_reason: reason }] })

export const init = { type: 'system', subtype: 'init', model: 'claude-x' }
export const says = (text: string): object => ({
  type: 'assistant',
  message: { content: [{ type: 'text', text }] },
  parent_tool_use_id: null,
})
export const result = (text: string, more: object = {}): object => ({
  type: 'result',
  subtype: 'success',
  is_error: false,
  result: text,
  total_cost_usd: 0.01,
  usage: { input_tokens: 1, output_tokens: 2 },
  permission_denials: [],
  ...more,
})

export const item = (text: string): object => ({ type: 'item.completed', item: { type: 'agent_message', text } })
export const turnEnds = { type: 'turn.completed', usage: { input_tokens: 10, output_tokens: 3 } }

export const aiderSays = (...lines: readonly string[]): readonly string[] => [
  'Aider v0.86.2',
  'Main model: m with diff edit format',
  '',
  ...lines,
]
