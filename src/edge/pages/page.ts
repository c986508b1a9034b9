/** Responsible for how pages of ours are answered: with a policy under which only our own files run. It knows no page. */

/** Our own scripts, styles and calls; nothing inline, nothing from elsewhere, never inside a frame. */
const policy = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'connect-src': "'self'",
  'img-src': "'self' data:",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
} as const

export type PolicyDirective = keyof typeof policy | 'require-trusted-types-for' | 'style-src-attr' | 'font-src'

/** The policy's text, with single directives replaced or added. */
export const contentPolicy = (more: Partial<Record<PolicyDirective, string>> = {}): string =>
  Object.entries({ ...policy, ...more })
    .map(([directive, value]) => `${directive} ${value}`)
    .join('; ')

export const htmlPage = (html: string, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentPolicy(),
      'cross-origin-opener-policy': 'same-origin',
      ...headers,
    },
  })

/** A script or style that one of our pages names; revalidated with each deploy. */
export const pageFile = (type: 'text/javascript' | 'text/css', text: string): Response =>
  new Response(text, { headers: { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-cache' } })
