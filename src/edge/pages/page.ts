/**
 * Responsible for answering pages and their files from the static files (tools/build-assets.ts), each with a policy under which only our own
 * scripts run.
 */
import { fail } from '../../domain/result.ts'
import type { Context } from '../exchange.ts'
import { problemResponse } from '../http/problem-response.ts'

/** Our own scripts, styles and calls; nothing inline, nothing from elsewhere, never inside a frame. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The static file under this path with our headers over its own; 304 when the browser has it already. */
export async function staticFile(context: Context, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const { request, env, origin } = context
  const found = await env.ASSETS.fetch(new Request(`${origin}${path}`, { headers: request.headers }))
  if (!found.ok && found.status !== 304) {
    await found.body?.cancel()
    const { failure } = fail('not-found', `The static file ${path} is missing. \`npm install\` builds it into dist/assets.`)
    return problemResponse(failure, context)
  }
  const out = new Response(found.body, found)
  for (const [name, value] of Object.entries(headers)) out.headers.set(name, value)
  return out
}

/** A page of ours. */
export const page = (context: Context, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  staticFile(context, path, { 'content-security-policy': pagePolicy, 'cross-origin-opener-policy': 'same-origin', ...headers })
