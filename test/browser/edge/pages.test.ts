/** Says what a person meets who opens our pages in a browser: a one-time view, the interface, the list of problems. */
import { existsSync } from 'node:fs'
import { problemSchema, registeredWorker } from '@modelreins/contract'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../../support/server.ts'

const executable = [process.env.MODELREINS_CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path !== '' && existsSync(path),
)

describe.skipIf(executable === undefined)('in a browser', () => {
  let server: TestServer
  let browser: Browser
  beforeAll(async () => {
    server = await startServer()
    browser = await chromium.launch({
      ...(executable === undefined ? {} : { executablePath: executable }),
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  /** A page that fails the test when the policy is violated or another server is asked for anything. */
  async function opened(
    path: string,
    options: BrowserContextOptions = {},
  ): Promise<{ readonly page: Page; readonly faults: readonly string[] }> {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted/.test(message.text())) faults.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(`${server.url}/`) && !request.url().startsWith('data:')) faults.push(`asked ${request.url()}`)
    })
    await page.goto(path.startsWith('http') ? path : `${server.url}${path}`)
    return { page, faults }
  }

  let workers = 0
  async function newView(): Promise<{ readonly url: string; readonly name: string }> {
    workers += 1
    const name = `seen-${workers}`
    const response = await fetch(`${server.url}/api/v1/workers/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.ownerKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    })
    return { url: registeredWorker.parse(await response.json()).view_url, name }
  }

  const token = (page: Page): Promise<string> => page.locator('#token').inputValue()
  const message = (page: Page): Promise<string | null> => page.locator('#message').textContent()

  describe('a one-time view', () => {
    test('reveals a token that works, says whose it is, copies it, and drops the key from the address', async () => {
      const { url, name } = await newView()
      const { page, faults } = await opened(url, { permissions: ['clipboard-read', 'clipboard-write'] })
      await page.click('#reveal')
      await page.locator('#token').waitFor()
      expect(await page.locator('#whose').textContent()).toContain(name)
      const shown = await token(page)
      const whoami = await fetch(`${server.url}/api/v1/whoami`, { headers: { authorization: `Bearer ${shown}` } })
      expect(await whoami.json()).toMatchObject({ kind: 'worker', name })
      await page.click('#copy')
      await expect.poll(() => page.locator('#copy').textContent()).toBe('Copied')
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(shown)
      expect(page.url()).not.toContain('#')
      expect(faults).toEqual([])
    })

    test('never sends its key anywhere', async () => {
      const { url } = await newView()
      const key = url.split('#')[1] ?? 'none'
      const { page } = await opened('/docs/problems')
      const sent: string[] = []
      page.on('request', (request) => sent.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`))
      await page.goto(url)
      await page.click('#reveal')
      await page.locator('#token').waitFor()
      expect(sent.length).toBeGreaterThan(2)
      expect(sent.filter((request) => request.includes(key) && !request.startsWith(url))).toEqual([])
    })

    test('that was revealed before says when, and what to do', async () => {
      const { url } = await newView()
      const first = await opened(url)
      await first.page.click('#reveal')
      await first.page.locator('#token').waitFor()
      const { page } = await opened(url)
      await page.click('#reveal')
      await expect.poll(() => message(page)).toMatch(/opened at \d{4}-\d\d-\d\dT.*revoked at once/)
    })

    test('without its key, or with a damaged one, uses up nothing', async () => {
      const { url } = await newView()
      const bare = await opened(url.split('#')[0] ?? '')
      expect(await message(bare.page)).toContain('the part behind the # is missing')
      expect(await bare.page.locator('#reveal').isDisabled()).toBe(true)
      const damaged = await opened(url.slice(0, -3))
      expect(await message(damaged.page)).toContain('damaged')
      const whole = await opened(url)
      await whole.page.click('#reveal')
      await whole.page.locator('#token').waitFor()
      expect(await token(whole.page)).toMatch(/^mrw_/)
    })

    test('with the key of another view says that it does not fit', async () => {
      const [one, other] = [await newView(), await newView()]
      const { page } = await opened(`${one.url.split('#')[0]}#${other.url.split('#')[1]}`)
      await page.click('#reveal')
      await expect.poll(() => message(page)).toContain('does not fit')
      expect(await page.locator('#token').isVisible()).toBe(false)
    })

    test('asks no index to keep it, sends no referrer, and fits a phone, light or dark', async () => {
      const { url } = await newView()
      const { headers } = await fetch(url)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('x-robots-tag')).toContain('noindex')
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page } = await opened(url, { viewport: { width: 360, height: 640 }, colorScheme })
        const wide = await page.evaluate('document.documentElement.scrollWidth')
        expect(wide).toBeLessThanOrEqual(360)
        const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
        expect(ground).toBe(colorScheme === 'light' ? 'rgb(246, 247, 249)' : 'rgb(16, 20, 27)')
      }
    })
  })

  describe('the interface', () => {
    test('is shown under the strict policy, every operation of it, with no other server asked', async () => {
      const { page, faults } = await opened('/docs')
      await page.locator('.opblock-tag[data-tag="jobs"]').click()
      await page.locator('[id$=".dispatch"] .opblock-summary-control').click()
      await page.locator('.opblock-body').first().waitFor()
      const tags = await page.locator('.opblock-tag').evaluateAll((found) => found.map((one) => one.getAttribute('data-tag')))
      expect(tags).toEqual(expect.arrayContaining(['jobs', 'claims', 'workers', 'members', 'views', 'killswitch', 'audit', 'service']))
      expect(await page.locator('.errors-wrapper').count()).toBe(0)
      expect(faults).toEqual([])
    })

    test('can be tried out with a key', async () => {
      const { page } = await opened('/docs')
      await page.locator('.authorize').first().click()
      await page.locator('.auth-container input').first().fill(server.ownerKey)
      await page.locator('.auth-btn-wrapper .authorize').first().click()
      await page.locator('.btn-done').first().click()
      await page.locator('.opblock-tag[data-tag="members"]').click()
      const whoami = page.locator('[id$=".whoami"]')
      await whoami.locator('.opblock-summary-control').click()
      await whoami.locator('.try-out__btn').click()
      await whoami.locator('.execute').click()
      await whoami.locator('.live-responses-table .response-col_status').first().waitFor()
      expect(await whoami.locator('.live-responses-table').textContent()).toContain(server.tenant)
    })
  })

  test('the address in a problem document leads to its explanation', async () => {
    const answer = await fetch(`${server.url}/dispatch`, { headers: { authorization: `Bearer ${server.ownerKey}` } })
    const { type } = problemSchema.parse(await answer.json())
    const { page, faults } = await opened(type)
    const target = await page.evaluate(`document.querySelector(':target')?.textContent`)
    expect(target).toContain('method-not-allowed')
    expect(faults).toEqual([])
  })
})
