/** Responsible for the edge as one `fetch`: routes from the operations table, pages beside them, and nothing that escapes without its headers. */
import { fail } from '../domain/result.ts'
import { uncaughtError } from '../telemetry/edge-events.ts'
import { type BoundPath, boundPaths } from './bind.ts'
import type { Context } from './exchange.ts'
import { Gatekeeper } from './access/gatekeeper.ts'
import { pageAt } from './pages/bind-pages.ts'
import { PathTable, pathOf } from './path-table.ts'
import type { EdgePorts } from './ports.ts'
import { isPreflight, preflightAnswer } from './http/cross-origin.ts'
import { drainBody } from './http/drain-body.ts'
import { problemResponse } from './http/problem-response.ts'
import { requestId } from './http/request-id.ts'
import { withSecurityHeaders } from './http/security-headers.ts'
import { serve } from './serve.ts'

function internalError(context: Context, error: unknown): Response {
  const { request_id, request } = context
  uncaughtError({ request_id, method: request.method, path: pathOf(request.url).slice(0, 200) }, error)
  return problemResponse({ code: 'internal', detail: 'Unexpected server error. Report the request id in `instance`.' }, context)
}

const paths = new PathTable<BoundPath>()
for (const bound of boundPaths()) paths.add(bound.path, bound)

const unknownPath = fail('not-found', 'Unknown path.').failure

/** The operation or the page behind the path of this request, performed. */
async function route(gatekeeper: Gatekeeper, context: Context): Promise<Response> {
  const { request } = context
  const path = pathOf(request.url)
  const opened = pageAt(context, path)
  if (opened !== undefined) return opened
  const found = paths.find(path)
  if (found === undefined) return gatekeeper.refuseUnknown(context, unknownPath)
  const { methods, allow, open } = found.entry
  const method = methods.get(request.method === 'HEAD' ? 'GET' : request.method)
  if (method !== undefined) return serve(gatekeeper, context, { ...method, path: found.parameters })
  const { failure } = fail('method-not-allowed', `Use ${allow} here.`)
  return open ? problemResponse(failure, context, { allow }) : gatekeeper.refuseUnknown(context, failure, { allow })
}

/** The Worker's `fetch` over the given ports. One app per isolate: it remembers failed authentications. */
export function createApp(ports: EdgePorts): { readonly fetch: (request: Request, env: Env) => Promise<Response> } {
  const gatekeeper = new Gatekeeper()
  const answer = async (context: Context): Promise<Response> => {
    const { request } = context
    const response = await route(gatekeeper, context).catch((error: unknown) => internalError(context, error))
    if (!request.bodyUsed) await drainBody(request)
    return request.method === 'HEAD' ? new Response(null, response) : response
  }
  return {
    fetch: async (request, env) => {
      const context: Context = { request, env, ports, origin: new URL(request.url).origin, request_id: requestId(request) }
      const response = isPreflight(request) ? preflightAnswer() : await answer(context)
      return withSecurityHeaders(response, context)
    },
  }
}
