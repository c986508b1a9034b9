/** Responsible for the routes of pages and their files, which are all public. */
import type { Hono } from 'hono'
import type { EdgeBindings } from '../app.ts'
import { builtFileHeaders, dashboardPage, isOpened, screens } from './dashboard.ts'
import { page, pagePolicy, staticFile } from './page.ts'

/** Opening the page does not use up the view. The headers prevent referrers, caching and indexing. */
const viewHeaders = {
  'content-security-policy': `${pagePolicy}; require-trusted-types-for 'script'`,
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex, nofollow, noarchive',
}

export function bindPages(app: Hono<EdgeBindings>): void {
  app.get('/', (c) => dashboardPage(c.env.context))
  for (const screen of screens) {
    app.get(`/${screen}/*`, (c, next) => (isOpened(c.env.context.request) ? dashboardPage(c.env.context) : next()))
  }
  app.get('/dashboard/:file', (c) =>
    staticFile(c.env.context, `/dashboard/${encodeURIComponent(c.req.param('file'))}`, builtFileHeaders(c.req.param('file'))),
  )
  app.get('/view/:view_id', (c) => page(c.env.context, '/pages/view.html', viewHeaders))
  app.get('/docs/problems', (c) => page(c.env.context, '/pages/problems.html'))
  app.get('/assets/:file', (c) => staticFile(c.env.context, `/assets/${encodeURIComponent(c.req.param('file'))}`))
  app.get('/docs/ui/:file', (c) => staticFile(c.env.context, `/docs/ui/${encodeURIComponent(c.req.param('file'))}`))
}
