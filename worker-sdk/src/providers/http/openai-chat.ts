/**
 * Responsible for one streamed chat completion from an OpenAI-compatible server (server-sent events, `stream_options.include_usage`), and for its
 * list of models. An answer is complete when there is a finish reason or `[DONE]`.
 */
import type { Usage } from '@modelreins/contract'
import { contentOf } from './answer-content.ts'
import { EndpointError, type ExchangeReply, errorIn, errorOf, exchange, exchangeJson } from './http-exchange.ts'
import { at, isObject, listAt, numberAt, parseJson, textAt } from '../json.ts'
import type { Tap } from '../recording/tap.ts'
import { serverEvents, withGrace } from './sse.ts'
import { createResultTail } from '../tail.ts'
import { createUnread } from '../unread.ts'

export interface ChatServer {
  /** URL up to and including `/v1`. */
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
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly tap?: Tap | undefined
  /** Pieces of the answer (`stdout`), and of the reasoning before it (`system`). */
  readonly output: (text: string, stream: 'stdout' | 'system') => Promise<void>
  /** Called once, also when the answer fails. */
  readonly usage: (usage: Usage) => void
  /** Called when the model works but there is nothing to show. */
  readonly heard?: (() => void) | undefined
}

const headersOf = ({ key }: ChatServer): Record<string, string> => (key === undefined ? {} : { authorization: `Bearer ${key}` })

