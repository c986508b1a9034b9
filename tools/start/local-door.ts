/**
 * Responsible for filtering requests before the Worker on this machine. On Cloudflare the platform sets the `CF-*` headers; here it does not, so a
 * caller could set them, and they are removed. It runs inside the runtime.
 */
import { addressHeader } from '../../src/edge/access/failed-attempts.ts'

interface Program<Environment, Context> {
  readonly fetch: (request: Request, env: Environment, context: Context) => Response | Promise<Response>
}

/** Header names that only a platform may set: Cloudflare's, and those of the embedded runtime's library. */
const platformOnly = /^(?:cf|mf)-/i

export function withoutPlatformHeaders(request: Request): Request {
  // The Worker reads only this one of these headers, and checking all names takes 4 us per request.
  if (!request.headers.has(addressHeader)) return request
  const names = [...request.headers.keys()].filter((name) => platformOnly.test(name))
  const headers = new Headers(request.headers)
  for (const name of names) headers.delete(name)
  return new Request(request, { headers })
}

/** The program with these headers removed from its requests. */
export const behindDoor = <Environment, Context>(program: Program<Environment, Context>): Program<Environment, Context> => ({
  fetch: (request, env, context) => program.fetch(withoutPlatformHeaders(request), env, context),
})
