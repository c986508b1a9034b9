/**
 * Responsible for the `http` provider: any OpenAI-compatible server (vLLM, llama.cpp, LocalAI, OpenRouter, OpenAI, ...). It defines only how the
 * server is found.
 */
import { resolveKey } from './endpoint.ts'
import { createOpenAiProvider } from './openai-provider.ts'

const keys = ['OPENAI_API_KEY'] as const

/**
 * With a key and no address, the default is OpenAI, as in OpenAI's own clients; with neither, a server on this machine (llama.cpp, LocalAI: port
 * 8080).
 */
export const httpProvider = createOpenAiProvider({
  name: 'http',
  endpoint: (settings) => ({
    variables: ['OPENAI_BASE_URL', 'OPENAI_API_BASE'],
    fallback: resolveKey(settings, keys) === undefined ? 'http://127.0.0.1:8080' : 'https://api.openai.com',
  }),
  keys,
  models: ['OPENAI_MODEL'],
  help: 'Name an OpenAI-compatible server: --endpoint http://host:port/v1 (MODELREINS_ENDPOINT or OPENAI_BASE_URL)',
})
