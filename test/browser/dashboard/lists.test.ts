/** Says that a person finds, keeps and handles many jobs, workers and reviews at once by clicking what is there. */
import { digestWords } from '@modelreins/contract'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorker } from '../../support/answering-worker.ts'
import { chromiumPath, openDashboard, type Dashboard } from '../../support/dashboard.ts'

describe.skipIf(chromiumPath === undefined)('the dashboard', () => {
  let dashboard: Dashboard
  let owner: Page
  let faults: readonly string[]
  beforeAll(async () => {
    dashboard = await openDashboard()
    ;({ page: owner, faults } = await dashboard.open('/'))
  })
  afterAll(async () => {
    await dashboard?.close()
  })
  const go = (path: string) => owner.goto(dashboard.url + path)
  const dialog = () => owner.getByRole('dialog')

  test('keeps a filter as a view: saved, renamed, found in the palette and after a reload, removed', async () => {
    await dashboard.workerToken({ name: 'clerk', capabilities: [{ name: 'text.write', risk_tier: 'auto' }] })
    const jobs = Array.from({ length: 6 }, (_, index) => ({
      prompt: `Letter ${index + 1}`,
      when_offline: 'queue',
      thread_id: index < 4 ? 't-letters' : 't-other',
    }))
    await dashboard.call('POST', '/api/v1/dispatch/batch', { jobs })
    await go('/jobs')
    await owner.getByRole('link', { name: 'Queued 6' }).waitFor()
    await owner.getByRole('searchbox', { name: 'Filter' }).fill('thread:t-letters')
    await owner.keyboard.press('Enter')
    await owner.getByText('4 shown').waitFor()
    await owner.getByRole('button', { name: 'Save view...' }).click()
    await dialog().getByRole('button', { name: 'Save' }).click()
    await dialog().getByText('Give the view a name.').waitFor()
    await dialog().getByLabel('Name').fill('Letters')
    await dialog().getByRole('button', { name: 'Save' }).click()
    await owner.getByRole('button', { name: 'Rename view...' }).click()
    await dialog().getByLabel('Name').fill('All letters')
    await dialog().getByRole('button', { name: 'Rename' }).click()
    await owner.getByRole('navigation', { name: 'Saved views' }).getByRole('link', { name: 'All letters' }).waitFor()
    await go('/jobs')
    await owner.getByText('6 shown').waitFor()
    await owner.keyboard.press('Control+k')
    await owner.getByRole('combobox', { name: 'Command' }).fill('all letters')
    await owner.keyboard.press('Enter')
    await owner.getByText('4 shown').waitFor()
    expect(await owner.getByRole('searchbox', { name: 'Filter' }).inputValue()).toBe('thread:t-letters')
    await owner.reload()
    await owner
      .getByRole('navigation', { name: 'Saved views' })
      .getByRole('link', { name: 'All letters' })
      .and(owner.locator('[aria-current=page]'))
      .waitFor()
    await owner.getByRole('button', { name: 'Remove view' }).click()
    await owner.getByRole('button', { name: 'Save view...' }).waitFor()
    expect(faults).toEqual([])
  })

  test('selects a range, and all that match, and names the count in the button', async () => {
    await go('/jobs')
    await owner.getByRole('checkbox', { name: 'Select job 2', exact: true }).click()
    await owner.getByRole('checkbox', { name: 'Select job 4', exact: true }).click({ modifiers: ['Shift'] })
    await owner.getByText('3 jobs selected').waitFor()
    await owner.getByRole('button', { name: 'Abort...' }).click()
    await dialog().getByLabel('Reason').fill('not needed')
    await dialog().getByRole('button', { name: 'Abort 3 jobs' }).click()
    await owner.getByText('3 jobs aborted.').waitFor()
    expect(await dashboard.call('GET', '/api/v1/jobs/3')).toMatchObject({ error: { message: 'Aborted by owner: not needed' } })

    await owner.getByRole('checkbox', { name: 'Select job 1', exact: true }).click()
    await owner.getByRole('checkbox', { name: 'Select job 3', exact: true }).click({ modifiers: ['Shift'] })
    await owner.getByRole('button', { name: 'Abort...' }).click()
    await dialog().getByText('2 of the 3 cannot be aborted').waitFor()
    await dialog().getByRole('button', { name: 'Leave them' }).click()
    await owner.getByRole('button', { name: 'Select all that match' }).click()
    await owner.getByRole('button', { name: 'Retry...' }).click()
    await dialog().getByRole('button', { name: 'Retry 3 jobs' }).click()
    await owner.getByText('3 jobs queued again.').waitFor()
    await dialog().waitFor({ state: 'detached' })
    await owner.getByRole('link', { name: 'Queued 6' }).waitFor()
    await owner.getByRole('searchbox', { name: 'Filter' }).fill('#5')
    await owner.keyboard.press('Enter')
    await owner.getByRole('heading', { level: 1, name: 'Job 5' }).waitFor()
    expect(faults).toEqual([])
  })

  test('decides several reviews at once, but for the irreversible one, and says a digest in words', async () => {
    const ask = (title: string, more: Readonly<Record<string, unknown>> = {}) =>
      dashboard.call('POST', '/api/v1/reviews', { title, content: `Content of ${title}`, ...more })
    const first = await ask('Draft one')
    for (const title of ['Draft two', 'Draft three']) await ask(title, { type: 'draft' })
    await ask('Draft for ever', { irreversible: true })
    const { page, faults: hers } = await dashboard.open('/reviews/1', { key: await dashboard.memberKey('Rosa', 'reviewer') })
    const words = digestWords(String(first['digest'])) ?? ''
    await page.getByLabel('Digest in words').getByText(words).waitFor()
    expect(await page.getByRole('checkbox', { name: 'Select review 4' }).isDisabled()).toBe(true)
    await page.getByRole('searchbox', { name: 'Filter reviews' }).fill('draft two')
    await page.getByRole('listitem').filter({ hasText: 'Draft three' }).waitFor({ state: 'detached' })
    await page.getByRole('checkbox', { name: 'Select review 2' }).check()
    await page.getByRole('searchbox', { name: 'Filter reviews' }).fill('draft')
    await page.getByRole('checkbox', { name: 'Select review 3' }).check()
    await page.getByRole('button', { name: 'Deny...' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Deny 2 reviews' }).click()
    await page.getByRole('dialog').getByText('Enter a reason').waitFor()
    await page.getByRole('dialog').getByLabel('Reason, for all of them').fill('Say it shorter')
    await page.getByRole('dialog').getByText('What is asked').first().click()
    await page.getByRole('dialog').getByText('Content of Draft').first().waitFor()
    // One of them moves on while the dialog is open: it is named, the other is decided.
    await dashboard.call('POST', '/api/v1/reviews/3/decide', {
      verdict: 'deny',
      comment: 'I was first',
      digest: (await dashboard.call('GET', '/api/v1/reviews/3'))['digest'],
    })
    await page.getByRole('dialog').getByRole('button', { name: 'Deny 2 reviews' }).click()
    await page.getByRole('dialog').getByText('1 review left as it was').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Back to the list' }).click()
    expect(await dashboard.call('GET', '/api/v1/reviews/2')).toMatchObject({ status: 'denied', decisions: [{ comment: 'Say it shorter' }] })
    await page.goto(`${dashboard.url}/reviews/3?show=settled`)
    await page.getByRole('heading', { name: 'Earlier ones of this kind' }).waitFor()
    await page.getByText('Say it shorter').waitFor()
    expect(hers).toEqual([])
  })

  test('groups workers by machine, says when one was there, and changes its configuration', async () => {
    const token = await dashboard.workerToken({ name: 'typist', capabilities: [] })
    const worker = await startWorker(dashboard.server.url, token, 'typist', async () => 'typed', { machine: 'press-room' })
    await go('/workers')
    await owner.getByRole('checkbox', { name: 'Group by machine' }).check()
    await owner.getByText('press-room').waitFor()
    await owner.getByText('1 worker, 1 there, 0 of 1 slot busy').waitFor()
    await owner.getByRole('link', { name: 'typist' }).click()
    await owner.getByRole('img', { name: /^Connected for .* of the last 24 hours/ }).waitFor()
    await owner.getByRole('button', { name: 'Edit configuration' }).click()
    await owner.getByLabel('Slots').fill('0')
    await owner.getByRole('button', { name: 'Save configuration' }).click()
    await owner.getByText('config.slots').waitFor()
    await owner.getByLabel('Slots').fill('3')
    await owner.getByLabel('Tags').fill('night, print')
    await owner.getByRole('button', { name: 'Save configuration' }).click()
    await owner.getByText('applied', { exact: true }).waitFor()
    await owner.getByText('0 of 3 slots').waitFor()
    await worker.stop()
    expect(faults).toEqual([])
  })

  test('looks at the whole tenant and says that everything holds; a viewer is not offered it', async () => {
    await go('/settings?tab=diagnostics')
    await owner.getByText('All invariants hold').waitFor()
    expect(await owner.getByRole('list', { name: 'What must always hold' }).getByText('holds', { exact: true }).count()).toBe(8)
    await owner.getByRole('button', { name: 'Look again' }).click()
    await owner.getByRole('link', { name: 'Policies' }).click()
    await owner.getByRole('button', { name: 'Change the policy of text.write' }).click()
    await owner.getByLabel('Approvals needed').fill('2')
    await owner.getByLabel('Every decision must be signed with a passkey').check()
    await owner.getByRole('button', { name: 'Save' }).click()
    await owner.getByText('2 approvals; signed with a passkey.').waitFor()
    await owner.getByRole('link', { name: 'Set-up' }).click()
    await owner.getByRole('heading', { name: 'An editor task' }).waitFor()
    const { page } = await dashboard.open('/settings?tab=setup', { key: await dashboard.memberKey('Vera', 'viewer') })
    await page.getByText('An owner adds a member for your program').waitFor()
    expect(await page.getByRole('link', { name: 'Diagnostics' }).count()).toBe(0)
    expect(faults).toEqual([])
  })

  test('opens an audit row that the filter leaves out, and checks the signatures of heads', async () => {
    const jobs = Array.from({ length: 260 }, (_, index) => ({ prompt: `Count ${index}`, when_offline: 'queue' }))
    await dashboard.call('POST', '/api/v1/dispatch/batch', { jobs })
    await go('/audit?action=tenant.suspend&row=1')
    await owner.getByText('No row matches').waitFor()
    await dialog().getByText('Its hash, computed in this browser, fits.').waitFor()
    await dialog().getByRole('button', { name: 'Close' }).click()
    await owner.getByRole('list', { name: 'Signed heads' }).getByText('signature holds').first().waitFor()
    await owner.getByLabel('Since').fill('2026-01-01T00:00')
    await owner.getByRole('button', { name: 'Filter' }).click()
    await owner.getByRole('link', { name: 'Export this period' }).waitFor()
    expect(faults).toEqual([])
  })
})
