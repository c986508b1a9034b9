/** Responsible for what people open in a browser, beside the operations: pages of ours and the files they need. All of them are public. */
import type { Context } from '../exchange.ts'
import { PathTable } from '../path-table.ts'
import { builtFileHeaders, dashboardPage, isOpened, screens } from './dashboard.ts'
import { page, pagePolicy, staticFile } from './page.ts'

/** Opening the page burns nothing; it takes no address with it, stays in no cache and in no index. */
const viewHeaders = {
  'content-security-policy': `${pagePolicy}; require-trusted-types-for 'script'`,
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex, nofollow, noarchive',
}

/** Answers one page; `file` is the last part of its path. */
type Page = (context: Context, file: string) => Promise<Response>

const pages = new PathTable<Page>()
pages.add('/', dashboardPage)
pages.add('/dashboard/:file', (context, file) => staticFile(context, `/dashboard/${encodeURIComponent(file)}`, builtFileHeaders(file)))
pages.add('/view/:view_id', (context) => page(context, '/pages/view.html', viewHeaders))
pages.add('/docs/problems', (context) => page(context, '/pages/problems.html'))
pages.add('/assets/:file', (context, file) => staticFile(context, `/assets/${encodeURIComponent(file)}`))
pages.add('/docs/ui/:file', (context, file) => staticFile(context, `/docs/ui/${encodeURIComponent(file)}`))

const ofScreens: ReadonlySet<string> = new Set(screens)

/** The page that this request asks for; undefined when it asks for none. */
export function pageAt(context: Context, path: string): Promise<Response> | undefined {
  const { request } = context
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
  const [, first = ''] = path.split('/', 2)
  if (ofScreens.has(first) && isOpened(request)) return dashboardPage(context)
  const found = pages.find(path)
  return found?.entry(context, found.parameters.file ?? '')
}
