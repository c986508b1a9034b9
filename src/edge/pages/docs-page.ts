/** Responsible for the page that shows the interface in a browser. */
export const docsPage = (): Response =>
  new Response('<!doctype html><title>ModelReins</title><p><a href="/openapi.json">openapi.json</a>', {
    headers: { 'content-type': 'text/html; charset=utf-8' },
  })
