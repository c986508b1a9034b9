/** Responsible for calls that are not in the operations table's client: by method and path, with the same failures. */
import { systemClock } from '../../../worker-sdk/src/client/clock.ts'
import { parseJson, send } from '../../../worker-sdk/src/client/transport.ts'
import { browserFetch } from './client.ts'

export function call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
  return send(
    {
      url: location.origin + path,
      method,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs: 30_000,
      signal,
    },
    { fetch: browserFetch, clock: systemClock },
    async (response) => parseJson(await response.text()),
  )
}
