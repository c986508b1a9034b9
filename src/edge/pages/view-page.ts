/** Responsible for the one-time view page. */
export const viewPage = (): Response =>
  new Response('<!doctype html><title>View</title>', { headers: { 'content-type': 'text/html; charset=utf-8' } })
export const viewScript = (): Response => new Response('', { headers: { 'content-type': 'text/javascript; charset=utf-8' } })
export const viewStyle = (): Response => new Response('', { headers: { 'content-type': 'text/css; charset=utf-8' } })
