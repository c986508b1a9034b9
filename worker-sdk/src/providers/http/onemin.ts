/**
 * Responsible for the `onemin` provider: 1min.ai's unified chat (`POST /api/chat-with-ai`, named server-sent events). Source: docs.1min.ai, "Chat
 * with AI API".
 */
import type { Usage } from '@modelreins/contract'
import { type Endpoint, type Found, resolveEndpoint, resolveKey } from './endpoint.ts'
import { contentOf } from './answer-content.ts'
import { EndpointError, type ExchangeReply, errorIn, errorOf, exchange, exchangeJson } from './http-exchange.ts'
import { at, listAt, numberAt, parseJson, textAt } from '../json.ts'
import { composePrompt, modelOf } from '../prompt.ts'
import type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from '../provider.ts'
import { answersLater } from './openai-provider.ts'
import { streamSilence } from '../silence.ts'
import { serverEvents, withGrace } from './sse.ts'
import { failedOutcome } from '../stopped.ts'
import { asResult, createResultTail } from '../tail.ts'
import { createUnread } from '../unread.ts'

const keys = ['ONEMIN_API_KEY', 'ONE_MIN_API_KEY'] as const
const missingKey = `onemin needs an API key of 1min.ai: set ${keys[0]}`
const usualModel = 'gpt-4o-mini'
const feature = 'UNIFY_CHAT_WITH_AI'
const checkMs = 10_000

const serverOf = (settings: ProviderSettings): Found<Endpoint> =>
  resolveEndpoint(settings, {
    variables: ['ONEMIN_BASE_URL'],
    fallback: 'https://api.1min.ai',
    endings: ['/chat-with-ai', '/features', '/api'],
  })

const check = async (settings: ProviderSettings): Promise<ProviderCheck> => {
  const server = serverOf(settings)
  if (!server.ok) return { usable: false, detail: `onemin: ${server.reason}` }
  const key = resolveKey(settings, keys)
  if (key === undefined) return { usable: false, detail: missingKey }
  const { url } = server.value
  try {
    await exchangeJson({
      url: `${url}/models?feature=${feature}`,
      headers: { 'API-KEY': key },
      signal: AbortSignal.timeout(checkMs),
      env: settings.env,
    })
    return { usable: true, detail: `1min.ai at ${url}, model ${settings.model ?? usualModel}` }
  } catch (error) {
    const refused = error instanceof EndpointError && (error.status === 401 || error.status === 403)
    if (refused) return { usable: false, detail: `onemin: ${url} refuses the key in ${keys[0]}` }
    const answered = answersLater(error)
    if (answered !== undefined) return { usable: true, detail: `1min.ai at ${url} ${answered}` }
    const reason = error instanceof Error ? error.message || error.name : String(error)
    return { usable: false, detail: `onemin: ${url} does not answer (${reason})` }
  }
}

/** 1min.ai reports tokens and its own credits. Credits are not dollars, so no cost is reported. */
const usageOf = (value: unknown, model: string): Usage | undefined => {
  const metadata = at(value, 'aiRecord', 'metadata') ?? at(value, 'metadata')
  const tokensIn = numberAt(metadata, 'inputToken')
  const tokensOut = numberAt(metadata, 'outputToken')
  if (tokensIn === undefined && tokensOut === undefined) return undefined
  return {
    ...(tokensIn === undefined ? {} : { tokens_in: tokensIn }),
    ...(tokensOut === undefined ? {} : { tokens_out: tokensOut }),
    model,
  }
}

const wholeAnswer = (value: unknown): string | undefined => {
  const detail = at(value, 'aiRecord', 'aiRecordDetail') ?? at(value, 'aiRecordDetail')
  const parts = listAt(detail, 'resultObject').filter((part): part is string => typeof part === 'string')
  return parts.length === 0 ? textAt(detail, 'resultObject') : parts.join('')
}

const tell = (run: ProviderRun, value: unknown, model: string): void => {
  const usage = usageOf(value, model)
  if (usage !== undefined) run.usage(usage)
}

/** How long to wait for data after the result. */
const graceMs = 3_000

const readAnswer = async (run: ProviderRun, reply: ExchangeReply, model: string): Promise<string> => {
  const unread = createUnread()
  const streamed = createResultTail()
  let whole: string | undefined
  let said = false
  let ended = false
  const take = async (event: string, value: unknown, data: string): Promise<void> => {
    const error = event === 'error' ? (value ?? data) : errorIn(value)
    if (error !== undefined) throw errorOf(error)
    const record = wholeAnswer(value)
    // A server that does not stream sends the record without the event name `result`.
    if (event === 'result' || record !== undefined) {
      whole = record ?? whole
      ended = true
      return tell(run, value, model)
    }
    const { text, thought } = contentOf(at(value, 'content'))
    if (thought !== '') await run.output(thought, 'system')
    if (text === '') {
      if (event !== 'message' && event !== 'content' && event !== 'ping') unread.add(`event ${event}`, data)
      else if (at(value, 'content') === undefined) unread.add('an object without content', data)
      return
    }
    said ||= text.trim() !== ''
    streamed.push(text)
    await run.output(text, 'stdout')
  }
  try {
    for await (const { event, data } of withGrace(serverEvents(reply.pieces, unread), () => ended, graceMs, reply.close)) {
      if (event === 'done' || data.trim() === '[DONE]') {
        ended = true
        break
      }
      if (data.trim() !== '') await take(event, parseJson(data), data)
    }
  } finally {
    reply.close()
  }
  const note = unread.note('onemin')
  if (note !== undefined) await run.output(note, 'system')
  const first = unread.first()
  if (!ended) {
    throw new EndpointError(
      said || first === undefined
        ? 'stream disconnected before the answer was complete: neither "result" nor "done" came'
        : `nothing of the answer could be read; it begins: ${first}`,
    )
  }
  if (said) return streamed.text()
  if (whole === undefined || whole.trim() === '') {
    throw new EndpointError(
      first === undefined
        ? 'empty response received: 1min.ai ended well without a result'
        : `1min.ai ended well, but nothing of its answer is text; it begins: ${first}`,
    )
  }
  await run.output(whole, 'stdout')
  return asResult(whole)
}

const run = async (job: ProviderRun): Promise<ProviderOutcome> => {
  try {
    const server = serverOf(job.settings)
    if (!server.ok) throw new Error(`onemin: ${server.reason}`)
    const key = resolveKey(job.settings, keys)
    if (key === undefined) throw new EndpointError(missingKey, 401)
    const model = modelOf(job) ?? usualModel
    const reply = await exchange({
      url: `${server.value.url}/api/chat-with-ai?isStreaming=true`,
      headers: { 'API-KEY': key },
      body: { type: feature, model, promptObject: { prompt: composePrompt(job) } },
      signal: job.signal,
      env: job.settings.env,
      tap: job.settings.tap,
    })
    return { exitCode: 0, result: await readAnswer(job, reply, model) }
  } catch (error) {
    return failedOutcome(error, job.signal)
  }
}

export const oneminProvider: Provider = { name: 'onemin', check, run, silence: streamSilence }
