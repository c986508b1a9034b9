/**
 * Responsible for what stands between a caller and the Worker on this machine. On Cloudflare the platform writes `CF-*` headers and callers
 * cannot; here nobody does, so that a header of that name is the caller's own word and never read. It runs inside the runtime.
 */
import { addressHeader } from '../../src/edge/access/failed-attempts.ts'

interface Program<Environment, Context> {
  readonly fetch: (request: Request, env: Environment, context: Context) => Response | Promise<Response>
}

/** Names that only a platform in front may send: Cloudflare's, and those of the embedded runtime's library. */
const platformOnly = /^(?:cf|mf)-/i

export function withoutPlatformHeaders(request: Request): Request {
  // The Worker reads none of the others, and walking all names of every request takes 4 us.
  if (!request.headers.has(addressHeader)) return request
  const names = [...request.headers.keys()].filter((name) => platformOnly.test(name))
  const headers = new Headers(request.headers)
  for (const name of names) headers.delete(name)
  return new Request(request, { headers })
}

/** The program as it is, for requests without words that are not the caller's to say. */
export const behindDoor = <Environment, Context>(program: Program<Environment, Context>): Program<Environment, Context> => ({
  fetch: (request, env, context) => program.fetch(withoutPlatformHeaders(request), env, context),
})
