/** Responsible for the wire format of Anthropic's Messages API, as far as Claude Code needs it to answer one prompt. */
import { type WireHandler, sendJson, sendPieces } from './wire-server.ts'

const event = (type: string, more: object = {}): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`

const begins = event('message_start', {
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'test-model',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 1 },
  },
})

export const anthropicEvents = (texts: readonly string[]): string[] => [
  begins,
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  ...texts.map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
  event('content_block_stop', { index: 0 }),
  event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } }),
  event('message_stop'),
]

export const anthropicHandler =
  (texts: readonly string[]): WireHandler =>
  (request, response) =>
    request.path.startsWith('/v1/messages') && !request.path.includes('count_tokens')
      ? sendPieces(response, 'text/event-stream', anthropicEvents(texts))
      : sendJson(response, 200, {})

const usesTool = (name: string, input: object): string[] => [
  begins,
  event('content_block_start', { index: 0, content_block: { type: 'tool_use', id: 'toolu_1', name, input: {} } }),
  event('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) } }),
  event('content_block_stop', { index: 0 }),
  event('message_delta', { delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 5 } }),
  event('message_stop'),
]

/** First requests a tool; after its result, answers with these texts. */
export const anthropicToolHandler =
  (name: string, input: object, texts: readonly string[]): WireHandler =>
  (request, response) => {
    if (!request.path.startsWith('/v1/messages') || request.path.includes('count_tokens')) return sendJson(response, 200, {})
    const offersTool = request.body.includes(`"name":"${name}"`)
    const wasUsed = request.body.includes('"tool_result"')
    return sendPieces(response, 'text/event-stream', offersTool && !wasUsed ? usesTool(name, input) : anthropicEvents(texts))
  }
