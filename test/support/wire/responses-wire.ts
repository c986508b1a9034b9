/** Responsible for the wire format of OpenAI's Responses API, as far as Codex needs it to answer one prompt. */
import { type WireHandler, sendJson, sendPieces } from './wire-server.ts'

const event = (type: string, more: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`

export const responsesEvents = (text: string): string[] => {
  const item = {
    type: 'message',
    id: 'm1',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
  }
  const usage = {
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 20 },
    output_tokens: 7,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 107,
  }
  return [
    event('response.created', { response: { id: 'r1' } }),
    event('response.output_item.done', { output_index: 0, item }),
    event('response.completed', { response: { id: 'r1', status: 'completed', output: [item], usage } }),
  ]
}

export const responsesHandler =
  (text: string): WireHandler =>
  (request, response) =>
    request.path.endsWith('/responses')
      ? sendPieces(response, 'text/event-stream', responsesEvents(text))
      : sendJson(response, 200, { data: [] })
