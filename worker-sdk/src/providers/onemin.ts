/**
 * Responsible for the `onemin` provider: 1min.ai's unified chat (`POST /api/chat-with-ai`, named server-sent events). It knows no other API.
 * Source: docs.1min.ai, "Chat with AI API".
 */
import type { Usage } from '@modelreins/contract'
import { type Endpoint, type Found, resolveEndpoint, resolveKey } from './endpoint.ts'
import { EndpointError, type ExchangeReply, errorOf, exchange, exchangeJson, readText } from './http-exchange.ts'
import { at, listAt, numberAt, parseJson, textAt } from './json.ts'
import { composePrompt, modelOf } from './prompt.ts'
import type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from './provider.ts'
import { serverEvents } from './sse.ts'
import { failedOutcome } from './stopped.ts'

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
    await exchangeJson({ url: `${url}/models?feature=${feature}`, headers: { 'API-KEY': key }, signal: AbortSignal.timeout(checkMs) })
    return { usable: true, detail: `1min.ai at ${url}, model ${settings.model ?? usualModel}` }
  } catch (error) {
    const refused = error instanceof EndpointError && (error.status === 401 || error.status === 403)
    if (refused) return { usable: false, detail: `onemin: ${url} refuses the key in ${keys[0]}` }
    const reason = error instanceof Error ? error.message || error.name : String(error)
    return { usable: false, detail: `onemin: ${url} does not answer (${reason})` }
  }
}

/** 1min.ai tells tokens and its own credits; credits are not dollars, so no cost is claimed. */
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

const readStream = async (run: ProviderRun, reply: ExchangeReply, model: string): Promise<string> => {
  const pieces: string[] = []
  let whole: string | undefined
  let ended = false
  for await (const { event, data } of serverEvents(reply.pieces)) {
    const value = parseJson(data)
    if (event === 'error') throw errorOf(value ?? data)
    if (event === 'done') {
      ended = true
      break
    }
    if (event === 'result') {
      whole = wholeAnswer(value)
      ended = true
      tell(run, value, model)
      continue
    }
    const text = textAt(value, 'content')
    if (text !== undefined && text !== '') {
      pieces.push(text)
      await run.output(text, 'stdout')
    }
  }
  if (!ended) throw new EndpointError('stream disconnected before the answer was complete')
  const streamed = pieces.join('')
  if (streamed !== '' || whole === undefined) return streamed
  await run.output(whole, 'stdout')
  return whole
}

const readWhole = async (run: ProviderRun, reply: ExchangeReply, model: string): Promise<string> => {
  const value = parseJson(await readText(reply.pieces))
  if (at(value, 'error') !== undefined && at(value, 'error') !== null) throw errorOf(value)
  const text = wholeAnswer(value)
  if (text === undefined) throw new EndpointError('1min.ai answered without a result')
  tell(run, value, model)
  await run.output(text, 'stdout')
  return text
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
    })
    const read = reply.contentType.includes('application/json') ? readWhole : readStream
    return { exitCode: 0, result: await read(job, reply, model) }
  } catch (error) {
    return failedOutcome(error, job.signal)
  }
}

export const oneminProvider: Provider = { name: 'onemin', check, run }
