/** Responsible for what people open in a browser, beside the operations: pages of ours and the files they need. */
import type { Hono } from 'hono'
import type { EdgeBindings } from '../app.ts'
import { problemsPage } from './problems-page.ts'
import { viewPage, viewScript, viewStyle } from './view-page.ts'

export function bindPages(app: Hono<EdgeBindings>): void {
  app.get('/', (c) => c.redirect('/docs', 302))
  app.get('/view/:view_id', () => viewPage())
  app.get('/assets/view.js', () => viewScript())
  app.get('/assets/view.css', () => viewStyle())
  app.get('/docs/problems', () => problemsPage())
}
