/** Says that a person keeps schedules, settings, threads, workers and webhooks in order by clicking what is there, and that a viewer sees no button that fails. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, openDashboard, type Dashboard } from '../../support/dashboard.ts'

describe.skipIf(chromiumPath === undefined)('the dashboard', () => {
  let dashboard: Dashboard
  let token: string
  let workerId: string
  let owner: Page
  let faults: readonly string[]
  beforeAll(async () => {
    dashboard = await openDashboard()
    token = await dashboard.workerToken({ name: 'clerk', capabilities: [{ name: 'text.write', risk_tier: 'auto' }] })
    await dashboard.call('PUT', '/api/v1/presence', { instance: 'one', status: 'idle' }, token)
    const { items } = (await dashboard.call('GET', '/api/v1/workers')) as { items: { readonly worker_id: string }[] }
    workerId = items[0]?.worker_id ?? ''
    ;({ page: owner, faults } = await dashboard.open('/'))
  })
  afterAll(async () => {
    await dashboard?.close()
  })
  const go = (path: string) => owner.goto(dashboard.url + path)
  const dialog = () => owner.getByRole('dialog')

  test('makes a schedule with its next runs in view, runs, pauses, changes and deletes it', async () => {
    await go('/schedules')
    await owner.getByText('There is no schedule yet').waitFor()
    await owner.getByRole('link', { name: 'New schedule' }).click()
    await dialog().getByLabel('Name').fill('nightly report')
    await dialog().getByLabel('Cron expression').fill('0 3 * *')
    await dialog().getByText('is no cron expression of five fields').waitFor()
    await dialog().getByLabel('Cron expression').fill('30 2 * * MON-FRI')
    await dialog().getByLabel('Time zone').fill('Asia/Tokyo')
    const next = dialog().getByRole('region', { name: 'Next runs' })
    await next.getByText('At 02:30, from Monday to Friday').waitFor()
    await next
      .getByText(/02:30:00/)
      .nth(4)
      .waitFor()
    await dialog().getByLabel('Prompt').fill('Report on yesterday')
    await dialog().getByRole('button', { name: 'Make the schedule' }).click()
    const card = owner.getByRole('listitem').filter({ hasText: 'nightly report' })
    await card.getByText('30 2 * * MON-FRI').waitFor()
    await card.getByRole('button', { name: 'Run now' }).click()
    await card.getByText('by hand').waitFor()
    await card.getByRole('button', { name: 'Pause' }).click()
    await card.getByText('None while it is paused.').waitFor()
    await card.getByRole('link', { name: 'Edit' }).click()
    await dialog().getByLabel('When').selectOption('every')
    await dialog().getByLabel('Every', { exact: true }).fill('90')
    await dialog().getByLabel('Unit').selectOption('60')
    await dialog().getByRole('button', { name: 'Save' }).click()
    await card.getByText('Every 90 minutes').waitFor()
    await card.getByRole('button', { name: 'Delete' }).click()
    await dialog().getByRole('button', { name: 'Delete the schedule' }).click()
    await owner.getByText('There is no schedule yet').waitFor()
    expect(faults).toEqual([])
  })

  test('approves a schedule in advance, whole, and revokes that', async () => {
    await dashboard.workerToken({ name: 'deployer', capabilities: [{ name: 'deploy', risk_tier: 'approve' }] })
    const job = { prompt: 'Deploy what is ready', capability: 'deploy', when_offline: 'queue' }
    await dashboard.call('POST', '/api/v1/schedules', { name: 'weekly deploy', cron: '@weekly', job })
    const { page } = await dashboard.open('/schedules', { key: await dashboard.memberKey('Rosa', 'reviewer') })
    const card = page.getByRole('listitem').filter({ hasText: 'weekly deploy' })
    await card.getByRole('button', { name: 'Approve in advance' }).click()
    await page.getByRole('dialog').getByText('Deploy what is ready').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Approve its jobs' }).click()
    await card.getByText('until').waitFor()
    expect(await card.getByRole('button', { name: 'Approve in advance' }).count()).toBe(0)
    await card.getByRole('button', { name: 'Revoke' }).click()
    await card.getByText('by nobody').waitFor()
    await go('/schedules')
    await owner.getByRole('button', { name: 'Approve in advance' }).click()
    await dialog().getByRole('button', { name: 'Approve its jobs' }).click()
    await dialog().getByText('another member must approve it').waitFor()
    await dialog().getByRole('button', { name: 'Leave it' }).click()
    await owner.getByRole('listitem').filter({ hasText: 'weekly deploy' }).getByRole('button', { name: 'Delete' }).click()
    await dialog().getByRole('button', { name: 'Delete the schedule' }).click()
    await owner.getByText('There is no schedule yet').waitFor()
    expect(faults).toEqual([])
  })

  test('changes a setting of the tenant and goes back to its default; a viewer reads them and finds no button', async () => {
    await go('/settings?tab=tenant')
    const row = owner.getByRole('listitem').filter({ hasText: 'retention_days' })
    await row.getByRole('button', { name: 'Change' }).click()
    await row.getByRole('spinbutton', { name: 'retention_days' }).fill('0')
    await row.getByRole('button', { name: 'Save' }).click()
    await row.getByText('retention_days:').waitFor()
    await row.getByRole('spinbutton', { name: 'retention_days' }).fill('30')
    await row.getByRole('button', { name: 'Save' }).click()
    await row.getByText('by default 7').waitFor()
    const { page } = await dashboard.open('/settings?tab=tenant', { key: await dashboard.memberKey('Vera', 'viewer') })
    await page.getByText('by default 7').waitFor()
    expect(await page.getByRole('button', { name: /^Change/ }).count()).toBe(0)
    await page.goto(`${dashboard.url}/schedules`)
    await page.getByText('An operator or owner makes one.').waitFor()
    expect(await page.getByRole('main').getByRole('button').count()).toBe(0)
    await row.getByRole('button', { name: 'Change' }).click()
    await row.getByRole('button', { name: 'Back to the default' }).click()
    await row.getByText(', the default').waitFor()
    expect(faults).toEqual([])
  })

  test('finds a thread, renames, archives, aborts and deletes it', async () => {
    const dispatch = { prompt: 'Draft the letter', thread_id: 't-letter', capability: 'text.write' }
    await dashboard.call('POST', '/api/v1/dispatch', dispatch)
    await dashboard.call('POST', '/api/v1/dispatch', { prompt: 'Count the stamps', thread_id: 't-stamps' })
    await go('/threads')
    await owner.getByRole('list', { name: 'Threads' }).getByText('Count the stamps').waitFor()
    await owner.getByRole('searchbox', { name: 'Title or id' }).fill('letter')
    await owner.keyboard.press('Enter')
    await owner.getByText('Count the stamps').waitFor({ state: 'detached' })
    await owner.getByRole('link', { name: 'Draft the letter' }).click()
    await owner.getByRole('region', { name: 'Prompt: Draft the letter' }).waitFor()
    await owner.getByRole('button', { name: 'Rename' }).click()
    await dialog().getByLabel('Title').fill('Letter to the bank')
    await dialog().getByRole('button', { name: 'Rename' }).click()
    await owner.getByRole('heading', { level: 1, name: 'Letter to the bank' }).waitFor()
    await owner.getByRole('button', { name: 'Archive' }).click()
    await owner.getByRole('button', { name: 'Restore' }).waitFor()
    await go('/threads?show=archived')
    await owner.getByRole('link', { name: 'Letter to the bank' }).click()
    await owner.getByRole('button', { name: 'Abort thread' }).click()
    await dialog().getByRole('button', { name: 'Abort 1 job' }).click()
    await owner.getByText('1 job aborted.').waitFor()
    await owner.getByRole('button', { name: 'Delete' }).click()
    await dialog().getByRole('button', { name: 'Delete 1 job' }).click()
    await owner.getByRole('heading', { level: 1, name: 'Threads' }).waitFor()
    expect(await owner.getByText('Letter to the bank').count()).toBe(0)
    expect(faults).toEqual([])
  })

  test('gives a job whose worker was revoked to any other', async () => {
    await dashboard.workerToken({ name: 'temp' })
    const { id } = await dashboard.call('POST', '/api/v1/dispatch', { prompt: 'Fold it', target: 'temp', when_offline: 'queue' })
    const { items } = (await dashboard.call('GET', '/api/v1/workers')) as { items: { readonly name: string; readonly worker_id: string }[] }
    await dashboard.call('DELETE', `/api/v1/workers/${items.find(({ name }) => name === 'temp')?.worker_id}`)
    await go(`/jobs/${String(id)}`)
    await owner.getByText('temp, its target, was revoked before it started').waitFor()
    await owner.getByRole('button', { name: 'Retry with any worker' }).click()
    await owner.getByText(`Job ${String(id)} gets a new attempt.`).waitFor()
    expect(await dashboard.call('GET', `/jobs/${String(id)}`)).toMatchObject({ status: 'pending', target: null })
    await dashboard.call('POST', `/api/v1/jobs/${String(id)}/abort`, {})
    expect(faults).toEqual([])
  })

  test('offers a parked worker work again, and closes its circuit breaker', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString()
    await dashboard.call('PUT', '/api/v1/presence', { instance: 'one', status: 'idle', parked_until: until }, token)
    await go(`/workers/${workerId}`)
    await owner.getByText('Parked: its account is out of quota').waitFor()
    await owner.getByRole('button', { name: 'Offer it work now' }).click()
    await owner.getByText('Parked: its account').waitFor({ state: 'detached' })

    await dashboard.call('POST', '/api/v1/dispatch', { prompt: 'Stamp it', target: 'clerk', max_attempts: 1 })
    const poll = (await dashboard.call('POST', '/api/v1/claims', { max: 5 }, token)) as {
      offers: { readonly job: { readonly id: number }; readonly lease: { readonly token: string } }[]
    }
    for (const { job, lease } of poll.offers) {
      await dashboard.call('POST', `/api/v1/claims/${job.id}/start`, {}, lease.token)
      const error = { type: 'spawn_failed', message: 'no such program', retryable: false }
      await dashboard.call('POST', `/api/v1/claims/${job.id}/fail`, { error }, lease.token)
    }
    await owner.getByText('Its circuit breaker is open').waitFor()
    const { id } = await dashboard.call('POST', '/api/v1/dispatch', { prompt: 'Stamp that', target: 'clerk', when_offline: 'queue' })
    await go(`/jobs/${String(id)}`)
    await owner.getByRole('button', { name: 'Close its breaker' }).waitFor()
    await go(`/workers/${workerId}`)
    await owner.getByRole('button', { name: 'Close the breaker' }).click()
    await owner.getByText('Its circuit breaker').waitFor({ state: 'detached' })
    expect(faults).toEqual([])
  })

  test('sends a delivery of a webhook again', async () => {
    await dashboard.call('POST', '/api/v1/webhooks', { url: 'https://example.com/hooks', events: ['review.created'] })
    await dashboard.call('POST', '/api/v1/reviews', { title: 'Look at this', content: 'please' })
    await go('/settings?tab=webhooks')
    await owner.getByRole('button', { name: 'Deliveries' }).click()
    await owner.getByText(/1 try/).waitFor()
    await owner.getByRole('button', { name: 'Send again' }).click()
    await owner.getByText(/2 tries/).waitFor()
    expect(faults).toEqual([])
  })
})
