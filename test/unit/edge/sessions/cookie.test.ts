/** Says which cookies are read, and from which pages a call with one is taken. */
import { describe, expect, test } from 'vitest'
import { cookieToken, crossSite, endedCookie, maySignIn, sessionCookie } from '../../../../src/edge/sessions/cookie.ts'
import { deviceOf } from '../../../../src/edge/sessions/visit.ts'

const https = 'https://reins.example'
const local = 'http://localhost:8787'
const token = `mrs_acme_${'s'.repeat(20)}_${'t'.repeat(40)}_${'m'.repeat(31)}`

const request = (method: string, headers: Record<string, string>): Request => new Request(`${https}/api/v1/jobs`, { method, headers })

describe('the cookie', () => {
  test('is __Host-, Secure, HttpOnly and SameSite=Lax over https', () => {
    expect(sessionCookie(https, token)).toBe(`__Host-modelreins=${token}; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=2592000`)
    expect(endedCookie(https)).toBe('__Host-modelreins=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0')
  })

  test('has a plain name on this machine over http', () => {
    expect(sessionCookie(local, token)).toBe(`modelreins-session=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000`)
  })

  test('is set over https and on this machine only', () => {
    expect([https, local, 'http://127.0.0.1:9000', 'http://[::1]:9000', 'http://a.localhost'].map(maySignIn)).toEqual(Array(5).fill(true))
    expect(['http://reins.example', 'http://192.168.1.7:8787', 'http://localhost.evil.example'].map(maySignIn)).toEqual([
      false,
      false,
      false,
    ])
  })

  test('is read by its name among others', () => {
    expect(cookieToken(request('GET', { cookie: `a=b; __Host-modelreins=${token}; c` }), https)).toBe(token)
    expect(cookieToken(request('GET', { cookie: `modelreins-session=${token}` }), https)).toBeUndefined()
    expect(cookieToken(request('GET', { cookie: `modelreins-session=${token}` }), local)).toBe(token)
  })

  test('holds no key, and is not looked at beside an Authorization header', () => {
    expect(cookieToken(request('GET', { cookie: '__Host-modelreins=mrk_acme_x' }), https)).toBeUndefined()
    expect(cookieToken(request('GET', { cookie: `__Host-modelreins=${token}`, authorization: 'Bearer x' }), https)).toBeUndefined()
  })
})

describe('a call with the cookie', () => {
  const ours = { 'x-modelreins-request': '1' }

  test.each([
    ['a GET of our page', 'GET', {}],
    ['a GET with our origin', 'GET', { origin: https }],
    ['a GET that the browser calls same-origin', 'GET', { 'sec-fetch-site': 'same-origin' }],
    ['a link that was typed', 'GET', { 'sec-fetch-site': 'none' }],
    ['a POST with our header', 'POST', { ...ours, origin: https }],
    ['a DELETE with our header and no origin', 'DELETE', ours],
    ['a socket with our origin', 'GET', { upgrade: 'websocket', origin: https }],
  ])('%s is taken', (_what, method, headers) => {
    expect(crossSite(request(method, headers), https)).toBeUndefined()
  })

  test.each([
    ['a POST without our header', 'POST', { origin: https }],
    ['a POST of another origin', 'POST', { ...ours, origin: 'https://evil.example' }],
    ['a POST of a sandboxed frame', 'POST', { ...ours, origin: 'null' }],
    ['a POST of a sibling host', 'POST', { ...ours, 'sec-fetch-site': 'same-site' }],
    ['a GET of another origin', 'GET', { origin: 'https://evil.example' }],
    ['a GET that the browser calls cross-site', 'GET', { 'sec-fetch-site': 'cross-site' }],
    ['a socket of another origin', 'GET', { upgrade: 'websocket', origin: 'https://evil.example' }],
    ['a socket without an origin', 'GET', { upgrade: 'websocket' }],
    ['our origin over http', 'POST', { ...ours, origin: 'http://reins.example' }],
    ['our origin on another port', 'POST', { ...ours, origin: 'https://reins.example:8443' }],
  ])('%s is refused', (_what, method, headers) => {
    expect(crossSite(request(method, headers), https)).toBeDefined()
  })
})

const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const linux = `Mozilla/5.0 (X11; Linux x86_64) ${webkit}`
const windows = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit}`
const android = `Mozilla/5.0 (Linux; Android 10; K) ${webkit}`
const iPhone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)'

test.each([
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
    'Chrome on macOS',
  ],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
    'Safari on iPhone',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0',
    'Edge on Windows',
  ],
  // The same kind again: each names other browsers beside itself.
  [`${linux} HeadlessChrome/131.0.0.0 Safari/537.36`, 'Headless Chrome on Linux'],
  [`${linux} Ubuntu Chromium/131.0.0.0 Chrome/131.0.0.0 Safari/537.36`, 'Chromium on Linux'],
  [`${windows} Chrome/18.19 Safari/537.36 Edge/18.19042`, 'Edge on Windows'],
  [`${windows} Chrome/131.0.0.0 Safari/537.36 OPR/116.0.0.0`, 'Opera on Windows'],
  [`${windows} Chrome/131.0.0.0 Safari/537.36 Vivaldi/7.0`, 'Vivaldi on Windows'],
  [`${windows} Chrome/130.0.0.0 YaBrowser/24.12.0.0 Safari/537.36`, 'Yandex Browser on Windows'],
  [`${windows} Chrome/131.0.0.0 Electron/33.2.0 Safari/537.36`, 'Electron on Windows'],
  [`${windows} Chrome/131.0.0.0 Safari/537.36 Unheard/4.2`, 'A browser like Chrome on Windows'],
  [`${android} Chrome/131.0.0.0 Mobile Safari/537.36`, 'Chrome on Android'],
  [`${android} Chrome/131.0.0.0 Mobile Safari/537.36 EdgA/131.0.0.0`, 'Edge on Android'],
  [`${android} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36`, 'Samsung Internet on Android'],
  [`${android} Version/4.0 Chrome/131.0.0.0 Mobile DuckDuckGo/5 Safari/537.36`, 'DuckDuckGo on Android'],
  ['Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0', 'Firefox on Android'],
  [`${iPhone} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1`, 'Chrome on iPhone'],
  [`${iPhone} FxiOS/133.0 Mobile/15E148 Safari/605.1.15`, 'Firefox on iPhone'],
  [`${iPhone} Version/17.0 EdgiOS/131.0.2903.68 Mobile/15E148 Safari/604.1`, 'Edge on iPhone'],
  [`${iPhone} Version/18.1 Mobile/15E148 Safari/604.1 OPT/5.3.1`, 'Opera on iPhone'],
  [`${iPhone} Version/18.1 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15`, 'DuckDuckGo on iPhone'],
  [`${iPhone} Version/18.1 Mobile/15E148 Unheard/4.2 Safari/605.1.15`, 'A browser like Safari on iPhone'],
  [`${mac} Version/18.1 Safari/605.1.15`, 'Safari on macOS'],
  ['<script>alert(1)</script>', 'Unknown browser'],
  [null, 'Unknown browser'],
])('the device of %s is %s', (userAgent, device) => {
  expect(deviceOf(userAgent)).toBe(device)
})
