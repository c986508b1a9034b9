/**
 * Responsible for the `lmstudio` provider: LM Studio's local server. It defines only how the server is found; the rest is the OpenAI-compatible API.
 */
import { createOpenAiProvider } from './openai-provider.ts'

/** Source: lmstudio.ai/docs, "OpenAI compatibility": port 1234, `/v1`; a loaded model answers whichever model is requested. */
export const lmstudioProvider = createOpenAiProvider({
  name: 'lmstudio',
  endpoint: () => ({ variables: ['LMSTUDIO_BASE_URL', 'LMSTUDIO_HOST'], fallback: 'http://127.0.0.1:1234', port: 1234 }),
  keys: ['LM_API_TOKEN', 'LMSTUDIO_API_KEY'],
  choose: ([first]) => first,
  help: 'Start the server in LM Studio (Developer tab) or run: lms server start',
})
