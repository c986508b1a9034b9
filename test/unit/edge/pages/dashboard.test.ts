/** Says how the files of the dashboard's build are kept and bound. */
import { expect, test } from 'vitest'
import { builtFileHeaders } from '../../../../src/edge/pages/dashboard.ts'

test('a file with a hash in its name is kept for good, one whose name stays is asked for anew', () => {
  expect(builtFileHeaders('index-BUUotXXS.css')['cache-control']).toBe('public, max-age=31536000, immutable')
  for (const file of ['notifier.js', 'app.webmanifest', 'touch-icon.png']) expect(builtFileHeaders(file)['cache-control']).toBe('no-cache')
})

test('what runs beside the page may reach nothing', () => {
  for (const file of ['notifier.js', 'verify.worker-Ab_c-1.js'])
    expect(builtFileHeaders(file)['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'")
  expect(builtFileHeaders('index-DX3UlLpx.js')['content-security-policy']).toBeUndefined()
})
