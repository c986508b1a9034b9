/** Responsible for the `ollama-http` provider: Ollama's own API (NDJSON over `POST /api/chat`). Source: Ollama's docs/api.md. */
import type { Usage } from '@modelreins/contract'
import { type Endpoint, type Found, resolveEndpoint, resolveKey } from './endpoint.ts'
import { contentOf } from './answer-content.ts'
import { EndpointError, errorIn, errorOf, exchange, exchangeJson } from './http-exchange.ts'
import { at, listAt, numberAt, parseJson, textAt } from '../json.ts'
import { requestParameters } from './parameters.ts'
import { composePrompt, modelOf } from '../prompt.ts'
import type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from '../provider.ts'
import { answersLater } from './openai-provider.ts'
import { streamSilence } from '../silence.ts'
import { serverEvents, withGrace } from './sse.ts'
import { failedOutcome } from '../stopped.ts'
import { createResultTail } from '../tail.ts'
import { createUnread } from '../unread.ts'

const checkMs = 5_000

const serverOf = (settings: ProviderSettings): Found<Endpoint> =>
  resolveEndpoint(settings, {
    variables: ['OLLAMA_HOST'],
    fallback: 'http://127.0.0.1:11434',
    port: 11434,
    endings: ['/api/chat', '/api/generate', '/api', '/v1'],
  })

/** Only Ollama's cloud requires a key. */
const headersOf = (settings: ProviderSettings): Record<string, string> => {
  const key = resolveKey(settings, ['OLLAMA_API_KEY'])
  return key === undefined ? {} : { authorization: `Bearer ${key}` }
}

/** Names of the installed models, the most recently changed first. */
const listModels = async (url: string, settings: ProviderSettings, signal: AbortSignal): Promise<readonly string[]> => {
  const reply = await exchangeJson({ url: `${url}/api/tags`, headers: headersOf(settings), signal, env: settings.env })
  const names = listAt(reply, 'models').map((entry) => textAt(entry, 'name') ?? textAt(entry, 'model'))
  return names.filter((name): name is string => name !== undefined && !/embed/i.test(name))
}

const check = async (settings: ProviderSettings): Promise<ProviderCheck> => {
  const server = serverOf(settings)
  if (!server.ok) return { usable: false, detail: `ollama-http: ${server.reason}` }
  const { url, source } = server.value
  const signal = AbortSignal.timeout(checkMs)
  try {
    const [version, models] = await Promise.all([
      exchangeJson({ url: `${url}/api/version`, headers: headersOf(settings), signal, env: settings.env }),
      listModels(url, settings, signal),
    ])
    const label = `Ollama ${textAt(version, 'version') ?? ''} at ${url} (${source})`
    const wanted = settings.model
    if (models.length === 0 && wanted === undefined) return { usable: false, detail: `${label} has no model: ollama pull <model>` }
    if (wanted !== undefined && !models.some((name) => name === wanted || name === `${wanted}:latest`)) {
      return { usable: false, detail: `${label} does not have the model "${wanted}": ollama pull ${wanted}` }
    }
    return { usable: true, detail: `${label}, ${models.length} models: ${models.slice(0, 3).join(', ')}` }
  } catch (error) {
    const answered = answersLater(error)
    if (answered !== undefined) return { usable: true, detail: `${url} (${source}) ${answered}` }
    const reason = error instanceof Error ? error.message || error.name : String(error)
    return { usable: false, detail: `ollama-http: ${url} (${source}) does not answer (${reason}). Start it with: ollama serve` }
  }
}

const usageOf = (last: unknown, model: string): Usage => {
  const tokensIn = numberAt(last, 'prompt_eval_count')
  const tokensOut = numberAt(last, 'eval_count')
  return {
    ...(tokensIn === undefined ? {} : { tokens_in: tokensIn }),
    ...(tokensOut === undefined ? {} : { tokens_out: tokensOut }),
    cost_usd: 0,
    model: textAt(last, 'model') ?? model,
  }
}

/** Ollama expects sampling parameters in `options`; these few belong to the request itself. */
const ownParameters: readonly string[] = ['keep_alive', 'format', 'think', 'tools', 'options']

const bodyOf = (run: ProviderRun, model: string): object => {
  const own: Record<string, unknown> = {}
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(requestParameters(run.settings.extraArgs))) {
    ;(ownParameters.includes(name) ? own : options)[name] = value
  }
  return {
    ...(run.settings.outputFormat === 'json' ? { format: 'json' } : {}),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...own,
    model,
    messages: [{ role: 'user', content: composePrompt(run) }],
    stream: true,
  }
}

/** How long to wait for data after `done`. */
const graceMs = 1_000

const chat = async (run: ProviderRun, url: string, model: string): Promise<string> => {
  const { settings, signal } = run
  const reply = await exchange({
    url: `${url}/api/chat`,
    headers: headersOf(settings),
    body: bodyOf(run, model),
    signal,
    env: settings.env,
    tap: settings.tap,
  })
  const unread = createUnread()
  const text = createResultTail()
  let said = false
  let done: unknown
  const take = async (chunk: unknown): Promise<void> => {
    const error = errorIn(chunk)
    if (error !== undefined) throw errorOf(error)
    const message = at(chunk, 'message')
    const content = contentOf(at(message, 'content') ?? at(chunk, 'response'))
    const thought = contentOf(at(message, 'thinking') ?? at(chunk, 'thinking')).text + content.thought
    if (thought !== '') await run.output(thought, 'system')
    if (content.text !== '') {
      said ||= content.text.trim() !== ''
      text.push(content.text)
      await run.output(content.text, 'stdout')
    }
    if (at(chunk, 'done') === true) done = chunk
    else if (message === undefined && at(chunk, 'response') === undefined) unread.add('an object without a message', JSON.stringify(chunk))
  }
  try {
    for await (const { event, data } of withGrace(serverEvents(reply.pieces, unread), () => done !== undefined, graceMs, reply.close)) {
      const value = parseJson(data)
      if (event === 'error') throw errorOf(value ?? data)
      if (value === undefined) unread.add('text', data)
      else for (const chunk of Array.isArray(value) ? value : [value]) await take(chunk)
      if (done !== undefined) break
    }
  } finally {
    reply.close()
    if (done !== undefined) run.usage(usageOf(done, model))
  }
  const note = unread.note('ollama-http')
  if (note !== undefined) await run.output(note, 'system')
  const first = unread.first()
  if (done === undefined) {
    throw new EndpointError(
      !said && first !== undefined
        ? `nothing of the answer could be read; it begins: ${first}`
        : 'stream disconnected before the answer was complete: no "done" came',
    )
  }
  const cut = textAt(done, 'done_reason') === 'length'
  if (!said)
    throw new EndpointError(
      cut ? 'the model used up its tokens before it said anything' : 'empty response received: Ollama ended well without any text',
    )
  if (cut) await run.output('\n[the answer was cut at the token limit]\n', 'system')
  return text.text()
}

const run = async (job: ProviderRun): Promise<ProviderOutcome> => {
  try {
    const server = serverOf(job.settings)
    if (!server.ok) throw new Error(`ollama-http: ${server.reason}`)
    const { url } = server.value
    const model = modelOf(job) ?? (await listModels(url, job.settings, job.signal))[0]
    if (model === undefined) throw new Error('ollama-http needs a model: ollama pull <model>, or --model (MODELREINS_WORKER_MODEL)')
    return { exitCode: 0, result: await chat(job, url, model) }
  } catch (error) {
    return failedOutcome(error, job.signal)
  }
}

export const ollamaHttpProvider: Provider = { name: 'ollama-http', check, run, silence: streamSilence }
