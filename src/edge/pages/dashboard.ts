/**
 * Responsible for when a request is a person's, who wants the dashboard, and not a program's: some addresses are both a screen and an operation of
 * the seeds (`/jobs/12`). A browser that opens an address says so; everybody else gets the operation.
 */
import type { Context } from '../exchange.ts'
import { page, pagePolicy } from './page.ts'

/** The first words of its addresses, beside `/`. */
export const screens = [
  'sign-in',
  'chat',
  'jobs',
  'reviews',
  'work',
  'my-work',
  'workers',
  'schedules',
  'audit',
  'settings',
  'killswitch',
  'threads',
] as const

/** `Sec-Fetch-Dest` cannot be set by a script. Where it is missing (plain HTTP to another machine), what a browser accepts has to do. */
export function isOpened(request: Request): boolean {
  const accept = request.headers.get('accept') ?? ''
  if (!accept.includes('text/html')) return false
  const destination = request.headers.get('sec-fetch-dest')
  return destination === null ? !request.headers.has('authorization') : destination === 'document'
}

/** A build's files have names of their own for good; the page that names them is asked for anew each time. */
export const dashboardPage = (context: Context): Promise<Response> =>
  page(context, '/dashboard/index.html', {
    'content-security-policy': `${pagePolicy}; worker-src 'self'; font-src 'self'; manifest-src 'self'`,
    'cache-control': 'no-cache',
    vary: 'accept, sec-fetch-dest',
  })

/** Files whose names stay the same in every build. */
const unhashed: ReadonlySet<string> = new Set(['notifier.js', 'app.webmanifest', 'touch-icon.png'])

/** A Web Worker takes its policy from its own file. `sandbox` would take the browser's cryptography from it; it may still reach nothing. */
const workerPolicy = "default-src 'none'; frame-ancestors 'none'"

export const builtFileHeaders = (file: string): Readonly<Record<string, string>> => ({
  'cache-control': unhashed.has(file) ? 'no-cache' : 'public, max-age=31536000, immutable',
  ...(file === 'notifier.js' || /\.worker-[\w-]+\.js$/.test(file) ? { 'content-security-policy': workerPolicy } : {}),
})
