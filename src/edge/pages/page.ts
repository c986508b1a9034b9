/**
 * Responsible for serving pages and their files from the static assets (tools/build-assets.ts), with a content security policy that runs only
 * our own scripts.
 */
import { fail } from '../../domain/result.ts'
import type { Context } from '../exchange.ts'
import { problemResponse } from '../http/problem-response.ts'

/** Allows our own scripts, styles and calls; nothing inline, nothing from other origins, never in a frame. */
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

/** The static file under this path, with our headers replacing its own; 304 when the browser has it already. */
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

/** One of our pages, with `pagePolicy`. */
export const page = (context: Context, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  staticFile(context, path, { 'content-security-policy': pagePolicy, 'cross-origin-opener-policy': 'same-origin', ...headers })