/** Ids of the server's chat models; embedding models, which are in the same list, are left out. */
export const listModels = async (
  server: ChatServer,
  signal: AbortSignal,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<readonly string[]> => {
  const reply = await exchangeJson({ url: `${server.url}/models`, headers: headersOf(server), signal, env })
  const ids = listAt(reply, 'data').map((entry) => textAt(entry, 'id'))
  return ids.filter((id): id is string => id !== undefined && !/embed/i.test(id))
}

const usageOf = (value: unknown, model: string | undefined): Usage | undefined => {
  const usage = at(value, 'usage')
  const tokensIn = numberAt(usage, 'prompt_tokens') ?? numberAt(usage, 'input_tokens')
  const tokensOut = numberAt(usage, 'completion_tokens') ?? numberAt(usage, 'output_tokens')
  const cost = numberAt(usage, 'cost') // OpenRouter and similar gateways report it; OpenAI does not
  if (tokensIn === undefined && tokensOut === undefined) return undefined
  return {
    ...(tokensIn === undefined ? {} : { tokens_in: tokensIn }),
    ...(tokensOut === undefined ? {} : { tokens_out: tokensOut }),
    ...(cost === undefined ? {} : { cost_usd: cost }),
    ...(model === undefined ? {} : { model }),
  }
}

/** Finish reasons that mean that the answer was interrupted. Any other reason is a normal end. */
const brokenFinish = /error|abort|cancel|fail|interrupt|insufficient|disconnect|timeout|unavailable/i
const isCut = (reason: string | undefined): boolean => reason === 'length' || reason === 'max_tokens' || reason === 'MAX_TOKENS'
const isFiltered = (reason: string | undefined): boolean => reason === 'content_filter' || reason === 'SAFETY'

const noteOfFinish = (reason: string | undefined): string | undefined => {
  if (isCut(reason)) return '\n[the answer was cut at the token limit]\n'
  if (isFiltered(reason)) return '\n[the answer was cut by the content filter]\n'
  return undefined
}

/** How long to wait, after the finish reason, for usage, `[DONE]` and the end of the connection. */
const graceMs = 3_000

/** Reads the parts of one answer as they arrive, in any form. */
class Reading {
  readonly #request: ChatRequest
  readonly unread = createUnread()
  readonly #text = createResultTail()
  #said = false
  #model: string | undefined
  #usage: Usage | undefined
  #finish: string | undefined
  #done = false
  #asked: string | undefined

  constructor(request: ChatRequest) {
    this.#request = request
  }

  /** Whether the server has marked the answer as complete. */
  get finished(): boolean {
    return this.#done || this.#finish !== undefined
  }

  get usage(): Usage | undefined {
    return this.#usage
  }

  /** Called for `[DONE]`. */
  close(): void {
    this.#done = true
  }

  async take(chunk: unknown): Promise<void> {
    const error = errorIn(chunk)
    if (error !== undefined) throw errorOf(error)
    this.#model ??= textAt(chunk, 'model')
    this.#usage = usageOf(chunk, this.#model) ?? this.#usage
    const choice = at(chunk, 'choices', 0)
    if (choice === undefined) {
      const known = ['choices', 'usage', 'id', 'object', 'model', 'created'].some((key) => at(chunk, key) !== undefined)
      if (!known)
        this.unread.add(isObject(chunk) ? `an object of ${Object.keys(chunk).slice(0, 4).join(', ')}` : typeof chunk, JSON.stringify(chunk))
      return
    }
    const failed = errorIn(choice)
    if (failed !== undefined) throw errorOf(failed)
    const whole = at(choice, 'message')
    await this.#read(at(choice, 'delta') ?? whole ?? choice)
    const finish = textAt(choice, 'finish_reason') ?? textAt(choice, 'native_finish_reason')
    if (finish !== undefined && finish !== '') this.#finish = finish
    // An answer that is not streamed arrives complete.
    if (whole !== undefined && whole !== null) this.#done = true
  }

  async #read(message: unknown): Promise<void> {
    const content = contentOf(at(message, 'content') ?? at(message, 'text') ?? at(message, 'refusal'))
    for (const kind of content.unknown) this.unread.add(kind, JSON.stringify(message))
    const reasoning = contentOf(at(message, 'reasoning_content') ?? at(message, 'reasoning') ?? at(message, 'thinking'))
    const thought = reasoning.text + reasoning.thought + content.thought
    if (thought !== '') await this.#request.output(thought, 'system')
    const tool = textAt(message, 'tool_calls', 0, 'function', 'name') ?? textAt(message, 'function_call', 'name')
    if (tool !== undefined) this.#asked = tool
    if (listAt(message, 'tool_calls').length > 0) this.#request.heard?.()
    if (content.text === '') return
    this.#said ||= content.text.trim() !== ''
    this.#text.push(content.text)
    await this.#request.output(content.text, 'stdout')
  }

  /** The answer; throws the reason when there is none. */
  async end(): Promise<string> {
    const note = this.unread.note('answer')
    if (note !== undefined) await this.#request.output(note, 'system')
    const first = this.unread.first()
    const begins = first === undefined ? '' : `; what could not be read begins: ${first}`
    if (this.#finish !== undefined && brokenFinish.test(this.#finish)) {
      throw new EndpointError(`connection error: the server broke the answer off (finish_reason "${this.#finish}")`)
    }
    if (!this.finished) {
      if (this.#said || first === undefined) {
        throw new EndpointError(`stream disconnected before the answer was complete: neither a finish_reason nor [DONE] came${begins}`)
      }
      throw new EndpointError(`nothing of the answer could be read; it begins: ${first}`)
    }
    if (!this.#said) throw this.#silent(begins)
    const cut = noteOfFinish(this.#finish)
    if (cut !== undefined) await this.#request.output(cut, 'system')
    return this.#text.text()
  }

  #silent(begins: string): EndpointError {
    if (this.#asked !== undefined) return new EndpointError(`the model asked for the tool "${this.#asked}", which is not offered to it`)
    if (isCut(this.#finish)) return new EndpointError('the model used up its tokens before it said anything (finish_reason "length")')
    if (isFiltered(this.#finish)) return new EndpointError('the content filter withheld the answer')
    if (begins !== '') return new EndpointError(`the server ended well, but nothing of its answer is text${begins}`)
    return new EndpointError('empty response received: the server ended well without any text')
  }
}

const readAnswer = async (request: ChatRequest, reply: ExchangeReply): Promise<string> => {
  const reading = new Reading(request)
  const events = withGrace(serverEvents(reply.pieces, reading.unread), () => reading.finished, graceMs, reply.close)
  try {
    for await (const { event, data } of events) {
      if (data.trim() === '') continue
      if (data.trim() === '[DONE]') {
        reading.close()
        break
      }
      const value = parseJson(data)
      if (event === 'error') throw errorOf(value ?? data)
      if (value === undefined) reading.unread.add('text', data)
      else for (const chunk of Array.isArray(value) ? value : [value]) await reading.take(chunk)
    }
  } catch (error) {
    // A connection that breaks after the answer is complete loses nothing.
    if (request.signal.aborted || error instanceof EndpointError || !reading.finished) throw error
  } finally {
    reply.close()
    if (reading.usage !== undefined) request.usage({ model: request.model, ...reading.usage })
  }
  return reading.end()
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
    tap: request.tap,
    ...(request.env === undefined ? {} : { env: request.env }),
  })

/** The complete answer. Throws `EndpointError` when the server refuses, the connection breaks, or the answer is empty. */
export const completeChat = async (request: ChatRequest): Promise<string> => {
  const reply = await ask(request, { stream_options: { include_usage: true } }).catch((error: unknown) => {
    // Older servers reject the option by name. The request is repeated without it, because the answer matters more than its usage.
    const unknownOption =
      error instanceof EndpointError && (error.status === 400 || error.status === 422) && /stream_options/.test(error.message)
    if (!unknownOption) throw error
    return ask(request, {})
  })
  return readAnswer(request, reply)
}
