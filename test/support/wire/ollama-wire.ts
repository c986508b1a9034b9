/** Responsible for the wire format of Ollama's API, as in its docs/api.md. */
import type { ServerResponse } from 'node:http'
import { type WireHandler, sendJson, sendPieces } from './wire-server.ts'

const created_at = '2026-05-04T12:00:00.000Z'

export const ollamaLines = (texts: readonly string[], model = 'llama3:latest', done_reason = 'stop'): string[] => [
  ...texts.map((content) => `${JSON.stringify({ model, created_at, message: { role: 'assistant', content }, done: false })}\n`),
  `${JSON.stringify({ model, created_at, message: { role: 'assistant', content: '' }, done_reason, done: true, total_duration: 5, load_duration: 1, prompt_eval_count: 26, prompt_eval_duration: 1, eval_count: 298, eval_duration: 2 })}\n`,
]

export const sendOllama = (response: ServerResponse, pieces: readonly string[], end = true): Promise<void> =>
  sendPieces(response, 'application/x-ndjson', pieces, end)

export const ollamaHandler =
  (pieces: readonly string[], models: readonly string[] = ['llama3:latest']): WireHandler =>
  (request, response) => {
    if (request.path === '/api/version') return sendJson(response, 200, { version: '0.12.3' })
    if (request.path === '/api/tags')
      return sendJson(response, 200, { models: models.map((name) => ({ name, model: name, size: 1, digest: 'd' })) })
    const { model } = request.json ?? {}
    if (!models.includes(String(model)))
      return sendJson(response, 404, { error: `model "${String(model)}" not found, try pulling it first` })
    return sendOllama(response, pieces)
  }
