/** Responsible for the wire format of Anthropic's Messages API, as far as Claude Code needs it to answer one prompt. */
import { type WireHandler, sendJson, sendPieces } from './wire-server.ts'

const event = (type: string, more: object = {}): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`

export const anthropicEvents = (texts: readonly string[]): string[] => [
  event('message_start', {
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
  }),
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
