/** Says that a person does a job from the inbox to an audited result, in a browser, on a phone, in two tabs, and over a server that dies. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, openDashboard, type Dashboard } from '../../support/dashboard.ts'
import { until } from '../../support/until.ts'

describe.skipIf(chromiumPath === undefined)('My work', () => {
  let dashboard: Dashboard
  let rosa: string
  beforeAll(async () => {
    dashboard = await openDashboard()
    rosa = await dashboard.memberKey('Rosa', 'reviewer')
  })
  afterAll(async () => {
    await dashboard?.close()
  })
  const dispatch = (prompt: string, more: Readonly<Record<string, unknown>> = {}) =>
    dashboard.call('POST', '/api/v1/dispatch', { prompt, target: 'rosa', ...more })

  test('brings a person from the inbox to an audited result, over a server that dies in between', async () => {
    const { page, context, faults } = await dashboard.open('/work', { key: rosa })
    await page.getByLabel('Name', { exact: false }).fill('rosa')
    await page.getByRole('button', { name: 'I take jobs' }).click()
    await page.getByText('Nothing now.').waitFor()
    const job = await dispatch('Sign the **contract**\n\n<img src=x onerror=alert(1)>')
    const places = page.getByRole('navigation', { name: 'Places' })
    await places.getByRole('link', { name: 'My work' }).getByText('1', { exact: true }).waitFor()
    await places.getByRole('link', { name: 'Home' }).click()
    await page.getByRole('link', { name: '1 job is on offer to you' }).click()
    await page.getByRole('link', { name: 'Sign the **contract**' }).click()
    await page.getByText('It names you as its target.').waitFor()
    await page.getByText('<img src=x onerror=alert(1)>').waitFor()

    // The same person in another tab: one start wins, the other says so, and goes on with it.
    const other = await context.newPage()
    await other.goto(page.url())
    await other.getByRole('button', { name: 'Start' }).waitFor()
    const held: (() => void)[] = []
    await context.route('**/start', async (route) => {
      await new Promise<void>((resolve) => {
        held.push(resolve)
        if (held.length === 2) for (const go of held) go()
      })
      await route.continue()
    })
    const answers = [page, other].map((tab) => tab.waitForResponse((response) => response.url().endsWith('/start')))
    for (const tab of [page, other]) await tab.getByRole('button', { name: 'Start' }).click()
    const statuses = await Promise.all(answers.map(async (answer) => (await answer).status()))
    expect(statuses.toSorted()).toEqual([200, 409])
    const late = statuses[0] === 409 ? page : other
    await late.getByRole('alert').filter({ hasText: 'You have started job' }).waitFor()
    for (const tab of [page, other]) await tab.getByText('You have this in hand').waitFor()
    await other.close()

    await page.getByRole('textbox', { name: 'Note' }).fill('Called them at noon')
    await page.getByRole('button', { name: 'Add note' }).click()
    await page.getByText('Called them at noon').first().waitFor()
    await page.getByLabel('Attach files').setInputFiles({ name: 'signed.txt', mimeType: 'text/plain', buffer: Buffer.from('signed') })
    await page.getByRole('link', { name: 'signed.txt' }).waitFor()
    await page.getByRole('textbox', { name: /^Result/ }).fill('Signed, see **signed.txt**')

    // Everything of the server is killed; what the person has in hand, and what they wrote, is there afterwards.
    await dashboard.server.kill()
    await dashboard.server.start()
    await page.reload()
    await page.getByText('You have this in hand').waitFor()
    expect(await page.getByRole('textbox', { name: /^Result/ }).inputValue()).toBe('Signed, see **signed.txt**')
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByRole('region', { name: 'Preview of the result' }).locator('strong', { hasText: 'signed.txt' }).waitFor()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByText(`Job ${String(job['id'])} is done.`).waitFor()
    await page.locator('strong', { hasText: 'signed.txt' }).waitFor()

    const shown = await dashboard.call('GET', `/api/v1/jobs/${String(job['id'])}`)
    expect(shown).toMatchObject({
      status: 'done',
      result: 'Signed, see **signed.txt**',
      output: 'Called them at noon\n',
      assigned_to: 'rosa',
    })
    const rows = await until(async () => {
      const { items } = await dashboard.call('GET', `/api/v1/audit?job_id=${String(job['id'])}&order=asc`)
      const found = Array.isArray(items) ? (items as { action: string; actor: { kind: string; name: string } }[]) : []
      return found.some((row) => row.action === 'job.complete') ? found : undefined
    }, 20_000)
    expect(rows.map((row) => `${row.action} ${row.actor.kind} ${row.actor.name}`)).toEqual([
      'job.dispatch member owner',
      'job.start member Rosa',
      'job.note member Rosa',
      'artifact.upload member Rosa',
      'job.complete member Rosa',
    ])
    expect(faults).toEqual([])
  }, 240_000)

  test('gives a job back, escalates and fails it, by keyboard, on a phone', async () => {
    const { page, faults } = await dashboard.open('/work', { key: rosa, viewport: { width: 390, height: 844 }, hasTouch: true })
    const job = await dispatch('Count the chairs')
    const ways = [
      ['Hand back', true],
      ['Escalate', false],
    ] as const
    for (const [way, handedBack] of ways) {
      await page.getByRole('link', { name: 'Count the chairs' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Start' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: way }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('textbox', { name: /^Reason/ }).fill('not today')
      await page.getByRole('button', { name: way }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: way }).waitFor({ state: 'detached' })
      if (handedBack)
        expect(await dashboard.call('GET', `/api/v1/jobs/${String(job['id'])}`)).toMatchObject({
          status: 'pending',
          error: { message: 'rosa handed it back: not today' },
        })
      await page.getByRole('link', { name: 'My work' }).first().click()
    }
    await page.getByText('Job 2: rosa asks another member to settle it').waitFor()
    const next = await dispatch('Count the tables')
    await page.getByRole('link', { name: 'Count the tables' }).click()
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByRole('button', { name: 'Failed' }).click()
    await page.getByRole('button', { name: 'Failed' }).click()
    await page.getByText('Enter a reason').waitFor()
    await page.getByRole('textbox', { name: /^Reason/ }).fill('There are none')
    await page.getByRole('button', { name: 'Failed' }).click()
    await page.getByText('is marked as failed').waitFor()
    expect(await dashboard.call('GET', `/api/v1/jobs/${String(next['id'])}`)).toMatchObject({
      status: 'failed',
      error: { message: 'There are none' },
    })
    expect(faults).toEqual([])
  }, 120_000)

  test('keeps a draft when the reins end a job, and says what happened', async () => {
    const { page, faults } = await dashboard.open('/work', { key: rosa })
    await dispatch('Water the plants')
    await page.getByRole('link', { name: 'Water the plants' }).click()
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByRole('textbox', { name: /^Result/ }).fill('half of them')
    await dashboard.call('POST', '/api/v1/killswitch', { level: 3, reason: 'drill' })
    await page.getByRole('heading', { name: 'Your draft' }).waitFor()
    await page.getByText('half of them').waitFor()
    await page.goto(`${dashboard.url}/my-work`)
    await page.getByText('The killswitch has stopped all work').waitFor()
    expect(new URL(page.url()).pathname).toBe('/work')
    await dashboard.call('DELETE', '/api/v1/killswitch?resume_all=true')
    await page.getByText('Taking jobs', { exact: true }).waitFor()
    expect(faults).toEqual([])
  }, 120_000)

  test('tells a viewer why there is nothing to press', async () => {
    const { page, faults } = await dashboard.open('/work', { key: await dashboard.memberKey('Vera', 'viewer') })
    await page.getByText('Viewers take no jobs').waitFor()
    expect(await page.getByRole('main').getByRole('button').count()).toBe(0)
    expect(faults).toEqual([])
  })
})
