/** Responsible for the wire format of an OpenAI-compatible server, as in its API reference. */
import type { ServerResponse } from 'node:http'
import { type WireHandler, sendJson, sendPieces } from './wire-server.ts'

const chunk = (model: string, more: object): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_777_000_000, model, system_fingerprint: 'fp', ...more })}\n\n`

/** The events of one streamed answer: role, content, finish, usage (when asked for), [DONE]. */
export const openAiEvents = (texts: readonly string[], model = 'test-model', finish = 'stop'): string[] => [
  chunk(model, { choices: [{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }] }),
  ...texts.map((content) => chunk(model, { choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }] })),
  chunk(model, { choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: finish }] }),
  chunk(model, { choices: [], usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 } }),
  'data: [DONE]\n\n',
]

export const sendOpenAi = (response: ServerResponse, pieces: readonly string[], end = true): Promise<void> =>
  sendPieces(response, 'text/event-stream; charset=utf-8', pieces, end)

export const sendOpenAiModels = (response: ServerResponse, ids: readonly string[]): void =>
  sendJson(response, 200, { object: 'list', data: ids.map((id) => ({ id, object: 'model', created: 1, owned_by: 'test' })) })

/** A server that answers every chat with these texts. */
export const openAiHandler =
  (texts: readonly string[], models: readonly string[] = ['test-model']): WireHandler =>
  (request, response) =>
    request.path.endsWith('/models') ? sendOpenAiModels(response, models) : sendOpenAi(response, openAiEvents(texts))
