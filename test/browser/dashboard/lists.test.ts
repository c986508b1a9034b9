/** Says that a person finds, keeps and handles many jobs, workers and reviews at once by clicking what is there. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
    await owner.getByRole('link', { name: 'Queued 6' }).waitFor()
    await owner.getByRole('searchbox', { name: 'Filter' }).fill('#5')
    await owner.keyboard.press('Enter')
    await owner.getByRole('heading', { level: 1, name: 'Job 5' }).waitFor()
    expect(faults).toEqual([])
  })
})
