/** Says that a person comes from a first start to a first answer, and finds what waits, by clicking what is there. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorker, type AnsweringWorker } from '../../support/answering-worker.ts'
import { chromiumPath, openDashboard, type Dashboard } from '../../support/dashboard.ts'

describe.skipIf(chromiumPath === undefined)('the dashboard', () => {
  let dashboard: Dashboard
  const workers: AnsweringWorker[] = []
  beforeAll(async () => {
    dashboard = await openDashboard()
  })
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()))
    await dashboard?.close()
  })

  test('asks who you are at whatever address, refuses a key that is not valid, and then shows that address', async () => {
    const { page, faults } = await dashboard.visit('/workers?q=x')
    await page.getByLabel('Key or one-time link').fill('mrk_local_nobody')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('alert').filter({ hasText: 'not valid' }).waitFor()
    await page.getByLabel('Key or one-time link').fill(dashboard.server.ownerKey)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Workers' }).waitFor()
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/workers?q=x')
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Workers' }).waitFor()
    expect(faults).toEqual([])
  })

  test('registers a worker, shows it arrive, and streams its first answer', async () => {
    const { page, faults } = await dashboard.open('/')
    await page.getByRole('link', { name: 'Register worker' }).click()
    await page.getByLabel('Name', { exact: true }).fill('first-worker')
    await page.getByLabel('Description').fill('Answers in capitals')
    await page.getByRole('button', { name: 'Register worker' }).click()
    await page.getByRole('heading', { name: 'first-worker is registered' }).waitFor()
    await page.getByText('Not opened yet').waitFor()
    const link = await page.locator('pre', { hasText: '/view/' }).textContent()
    const { redeemView } = await import('../../../worker-sdk/src/client/view.ts')
    const { token } = await redeemView(link ?? '')
    workers.push(
      await startWorker(dashboard.server.url, token, 'first-worker', async (job, ctx) => {
        await ctx.output('working on it\n')
        return `**${job.prompt.toUpperCase()}**`
      }),
    )
    await page.getByText('first-worker is connected.').waitFor()
    await page.getByRole('link', { name: 'Give it a job' }).click()
    await page.getByRole('textbox', { name: 'Prompt' }).fill('say hello')
    await page.keyboard.press('Control+Enter')
    const answer = page.getByRole('article', { name: /^Answer of first-worker/ })
    await answer.getByText('SAY HELLO').waitFor()
    await answer.getByText('Done', { exact: true }).waitFor()
    expect(new URL(page.url()).searchParams.get('thread')).toMatch(/^t-/)
    await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Home' }).click()
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
    expect(faults).toEqual([])
  })

  test('keeps a draft over a reload, and sends one prompt to several workers side by side', async () => {
    for (const name of ['left', 'right']) {
      const token = await dashboard.workerToken({ name })
      workers.push(await startWorker(dashboard.server.url, token, name, async () => `answer of ${name}`))
    }
    const { page, faults } = await dashboard.open('/chat')
    const targets = page.getByRole('group', { name: 'Targets' })
    await targets.getByRole('checkbox', { name: /^left/ }).check({ force: true })
    await targets.getByRole('checkbox', { name: /^right/ }).check({ force: true })
    await page.getByRole('textbox', { name: 'Prompt' }).fill('both of you')
    await page.getByRole('slider', { name: 'Effort' }).fill('3')
    await page.reload()
    await page.getByText('It would be queued for left, right.').waitFor()
    expect(await page.getByRole('slider', { name: 'Effort' }).getAttribute('aria-valuetext')).toMatch(/^deep/)
    expect(await page.getByRole('textbox', { name: 'Prompt' }).inputValue()).toBe('both of you')
    await page.getByRole('combobox', { name: 'Merge' }).selectOption('concat')
    await page.getByRole('button', { name: 'Send it' }).click()
    for (const name of ['left', 'right'])
      await page
        .getByRole('article', { name: `Answer of ${name}` })
        .getByText(`answer of ${name}`)
        .waitFor()
    const merged = page.getByRole('article', { name: 'Merged answer' })
    await merged.getByText('2 of 2 answered: from left, right').waitFor()
    await merged.getByText('answer of left').waitFor()
    expect(await merged.getByText('degraded').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Abort thread' }).isDisabled()).toBe(true)
    expect(faults).toEqual([])
  })

  test('says why a job waits, and opens the review that holds it', async () => {
    await dashboard.workerToken({ name: 'publisher', capabilities: [{ name: 'post.publish', risk_tier: 'approve' }] })
    const job = await dashboard.call('POST', '/api/v1/dispatch', {
      prompt: 'Publish it',
      capability: 'post.publish',
      when_offline: 'queue',
    })
    const { page, faults } = await dashboard.open(`/jobs/${String(job['id'])}`)
    await page.getByRole('heading', { name: 'Why waiting' }).waitFor()
    await page.getByRole('link', { name: 'Open the review' }).click()
    await page.getByRole('heading', { level: 2, name: /post\.publish/ }).waitFor()
    await page.getByText('it fits').waitFor()
    await page.keyboard.press('d')
    await page.getByRole('button', { name: 'Deny', exact: true }).click()
    await page.getByText('Enter a reason').waitFor()
    await page.getByLabel(/^Comment/).fill('Not on a Friday')
    await page.getByRole('button', { name: 'Deny', exact: true }).click()
    await page.getByText('is denied').waitFor()
    await page.goto(`${dashboard.url}/jobs/${String(job['id'])}`)
    await page.getByText('Not on a Friday').first().waitFor()
    expect(faults).toEqual([])
  })

  test('verifies the audit trail in the browser, and opens a row from the address', async () => {
    const { page, faults } = await dashboard.open('/audit')
    await page.getByRole('button', { name: 'Verify in this browser' }).click()
    await page.getByText(/\d+ rows verified/).waitFor()
    await page.goto(`${dashboard.url}/audit?row=2`)
    await page.getByRole('dialog', { name: 'Audit row 2' }).waitFor()
    await page.getByText('computed in this browser, fits').waitFor()
    expect(faults).toEqual([])
  })

  test('raises the killswitch by holding the button, shows who stopped, and clears it', async () => {
    const { page, faults } = await dashboard.open('/')
    await page.getByRole('banner').getByRole('link', { name: 'Kill' }).click()
    await page.getByRole('heading', { level: 1, name: 'Killswitch' }).waitFor()
    await page.getByLabel('Reason').fill('a drill')
    const hold = page.getByRole('button', { name: /^Hold to stop/ })
    await hold.click()
    expect(await dashboard.call('GET', '/api/v1/killswitch')).toMatchObject({ level: 0 })
    await hold.hover()
    await page.mouse.down()
    await page.getByText('Level 3: Stop').waitFor()
    await page.mouse.up()
    await page
      .getByRole('status')
      .filter({ hasText: /3 of \d+ workers have acknowledged/ })
      .waitFor()
    await page.getByRole('button', { name: 'Clear and resume all...' }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Clear and resume/ })
      .click()
    await page.getByText('Level 0: Clear').waitFor()
    expect(faults).toEqual([])
  })

  test('shows what happens as it happens, asks nothing while nobody looks, and says so when the server is gone and back', async () => {
    await dashboard.workerToken({ name: 'absent' })
    const dispatch = (prompt: string) => dashboard.call('POST', '/api/v1/dispatch', { prompt, target: 'absent', when_offline: 'queue' })
    await dispatch('there before')
    const { page, faults } = await dashboard.open('/jobs')
    await page.getByText('there before').waitFor()
    const connection = page.getByRole('status', { name: 'Connection' })
    await connection.getByText('Live').waitFor()
    // Without the feed the next reading would be a minute away.
    await dispatch('told by the feed')
    await page.getByRole('button', { name: /new job/ }).click()
    await page.getByText('told by the feed').waitFor()
    const hide = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
        Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${hidden ? 'hidden' : 'visible'}' });
        document.dispatchEvent(new Event('visibilitychange'))`)
    await page.clock.install()
    await page.reload()
    await page.getByText('told by the feed').waitFor()
    await connection.getByText('Live').waitFor()
    await hide(true)
    await page.waitForLoadState('networkidle')
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await dispatch('while nobody looks')
    await page.clock.runFor(300_000)
    expect(asked).toEqual([])
    await hide(false)
    await page.getByRole('button', { name: /new job/ }).click()
    await page.getByText('while nobody looks').waitFor()
    await dashboard.server.kill()
    await connection.getByText('Offline').waitFor()
    await dashboard.server.start()
    await dispatch('after the server came back')
    await connection.getByText('Live').waitFor()
    // Read again with the list, or told as new, whichever came first: the connection or the job.
    await page
      .getByText('after the server came back')
      .or(page.getByRole('button', { name: /new job/ }))
      .first()
      .waitFor()
    expect(faults).toEqual([])
  })
})
