/** Says what a person sees on a bad day: two tabs that decide at once, a forged trail, a deploy in the middle, output without end, a fleet to stop. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorker, type AnsweringWorker } from '../../support/answering-worker.ts'
import { chromiumPath, openDashboard, type Dashboard } from '../../support/dashboard.ts'

const outputBytes = 32 * 1024 * 1024

describe.skipIf(chromiumPath === undefined)('on a bad day the dashboard', () => {
  let dashboard: Dashboard
  const workers: AnsweringWorker[] = []
  beforeAll(async () => {
    dashboard = await openDashboard()
  })
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()))
    await dashboard?.close()
  })

  test('shows all of a large output, one endless line included, and stays usable', async () => {
    const token = await dashboard.workerToken({ name: 'chatty' })
    const endless = 'y'.repeat(64 * 1024)
    const lines = `${'x'.repeat(127)}\n`.repeat(512)
    workers.push(
      await startWorker(dashboard.server.url, token, 'chatty', async (_job, ctx) => {
        for (let written = 0; written < outputBytes / 2; written += endless.length) await ctx.output(endless)
        for (let written = 0; written < outputBytes / 2 - 1_024; written += lines.length) await ctx.output(lines)
        await ctx.output('\nthe very end\n')
        return 'written'
      }),
    )
    const job = await dashboard.call('POST', '/api/v1/dispatch', { prompt: 'talk', target: 'chatty' })
    const { page, faults } = await dashboard.open(`/jobs/${String(job['id'])}`)
    const output = page.getByRole('log', { name: 'Output' })
    await output.getByText('the very end').waitFor({ timeout: 90_000 })
    // Everything that is drawn is what is in view.
    expect(await output.locator('span.block').count()).toBeLessThan(200)
    const search = page.getByRole('searchbox', { name: 'Search the output' })
    await search.fill('very end')
    await page.getByText('1 of 1').waitFor()
    const file = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download' }).click()
    const path = await (await file).path()
    const { statSync } = await import('node:fs')
    expect(statSync(path).size).toBeGreaterThan(outputBytes - 256 * 1024)
    expect(faults).toEqual([])
  })

  test('tells the slower of two tabs who has decided, and changes nothing', async () => {
    await dashboard.workerToken({ name: 'publisher', capabilities: [{ name: 'post.publish', risk_tier: 'approve' }] })
    const job = await dashboard.call('POST', '/api/v1/dispatch', { prompt: 'Publish', capability: 'post.publish', when_offline: 'queue' })
    const review = String(job['review_id'])
    const key = await dashboard.memberKey('Rosa', 'reviewer')
    const { digest } = await dashboard.call('GET', `/api/v1/reviews/${review}`)
    const { page, context, faults } = await dashboard.open(`/reviews/${review}`, { key })
    await page.getByRole('button', { name: 'Approve' }).waitFor()
    const other = await context.newPage()
    await other.goto(page.url())
    await other.getByRole('button', { name: 'Approve' }).waitFor()
    // The feed would tell the tab at once: it is told nothing until the button was pressed.
    await other.route(/\/api\/v1\/reviews/, (route) => (route.request().method() === 'GET' ? undefined : route.continue()))
    await dashboard.call('POST', `/api/v1/reviews/${review}/decide`, { verdict: 'deny', comment: 'Not today', digest })
    await page.getByText('Not today').first().waitFor()
    await other.getByRole('button', { name: 'Approve' }).click()
    await other
      .getByRole('alert')
      .filter({ hasText: /Nothing was changed.*denied \(decided by \S+\)/ })
      .waitFor()
    await other.unroute(/\/api\/v1\/reviews/)
    await other.reload()
    await other.getByText('Not today').first().waitFor()
    expect(await other.getByRole('button', { name: 'Approve' }).count()).toBe(0)
    expect(await dashboard.call('GET', `/api/v1/reviews/${review}`)).toMatchObject({ status: 'denied' })
    expect(faults).toEqual([])
  })

  test('names the first row of a trail that somebody has changed on its way', async () => {
    const { page } = await dashboard.open('/audit')
    await page.route('**/api/v1/audit/export*', async (route) => {
      const response = await route.fetch()
      const lines = (await response.text()).split('\n')
      const forged = lines.map((line) => (line.includes('"seq":3,') ? line.replace(/"summary":"/, '"summary":"nothing, ') : line))
      expect(forged).not.toEqual(lines)
      await route.fulfill({ response, body: forged.join('\n') })
    })
    await page.getByRole('button', { name: 'Verify in this browser' }).click()
    await page.getByText('Row 3 is the first bad row').waitFor()
  })

  test('loads once more by itself after a deploy, and then says that there is a new version', async () => {
    const { page, faults } = await dashboard.open('/')
    // The parts of a screen that nobody has opened are files of the version before: gone.
    let gone = 0
    await page.route(/\/dashboard\/.*\.js$/, (route) => {
      gone += 1
      return gone > 6 ? route.continue() : route.fulfill({ status: 404, body: 'gone' })
    })
    const loads: string[] = []
    page.on('load', () => loads.push(page.url()))
    await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Audit' }).click()
    await page
      .getByRole('heading', { level: 1, name: 'Audit' })
      .or(page.getByText('A new version of the dashboard is available.'))
      .first()
      .waitFor()
    expect(loads.length).toBeLessThanOrEqual(1)
    expect(faults.filter((fault) => !fault.includes('404'))).toEqual([])
  })

  test('shows what happened between a first reading and the opening of the feed, however late the reading is answered', async () => {
    await dashboard.workerToken({ name: 'absent' })
    const { page, faults } = await dashboard.open('/')
    let held = false
    await page.route(/\/api\/v1\/jobs\?/, async (route) => {
      if (held) return route.continue()
      held = true
      const old = await route.fetch()
      await dashboard.call('POST', '/api/v1/dispatch', { prompt: 'in between', target: 'absent', when_offline: 'queue' })
      await page.getByRole('status', { name: 'Connection' }).getByText('Live').waitFor()
      await route.fulfill({ response: old })
    })
    await page.goto(`${dashboard.url}/jobs`)
    await page
      .getByText('in between')
      .or(page.getByRole('button', { name: /new job/ }))
      .first()
      .waitFor()
    expect([held, faults]).toEqual([true, []])
  })

  test('shows ten workers stop, one after the other, and what the last one still runs', async () => {
    const started = new Set<string>()
    for (let index = 0; index < 10; index += 1) {
      const name = `fleet-${index}`
      const token = await dashboard.workerToken({ name })
      workers.push(
        await startWorker(dashboard.server.url, token, name, async (_job, ctx) => {
          started.add(name)
          await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
          throw new Error('stopped')
        }),
      )
    }
    for (let index = 0; index < 10; index += 1)
      await dashboard.call('POST', '/api/v1/dispatch', { prompt: 'Work until told', target: `fleet-${index}` })
    const { page, faults } = await dashboard.open('/killswitch')
    await page.getByText(/Hold to stop: 10 jobs/).waitFor()
    expect(started.size).toBe(10)
    const hold = page.getByRole('button', { name: /^Hold to stop/ })
    await hold.hover()
    await page.mouse.down()
    await page.getByText('Level 3: Stop').waitFor()
    await page.mouse.up()
    await page
      .getByRole('status')
      .filter({ hasText: /11 of \d+ workers have acknowledged/ })
      .waitFor()
    for (let index = 0; index < 10; index += 1) await page.getByText(`fleet-${index}`, { exact: true }).first().waitFor()
    expect(await dashboard.call('GET', '/api/v1/jobs?status=running')).toMatchObject({ items: [] })
    expect(faults).toEqual([])
  })
})
