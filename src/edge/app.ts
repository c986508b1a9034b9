/** Responsible for the edge as one `fetch`: routes of the operations table, pages, and the headers that every response needs. */
import { fail } from '../domain/result.ts'
import type { Context as HonoContext } from 'hono'
import { HonoBase as Hono } from 'hono/hono-base'
// The fastest of Hono's routers for our 130 paths: 1 to 7 us per request, against 20 to 50 us of the smallest one.
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

/** The bindings of Hono: our context of the request, created once before routing. */
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

/** Returns a function that reads a URL's origin and caches the last one: comparing a prefix is faster than parsing each URL. */
function originReader(): (url: string) => string {
  let last = ''
  return (url) => {
    if (last === '' || !url.startsWith(last) || url[last.length] !== '/') last = new URL(url).origin
    return last
  }
}

/** The Worker's `fetch` over the given ports. Create one app per isolate, because it counts failed authentications. */
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
