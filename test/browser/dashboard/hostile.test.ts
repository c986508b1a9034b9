/** Says that nothing which others wrote runs or spoofs anything in the dashboard; and that a viewer meets no button that would fail. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorker, type AnsweringWorker } from '../../support/answering-worker.ts'
import { chromiumPath, openDashboard, type Dashboard } from '../../support/dashboard.ts'

const html = '<img src=x onerror=alert(1)><script>alert(2)</script>'
const markdown = [
  html,
  '[click](javascript:alert(3)) [data](data:text/html,<script>alert(4)</script>)',
  '![picture](https://tracker.example/pixel.png)',
  'invoice\u202egnp.exe',
  '> '.repeat(3_000) + 'deep',
].join('\n\n')

describe.skipIf(chromiumPath === undefined)('what others wrote', () => {
  let dashboard: Dashboard
  let worker: AnsweringWorker
  let answered = ''
  let held: Record<string, unknown> = {}
  let taken = ''
  beforeAll(async () => {
    dashboard = await openDashboard()
    const token = await dashboard.workerToken({
      name: 'hostile',
      description: `\u202edlrow ${html}`,
      capabilities: [
        { name: 'post.draft', risk_tier: 'auto' },
        { name: 'post.publish', risk_tier: 'approve' },
      ],
    })
    worker = await startWorker(dashboard.server.url, token, 'hostile', async (_job, ctx) => {
      await ctx.output(`\u001b]8;;javascript:alert(5)\u0007link\u001b]8;;\u0007 ${html}\n${'x'.repeat(100_000)}\n`)
      return markdown
    })
    const job = await dashboard.call('POST', '/api/v1/dispatch', {
      prompt: html,
      capability: 'post.draft',
      target: 'hostile',
      thread_id: 't-hostile',
      metadata: { [html]: html },
    })
    answered = `/jobs/${String(job['id'])}`
    held = await dashboard.call('POST', '/api/v1/dispatch', {
      prompt: `invoice\u202egnp.exe ${html}`,
      capability: 'post.publish',
      target: 'hostile',
    })
    await dashboard.call('POST', '/api/v1/work/join', { name: 'person', description: html })
    const inHand = await dashboard.call('POST', '/api/v1/dispatch', {
      prompt: `${html}\n\n${markdown}`,
      target: 'person',
      context_text: markdown,
    })
    taken = `/work/${String(inHand['id'])}`
    await dashboard.call('POST', `/api/v1${taken}/start`)
    await dashboard.call('POST', `/api/v1${taken}/note`, {
      attempt: 1,
      text: `\u001b]8;;javascript:alert(6)\u0007note\u001b]8;;\u0007 ${html}\n`,
    })
  })
  afterAll(async () => {
    await worker?.stop()
    await dashboard?.close()
  })

  test('is shown as text: nothing runs, no other server is asked, hidden marks are spelled out', async () => {
    const { page, faults } = await dashboard.open(answered)
    await page.getByText('Done', { exact: true }).first().waitFor()
    await page.getByRole('heading', { name: 'Result' }).waitFor()
    await page.getByText('⟨U+202E⟩').first().waitFor()
    const links = await page.locator('main a').evaluateAll((found) => found.map((link) => link.getAttribute('href') ?? ''))
    expect(links.filter((link) => /^(?:javascript|data):/i.test(link))).toEqual([])
    expect(await page.locator('main img, main script, main iframe').count()).toBe(0)
    for (const path of ['/', '/jobs', '/chat?thread=t-hostile', '/reviews', '/work', '/workers', '/audit']) {
      await page.goto(dashboard.url + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
    }
    await page.goto(dashboard.url + taken)
    await page.getByText('note', { exact: false }).first().waitFor()
    await page.getByRole('textbox', { name: /^Result/ }).fill(markdown)
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByRole('region', { name: 'Preview of the result' }).getByText('⟨U+202E⟩').waitFor()
    const unsafe = await page.locator('main a').evaluateAll((found) => found.map((link) => link.getAttribute('href') ?? ''))
    expect(unsafe.filter((link) => /^(?:javascript|data):/i.test(link))).toEqual([])
    expect(await page.locator('main img, main script, main iframe').count()).toBe(0)
    await page.goto(`${dashboard.url}/reviews/${String(held['review_id'])}`)
    await page.getByText('invoice⟨U+202E⟩gnp.exe').first().waitFor()
    expect(faults).toEqual([])
  })

  test('a viewer sees the same, without a button that would be refused', async () => {
    const key = await dashboard.memberKey('Vic', 'viewer')
    const { page, faults } = await dashboard.open(`/reviews/${String(held['review_id'])}`, { key })
    await page.getByText('A reviewer or owner decides this').waitFor()
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
    await page.goto(`${dashboard.url}/chat`)
    await page.getByText('not begin them').waitFor()
    await page.goto(`${dashboard.url}/jobs/${String(held['id'])}`)
    await page.getByRole('heading', { name: 'Why waiting' }).waitFor()
    expect(await page.getByRole('button', { name: /^(Abort|Retry)/ }).count()).toBe(0)
    await page.goto(`${dashboard.url}/audit`)
    await page.getByText('may not read the audit trail').waitFor()
    await page.goto(`${dashboard.url}/settings`)
    await page.getByRole('heading', { name: 'Passkeys' }).waitFor()
    expect(await page.getByRole('link', { name: 'Members' }).count()).toBe(0)
    expect(faults).toEqual([])
  })

  test('signs in with a passkey of the browser, typing nothing', async () => {
    const { page, context, faults } = await dashboard.open('/settings?tab=sign-in')
    const session = await context.newCDPSession(page)
    await session.send('WebAuthn.enable')
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    await page.getByLabel('Name of the passkey').fill('Test laptop')
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByText('Test laptop').waitFor()
    await page.getByRole('button', { name: /^Account/ }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByRole('navigation', { name: 'Places' }).waitFor()
    expect(faults).toEqual([])
  })

  test('turns no text beside it around, on whatever screen it stands', async () => {
    const { items } = Object(await dashboard.call('GET', '/api/v1/workers'))
    const id = String(items.find((one: { readonly name: string }) => one.name === 'hostile').worker_id)
    const review = `/api/v1/reviews/${String(held['review_id'])}`
    const { digest } = await dashboard.call('GET', review)
    await dashboard.call('POST', `${review}/decide`, { verdict: 'deny', digest, comment: '\u202ereviewed' })
    await dashboard.call('POST', '/api/v1/killswitch', { level: 1, reason: '\u202edlih' })
    const { page, faults } = await dashboard.open('/')
    await page.getByText('Killswitch hold').waitFor()
    for (const path of ['/', `/workers/${id}`, `/reviews/${String(held['review_id'])}`, '/killswitch', '/chat', '/work', answered]) {
      await page.goto(dashboard.url + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      const turning = /[\u202a-\u202e\u2066-\u2069]/.exec(await page.locator('body').innerText())
      expect({ path, turning: turning?.[0] }).toEqual({ path, turning: undefined })
    }
    await dashboard.call('DELETE', '/api/v1/killswitch')
    expect(faults).toEqual([])
  })
})
