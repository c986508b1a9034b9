/**
 * Responsible for choosing between the dashboard and an operation: some addresses are both a screen and an operation of the seeds (`/jobs/12`).
 * A browser that opens an address gets the dashboard; any other client gets the operation.
 */
import type { Context } from '../exchange.ts'
import { page, pagePolicy } from './page.ts'

/** The first path segments of the dashboard's addresses, in addition to `/`. */
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

/** True when a browser opens the address. Scripts cannot set `Sec-Fetch-Dest`; without it (http to another machine), `Accept` decides. */
export function isOpened(request: Request): boolean {
  const accept = request.headers.get('accept') ?? ''
  if (!accept.includes('text/html')) return false
  const destination = request.headers.get('sec-fetch-dest')
  return destination === null ? !request.headers.has('authorization') : destination === 'document'
}

/** The page of the dashboard. It is revalidated each time, because it names the files of a build, whose names contain hashes. */
export const dashboardPage = (context: Context): Promise<Response> =>
  page(context, '/dashboard/index.html', {
    'content-security-policy': `${pagePolicy}; worker-src 'self'; font-src 'self'; manifest-src 'self'`,
    'cache-control': 'no-cache',
    vary: 'accept, sec-fetch-dest',
  })

/** Files with the same name in every build. */
const unhashed: ReadonlySet<string> = new Set(['notifier.js', 'app.webmanifest', 'touch-icon.png'])

/** A Web Worker uses the policy of its own file. Without `sandbox`, which would disable Web Crypto; the policy still allows no requests. */
const workerPolicy = "default-src 'none'; frame-ancestors 'none'"

export const builtFileHeaders = (file: string): Readonly<Record<string, string>> => ({
  'cache-control': unhashed.has(file) ? 'no-cache' : 'public, max-age=31536000, immutable',
  ...(file === 'notifier.js' || /\.worker-[\w-]+\.js$/.test(file) ? { 'content-security-policy': workerPolicy } : {}),
})
