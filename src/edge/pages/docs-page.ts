/** Responsible for the page that shows the interface in a browser: Swagger UI, served by ourselves from the static files. */
import type { Context } from '../exchange.ts'
import { contentPolicy, htmlPage, pageFile } from './page.ts'

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Interface - ModelReins</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/ui/swagger-ui.css">
<link rel="stylesheet" href="/assets/docs.css">
<script src="/docs/ui/swagger-ui-bundle.js" defer></script>
<script src="/assets/docs.js" defer></script>
</head>
<body>
<div id="interface"><p>The interface as a document: <a href="/openapi.json">openapi.json</a>. Problems: <a href="/docs/problems">codes</a>.</p></div>
</body>
</html>
`

/** The token that "Authorize" takes stays in the page's memory: nothing is stored, nothing is asked of other servers. */
const script = `'use strict'
if (window.SwaggerUIBundle) {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const dress = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
  dress()
  dark.addEventListener('change', dress)
  window.SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#interface',
    deepLinking: true,
    docExpansion: 'none',
    filter: true,
    persistAuthorization: false,
    queryConfigEnabled: false,
    validatorUrl: null,
    tryItOutEnabled: false,
    defaultModelsExpandDepth: 0,
    syntaxHighlight: { activated: true },
  })
}
`

const style = `body { margin: 0; font-family: system-ui, sans-serif; }
#interface > p { padding: 1.5rem; }
`

/** Swagger UI draws its icons from data: addresses and sets style attributes through the DOM, which the policy allows; it needs no more. */
export const docsPage = (): Response =>
  htmlPage(html, { 'content-security-policy': contentPolicy(), 'cache-control': 'public, max-age=300' })

export const docsScript = (): Response => pageFile('text/javascript', script)
export const docsStyle = (): Response => pageFile('text/css', style)

/** A file of the viewer. What is missing is an ordinary 404 of ours: see `bindPages`. */
export async function docsFile({ request, env }: Context): Promise<Response | undefined> {
  const found = await env.ASSETS.fetch(new Request(request.url, { headers: request.headers }))
  return found.ok || found.status === 304 ? found : undefined
}
