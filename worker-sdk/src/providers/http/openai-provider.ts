/**
 * Responsible for the common part of lmstudio, nocturne and http: a provider for an OpenAI-compatible server. Each of the three defines only how its
 * server is found.
 */
import { type EndpointRule, type Found, resolveEndpoint, resolveKey } from './endpoint.ts'
import { EndpointError } from './http-exchange.ts'
import { type ChatServer, completeChat, listModels } from './openai-chat.ts'
import { requestParameters } from './parameters.ts'
import { composePrompt, modelOf } from '../prompt.ts'
import type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from '../provider.ts'
import { streamSilence } from '../silence.ts'
import { failedOutcome } from '../stopped.ts'

export interface OpenAiProduct {
  readonly name: string
  readonly endpoint: (settings: ProviderSettings) => EndpointRule
  readonly keys: readonly string[]
  /** Variables that name a model when neither the job nor the worker does. */
  readonly models?: readonly string[]
  /** Chooses one of several models when none is named; undefined where a guess could cost money. */
  readonly choose?: (models: readonly string[]) => string | undefined
  /** What the user can do when the server does not answer. */
  readonly help: string
}

/** The check runs before every start and in `doctor`, so it must not hang. */
const checkMs = 5_000

export const openAiPath = { path: '/v1', endings: ['/chat/completions', '/models'] } as const

const serverOf = (product: OpenAiProduct, settings: ProviderSettings): Found<ChatServer & { readonly source: string }> => {
  const endpoint = resolveEndpoint(settings, { ...openAiPath, ...product.endpoint(settings) })
  if (!endpoint.ok) return endpoint
  return { ok: true, value: { ...endpoint.value, key: resolveKey(settings, product.keys) } }
}

const isWithoutList = (error: unknown): boolean => error instanceof EndpointError && (error.status === 404 || error.status === 405)

/** Why a server that is reachable cannot serve yet; jobs that meet this are retried. Undefined for any other failure. */
export const answersLater = (error: unknown): string | undefined => {
  if (!(error instanceof EndpointError) || (error.status !== 503 && error.status !== 429)) return undefined
  const doing = /loading/i.test(error.message) ? 'its model is loading' : 'it is busy'
  return `answers, but ${doing} (${error.message})`
}

const check = async (product: OpenAiProduct, settings: ProviderSettings): Promise<ProviderCheck> => {
  const server = serverOf(product, settings)
  if (!server.ok) return { usable: false, detail: `${product.name}: ${server.reason}. ${product.help}` }
  const where = `${server.value.url} (${server.value.source})`
  try {
    const models = await listModels(server.value, AbortSignal.timeout(checkMs), settings.env)
    const some = models.slice(0, 3).join(', ')
    return { usable: true, detail: models.length === 0 ? where : `${where}, ${models.length} models: ${some}` }
  } catch (error) {
    // The list of models is optional in this API: a server that answers at all, except to reject the key, is usable.
    if (isWithoutList(error)) return { usable: true, detail: where }
    if (error instanceof EndpointError && (error.status === 401 || error.status === 403)) {
      return { usable: false, detail: `${product.name}: ${where} refuses the key: set ${product.keys.join(' or ')}` }
    }
    const answered = answersLater(error)
    if (answered !== undefined) return { usable: true, detail: `${where} ${answered}` }
    const reason = error instanceof Error ? error.message || error.name : String(error)
    return { usable: false, detail: `${product.name}: ${where} does not answer (${reason}). ${product.help}` }
  }
}

const pickModel = async (product: OpenAiProduct, run: ProviderRun, server: ChatServer): Promise<string> => {
  const named = modelOf(run) ?? resolveKey(run.settings, product.models ?? [])
  if (named !== undefined) return named
  const models = await listModels(server, run.signal, run.settings.env).catch((error: unknown) => {
    if (isWithoutList(error)) return []
    throw error
  })
  const [first] = models
  const chosen = models.length === 1 ? first : product.choose?.(models)
  if (chosen !== undefined) return chosen
  const offered = models.length === 0 ? '' : ` It offers: ${models.slice(0, 10).join(', ')}`
  throw new Error(`${product.name} needs a model: --model (MODELREINS_WORKER_MODEL) or the job's own.${offered}`)
}

const run = async (product: OpenAiProduct, job: ProviderRun): Promise<ProviderOutcome> => {
  try {
    const server = serverOf(product, job.settings)
    if (!server.ok) throw new Error(`${product.name}: ${server.reason}`)
    const json = job.settings.outputFormat === 'json' ? { response_format: { type: 'json_object' } } : {}
    const parameters = { ...json, ...requestParameters(job.settings.extraArgs) }
    const model = await pickModel(product, job, server.value)
    const result = await completeChat({
      server: server.value,
      model,
      prompt: composePrompt(job),
      parameters,
      signal: job.signal,
      env: job.settings.env,
      tap: job.settings.tap,
      output: job.output,
      usage: job.usage,
      heard: job.heard,
    })
    return { exitCode: 0, result }
  } catch (error) {
    return failedOutcome(error, job.signal)
  }
}

export const createOpenAiProvider = (product: OpenAiProduct): Provider => ({
  name: product.name,
  check: (settings) => check(product, settings),
  run: (job) => run(product, job),
  silence: streamSilence,
})
