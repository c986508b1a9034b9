/** Responsible for what people open in a browser, beside the operations: pages of ours and the files they need. */
import type { Hono } from 'hono'
import type { EdgeBindings } from '../app.ts'
import { docsFile, docsScript, docsStyle } from './docs-page.ts'
import { pageFile } from './page.ts'
import { problemsPage } from './problems-page.ts'
import { pageStyle } from './style.ts'
import { viewPage, viewScript } from './view-page.ts'

export function bindPages(app: Hono<EdgeBindings>): void {
  app.get('/', (c) => c.redirect('/docs', 302))
  app.get('/view/:view_id', () => viewPage())
  app.get('/assets/page.css', () => pageFile('text/css', pageStyle))
  app.get('/assets/view.js', () => viewScript())
  app.get('/assets/docs.js', () => docsScript())
  app.get('/assets/docs.css', () => docsStyle())
  app.get('/docs/problems', () => problemsPage())
  app.get('/docs/ui/:file', async (c) => (await docsFile(c.env.context)) ?? c.notFound())
}
