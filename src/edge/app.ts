/** Responsible for the edge as one `fetch`: routes from the operations table, pages beside them, and nothing that escapes without its headers. */
import { fail } from '../domain/result.ts'
import type { Context as HonoContext } from 'hono'
import { HonoBase as Hono } from 'hono/hono-base'
// Of Hono's routers the one that finds a path among 130 in the least time: 1 to 7 us, against 20 to 50 of the smallest one.
import { TrieRouter } from 'hono/router/trie-router'
import { uncaughtError } from '../telemetry/edge-events.ts'
import { boundPaths } from './bind.ts'
import type { Context } from './exchange.ts'
import { Gatekeeper } from './access/gatekeeper.ts'
import { bindPages } from './pages/bind-pages.ts'
import type { EdgePorts } from './ports.ts'
import { isPreflight, preflightAnswer } from './http/cross-origin.ts'
import { drainBody } from './http/drain-body.ts'
import { problemResponse } from './http/problem-response.ts'
import { requestId } from './http/request-id.ts'
import { withSecurityHeaders } from './http/security-headers.ts'
import { serve } from './serve.ts'

/** What Hono carries: our own context of the request, made once before routing. */
export interface EdgeBindings {
  Bindings: { readonly context: Context }
}

function internalError(context: Context, error: unknown): Response {
  const { request_id, request } = context
  uncaughtError({ request_id, method: request.method, path: new URL(request.url).pathname.slice(0, 200) }, error)
  return problemResponse({ code: 'internal', detail: 'Unexpected server error. Report the request id in `instance`.' }, context)
}

function routes(): Hono<EdgeBindings> {
  const app = new Hono<EdgeBindings>({ router: new TrieRouter() })
  const gatekeeper = new Gatekeeper()
  const of = (c: HonoContext<EdgeBindings>): Context => c.env.context
  bindPages(app)
  for (const { path, methods, allow, open } of boundPaths()) {
    for (const [method, { id, tolerant }] of methods) {
      app.on(method, path, (c) => serve(gatekeeper, of(c), { id, tolerant, path: c.req.param() }))
    }
    const { failure } = fail('method-not-allowed', `This path takes ${allow}.`)
    const headers = { allow }
    app.all(path, (c) => (open ? problemResponse(failure, of(c), headers) : gatekeeper.refuseUnknown(of(c), failure, headers)))
  }
  app.notFound((c) => gatekeeper.refuseUnknown(of(c), fail('not-found', 'There is no such path: GET /docs lists all of them.').failure))
  app.onError((error, c) => internalError(of(c), error))
  return app
}

/** Of addresses that follow one another, most begin alike: parsing each takes longer than looking. */
function originReader(): (url: string) => string {
  let last = ''
  return (url) => {
    if (last === '' || !url.startsWith(last) || url[last.length] !== '/') last = new URL(url).origin
    return last
  }
}

/** The Worker's `fetch` over the given ports. One app per isolate: it remembers failed authentications. */
export function createApp(ports: EdgePorts): { readonly fetch: (request: Request, env: Env) => Promise<Response> } {
  const app = routes()
  const originOf = originReader()
  return {
    fetch: async (request, env) => {
      const context: Context = { request, env, ports, origin: originOf(request.url), request_id: requestId(request) }
      if (isPreflight(request)) return withSecurityHeaders(preflightAnswer(), context)
      try {
        const response = await app.fetch(request, { context })
        if (!request.bodyUsed) await drainBody(request)
        return withSecurityHeaders(response, context)
      } catch (error) {
        return withSecurityHeaders(internalError(context, error), context)
      }
    },
  }
}
