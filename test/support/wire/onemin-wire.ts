/** Responsible for the wire format of 1min.ai's chat API: named server-sent events, credits and tokens in the record's metadata. */
import { type WireHandler, sendJson, sendPieces } from './wire-server.ts'

const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

export const oneminRecord = (texts: readonly string[]): object => ({
  aiRecord: {
    uuid: 'record-1',
    type: 'UNIFY_CHAT_WITH_AI',
    status: 'SUCCESS',
    metadata: { inputToken: 17, outputToken: 5, credit: 812 },
    aiRecordDetail: { resultObject: [texts.join('')] },
  },
})

export const oneminEvents = (texts: readonly string[]): string[] => [
  ...texts.map((content) => event('content', { content })),
  event('result', oneminRecord(texts)),
  event('done', { message: 'Stream completed' }),
]

export const oneminHandler =
  (key: string, pieces: readonly string[]): WireHandler =>
  (request, response) => {
    if (request.headers['api-key'] !== key)
      return sendJson(response, 401, { success: false, error: { code: 'UNAUTHORIZED', message: 'Invalid or missing API key' } })
    if (request.path.startsWith('/models')) return sendJson(response, 200, { models: [{ modelId: 'gpt-4o-mini' }] })
    return sendPieces(response, 'text/event-stream', pieces)
  }
