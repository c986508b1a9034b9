/** Says that a reviewer signs a decision with their passkey by clicking or pressing what is there, and that the dashboard checks it. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyAudit } from '../../../worker-sdk/src/audit/verify.ts'
import { startWorker, type AnsweringWorker } from '../../support/answering-worker.ts'
import { chromiumPath, openDashboard, type Dashboard } from '../../support/dashboard.ts'

describe.skipIf(chromiumPath === undefined)('a decision signed with a passkey', () => {
  let dashboard: Dashboard
  let worker: AnsweringWorker
  let rosa: string
  beforeAll(async () => {
    dashboard = await openDashboard()
    const policy = { signed: 'required' }
    const capabilities = [
      { name: 'deploy', risk_tier: 'approve', policy },
      { name: 'mail', risk_tier: 'approve' },
    ]
    const token = await dashboard.workerToken({ name: 'deployer', capabilities })
    worker = await startWorker(dashboard.server.url, token, 'deployer', async () => 'shipped')
    rosa = await dashboard.memberKey('Rosa', 'reviewer')
  })
  afterAll(async () => {
    await worker?.stop()
    await dashboard?.close()
  })

  const newReview = async (capability: string): Promise<number> =>
    Number((await dashboard.call('POST', '/api/v1/dispatch', { prompt: `Do ${capability}.`, capability, target: 'deployer' }))['review_id'])

  /** A device with a built-in authenticator whose owner is there and verified. */
  async function withAuthenticator(page: Page): Promise<void> {
    const session = await page.context().newCDPSession(page)
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
  }

  test('is asked for where the policy demands it, on a phone too, shown once it is checked, and verifies offline', async () => {
    const first = await newReview('deploy')
    const { page, faults } = await dashboard.open(`/reviews/${first}`, { key: rosa, viewport: { width: 390, height: 844 } })
    await withAuthenticator(page)
    await page.getByText('This decision must be signed with a passkey').waitFor()
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
    await page.getByRole('link', { name: 'Add a passkey' }).click()
    await page.getByLabel('Name of the passkey').fill('phone')
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByText('Fingerprint', { exact: true }).waitFor()
    await page.goto(`${dashboard.url}/reviews/${first}`)
    await page.getByText('your passkey is asked when you decide').waitFor()
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByText(`Review ${first} is approved, signed with your passkey.`).waitFor()
    await page.goto(`${dashboard.url}/reviews/${first}?show=settled`)
    await page.getByText('signed by Rosa’s passkey phone').waitFor()
    await page.getByText('Checked in this browser.').waitFor()

    const second = await newReview('deploy')
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.goto(`${dashboard.url}/reviews/${second}`)
    await page.getByText('your passkey is asked when you decide').waitFor()
    await page.keyboard.press('d')
    await page.getByRole('textbox', { name: /^Comment/ }).fill('Not on a Friday.')
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByText(`Review ${second} is denied, signed with your passkey.`).waitFor()

    const third = await newReview('deploy')
    await page.goto(`${dashboard.url}/reviews/${third}`)
    await page.getByText('your passkey is asked when you decide').waitFor()
    await page.keyboard.press('e')
    const field = page.getByRole('textbox', { name: 'What is to run instead (JSON)' })
    await field.fill((await field.inputValue()).replace('Do deploy.', 'Deploy on Monday.'))
    await page.getByRole('button', { name: 'Approve the edit' }).click()
    await page.getByText(`Review ${third} is edited, signed with your passkey.`).waitFor()

    await page.goto(`${dashboard.url}/audit?action=review.edit`)
    await page.getByRole('row').filter({ hasText: 'review.edit' }).getByRole('link').click()
    await page.getByRole('dialog').getByText('signed by Rosa’s passkey phone').waitFor()
    await page.goto(`${dashboard.url}/audit`)
    await page.getByRole('button', { name: 'Verify in this browser' }).click()
    await page.getByRole('list', { name: 'Signed decisions' }).getByText('Rosa’s passkey phone').waitFor()
    expect(faults).toEqual([])

    const file = await fetch(`${dashboard.server.url}/api/v1/audit/export`, {
      headers: { authorization: `Bearer ${dashboard.server.ownerKey}` },
    })
    expect(await verifyAudit([await file.text()])).toMatchObject({
      ok: true,
      passkeys: [{ name: 'phone', member: 'Rosa', decisions: 3, pinned: 'registered' }],
    })
  }, 120_000)

  test('is a choice that is remembered where the policy leaves it', async () => {
    const [first, second] = [await newReview('mail'), await newReview('mail')]
    const key = await dashboard.memberKey('Olga', 'reviewer')
    const { page, faults } = await dashboard.open('/settings?tab=sign-in', { key })
    await withAuthenticator(page)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByText('Fingerprint', { exact: true }).waitFor()
    await page.goto(`${dashboard.url}/reviews/${first}`)
    await page.getByRole('checkbox', { name: 'Sign with my passkey' }).check()
    await page.keyboard.press('a')
    await page.getByText(`Review ${first} is approved, signed with your passkey.`).waitFor()
    await page.goto(`${dashboard.url}/reviews/${second}`)
    const box = page.getByRole('checkbox', { name: 'Sign with my passkey' })
    await box.waitFor()
    expect(await box.isChecked()).toBe(true)
    await box.uncheck()
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByText(`Review ${second} is approved.`).waitFor()
    expect(faults).toEqual([])
  }, 60_000)
})
