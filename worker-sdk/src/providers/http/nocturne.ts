/**
 * Responsible for the `nocturne` provider: a self-hosted Nocturne inference cluster. Its wire format is not published, so it is treated as an
 * OpenAI-compatible server. It has no usual port, so an endpoint must be configured.
 */
import { createOpenAiProvider } from './openai-provider.ts'

export const nocturneProvider = createOpenAiProvider({
  name: 'nocturne',
  endpoint: () => ({ variables: ['NOCTURNE_URL'] }),
  keys: ['NOCTURNE_API_KEY'],
  models: ['NOCTURNE_MODEL'],
  choose: ([first]) => first,
  help: 'Name the cluster: --endpoint https://your-cluster (MODELREINS_ENDPOINT or NOCTURNE_URL)',
})
