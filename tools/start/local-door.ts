/**
 * Responsible for what stands between a caller and the Worker on this machine. On Cloudflare the platform writes `CF-*` headers and callers
 * cannot; here nobody does, so that a header of that name is the caller's own word and is dropped. It runs inside the runtime.
 */

interface Program<Environment, Context> {
  readonly fetch: (request: Request, env: Environment, context: Context) => Response | Promise<Response>
}

/** Names that only a platform in front may send: Cloudflare's, and those of the embedded runtime's library. */
const platformOnly = /^(?:cf|mf)-/i

export function withoutPlatformHeaders(request: Request): Request {
  const names = [...request.headers.keys()].filter((name) => platformOnly.test(name))
  if (names.length === 0) return request
  const headers = new Headers(request.headers)
  for (const name of names) headers.delete(name)
  return new Request(request, { headers })
}

/** The program as it is, for requests without words that are not the caller's to say. */
export const behindDoor = <Environment, Context>(program: Program<Environment, Context>): Program<Environment, Context> => ({
  fetch: (request, env, context) => program.fetch(withoutPlatformHeaders(request), env, context),
})
