/** Responsible for the page that `type` of a problem document points at. */
export const problemsPage = (): Response =>
  new Response('<!doctype html><title>Problems</title>', { headers: { 'content-type': 'text/html; charset=utf-8' } })
