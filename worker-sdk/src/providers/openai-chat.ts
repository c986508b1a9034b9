/**
 * Responsible for one chat completion from an OpenAI-compatible server, streamed (server-sent events, `stream_options.include_usage`),
 * and for its list of models. It knows no product that speaks this API.
 */
import type { Usage } from '@modelreins/contract'
import { EndpointError, type ExchangeReply, errorOf, exchange, exchangeJson, readText } from './http-exchange.ts'
import { at, listAt, numberAt, parseJson, textAt } from './json.ts'
import { serverEvents } from './sse.ts'

export interface ChatServer {
  /** Up to and including `/v1`. */
  readonly url: string
  readonly key?: string | undefined
}

export interface ChatRequest {
  readonly server: ChatServer
  readonly model: string
  readonly prompt: string
  /** Merged into the request body: temperature, max_tokens, ... */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly signal: AbortSignal
  /** Pieces of the answer (`stdout`), and of the reasoning before it (`system`). */
  readonly output: (text: string, stream: 'stdout' | 'system') => Promise<void>
}

export interface ChatAnswer {
  readonly text: string
  readonly usage: Usage | undefined
}

const headersOf = ({ key }: ChatServer): Record<string, string> => (key === undefined ? {} : { authorization: `Bearer ${key}` })

/** Ids of the models that the server offers for chat: embedding models are in the same list. */
export const listModels = async (server: ChatServer, signal: AbortSignal): Promise<readonly string[]> => {
  const reply = await exchangeJson({ url: `${server.url}/models`, headers: headersOf(server), signal })
  const ids = listAt(reply, 'data').map((entry) => textAt(entry, 'id'))
  return ids.filter((id): id is string => id !== undefined && !/embed/i.test(id))
}

const usageOf = (value: unknown, model: string | undefined): Usage | undefined => {
  const usage = at(value, 'usage')
  const tokensIn = numberAt(usage, 'prompt_tokens')
  const tokensOut = numberAt(usage, 'completion_tokens')
  const cost = numberAt(usage, 'cost') // OpenRouter and gateways like it; OpenAI tells none
  if (tokensIn === undefined && tokensOut === undefined) return undefined
  return {
    ...(tokensIn === undefined ? {} : { tokens_in: tokensIn }),
    ...(tokensOut === undefined ? {} : { tokens_out: tokensOut }),
    ...(cost === undefined ? {} : { cost_usd: cost }),
    ...(model === undefined ? {} : { model }),
  }
}

const noteOfFinish = (reason: string | undefined): string | undefined => {
  if (reason === 'length') return '\n[the answer was cut at the token limit]\n'
  if (reason === 'content_filter') return '\n[the answer was cut by the content filter]\n'
  return undefined
}

const readStream = async (request: ChatRequest, reply: ExchangeReply): Promise<ChatAnswer> => {
  const pieces: string[] = []
  let usage: Usage | undefined
  let model: string | undefined
  let finish: string | undefined
  let ended = false
  for await (const { data } of serverEvents(reply.pieces)) {
    if (data.trim() === '[DONE]') {
      ended = true
      break
    }
    const chunk = parseJson(data)
    if (at(chunk, 'error') !== undefined && at(chunk, 'error') !== null) throw errorOf(chunk)
    model ??= textAt(chunk, 'model')
    usage = usageOf(chunk, model) ?? usage
    const choice = at(chunk, 'choices', 0)
    const thought = textAt(choice, 'delta', 'reasoning_content') ?? textAt(choice, 'delta', 'reasoning')
    if (thought !== undefined && thought !== '') await request.output(thought, 'system')
    const text = textAt(choice, 'delta', 'content') ?? textAt(choice, 'text')
    if (text !== undefined && text !== '') {
      pieces.push(text)
      await request.output(text, 'stdout')
    }
    finish = textAt(choice, 'finish_reason') ?? finish
  }
  if (!ended && finish === undefined) throw new EndpointError('stream disconnected before the answer was complete')
  const note = noteOfFinish(finish)
  if (note !== undefined) await request.output(note, 'system')
  return { text: pieces.join(''), usage }
}

/** A server that does not stream answers with one JSON object although it was asked to. */
const readWhole = async (request: ChatRequest, reply: ExchangeReply): Promise<ChatAnswer> => {
  const json = parseJson(await readText(reply.pieces))
  if (at(json, 'error') !== undefined && at(json, 'error') !== null) throw errorOf(json)
  const text = textAt(json, 'choices', 0, 'message', 'content') ?? textAt(json, 'choices', 0, 'text')
  if (text === undefined) throw new EndpointError(`${new URL(request.server.url).host} answered without a choice`)
  await request.output(text, 'stdout')
  return { text, usage: usageOf(json, textAt(json, 'model')) }
}

const ask = (request: ChatRequest, streamOptions: object): Promise<ExchangeReply> =>
  exchange({
    url: `${request.server.url}/chat/completions`,
    headers: headersOf(request.server),
    body: {
      ...request.parameters,
      model: request.model,
      messages: [{ role: 'user', content: request.prompt }],
      stream: true,
      ...streamOptions,
    },
    signal: request.signal,
  })

/** Throws `EndpointError` when the server refuses or breaks off. */
export const completeChat = async (request: ChatRequest): Promise<ChatAnswer> => {
  const reply = await ask(request, { stream_options: { include_usage: true } }).catch((error: unknown) => {
    // Older servers refuse the option by name; the answer is worth more than its usage.
    const unknownOption =
      error instanceof EndpointError && (error.status === 400 || error.status === 422) && /stream_options/.test(error.message)
    if (!unknownOption) throw error
    return ask(request, {})
  })
  return reply.contentType.includes('application/json') ? readWhole(request, reply) : readStream(request, reply)
}
