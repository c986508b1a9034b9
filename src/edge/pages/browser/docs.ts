/**
 * Responsible for starting the viewer of the API documentation. The token entered in "Authorize" stays in the page's memory: the page stores
 * nothing and calls no other server.
 */
interface Viewer {
  (options: Readonly<Record<string, unknown>>): unknown
}

const viewer: unknown = Reflect.get(globalThis, 'SwaggerUIBundle')
const isViewer = (value: unknown): value is Viewer => typeof value === 'function'

if (isViewer(viewer)) {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const dress = (): boolean => document.documentElement.classList.toggle('dark-mode', dark.matches)
  dress()
  dark.addEventListener('change', dress)
  viewer({
    url: '/openapi.json',
    dom_id: '#interface',
    deepLinking: true,
    docExpansion: 'none',
    filter: true,
    persistAuthorization: false,
    queryConfigEnabled: false,
    validatorUrl: null,
    defaultModelsExpandDepth: 0,
  })
}
