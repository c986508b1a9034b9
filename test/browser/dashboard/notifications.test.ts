/** Says that a person is told on their device what waits for them, from the button in Settings to the page that a click leads to. */
import type { DeviceNotice } from '@modelreins/contract'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, openDashboard, type Dashboard } from '../../support/dashboard.ts'
import { deliverPush, startPushService, type PushService } from '../../support/push-service.ts'
import { vapidClaims } from '../../support/push-receiver.ts'
import { until } from '../../support/until.ts'

interface Shown {
  readonly title: string
  readonly body: string
  readonly tag: string
  readonly silent: boolean | null
}

describe.skipIf(chromiumPath === undefined)('notifications', () => {
  let service: PushService
  let dashboard: Dashboard
  let rosa: string
  let page: Page
  let context: BrowserContext
  let faults: readonly string[]
  beforeAll(async () => {
    service = await startPushService()
    process.env['MODELREINS_ALLOW_HOSTS'] = service.host
    dashboard = await openDashboard()
    rosa = await dashboard.memberKey('Rosa', 'reviewer')
    await dashboard.workerToken({ name: 'deployer', capabilities: [{ name: 'deploy', risk_tier: 'approve' }] })
  })
  afterAll(async () => {
    delete process.env['MODELREINS_ALLOW_HOSTS']
    await dashboard?.close()
    await service?.close()
  })

  const newReview = async (): Promise<number> => {
    const job = { prompt: 'The secret plan', capability: 'deploy', when_offline: 'queue' }
    return Number((await dashboard.call('POST', '/api/v1/dispatch', job))['review_id'])
  }
  const shown = async (): Promise<readonly Shown[]> =>
    JSON.parse(
      String(
        await page.evaluate(`navigator.serviceWorker.getRegistration('/dashboard/')
          .then((registration) => registration?.getNotifications() ?? [])
          .then((found) => JSON.stringify(found.map(({ title, body, tag, silent }) => ({ title, body, tag, silent }))))`),
      ),
    )

  /**
   * A click on the one notification, as the real service worker gets it. No protocol clicks what the system shows, and only a real click may focus or
   * open a window: those two are recorded.
   */
  async function click(): Promise<readonly string[]> {
    const [worker] = context.serviceWorkers()
    if (worker === undefined) throw new Error('no service worker')
    return worker.evaluate(async () => {
      const scope = globalThis as unknown as {
        registration: { getNotifications(): Promise<object[]> }
        clients: { openWindow(url: string): Promise<null> }
        WindowClient: { prototype: { focus(): Promise<unknown>; url: string } }
        NotificationEvent: new (type: string, init: object) => Event
        dispatchEvent(event: Event): boolean
      }
      const done: string[] = []
      scope.clients.openWindow = async (url) => (done.push(`opened ${new URL(url).pathname}`), null)
      scope.WindowClient.prototype.focus = async function (this: { url: string }) {
        done.push(`focused ${new URL(this.url).pathname}`)
        return this
      }
      const [notification] = await scope.registration.getNotifications()
      const event = new scope.NotificationEvent('notificationclick', { notification })
      const waits: Promise<unknown>[] = []
      Object.defineProperty(event, 'waitUntil', { value: (wait: Promise<unknown>) => waits.push(wait) })
      scope.dispatchEvent(event)
      await Promise.all(waits)
      return done
    })
  }

  test('are turned on by one button, tested, and listed with how the message fared', async () => {
    ;({ page, context, faults } = await dashboard.visit('/settings?tab=notifications', { permissions: ['notifications'] }))
    await service.standIn(context)
    await page.reload()
    await page.getByLabel('Key or one-time link').fill(rosa)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('None yet. Open this page').waitFor()
    await page.getByRole('button', { name: 'Notify me on this device' }).click()
    await page.getByText('You are notified on this device, ').waitFor()
    const row = page.getByRole('list', { name: 'Devices' }).getByRole('listitem')
    await row.getByText('this device').waitFor()
    await row.getByText('Nothing was sent yet.').waitFor()
    await page.getByRole('button', { name: 'Send a test notification' }).click()
    await row.getByText('The last message was taken').waitFor()
    const [push] = await service.arrived(1)
    const { public_key } = await dashboard.call('GET', '/api/v1/devices/key', undefined, rosa)
    expect(await vapidClaims(push?.headers.authorization ?? '', String(public_key))).toMatchObject({ aud: `http://${service.host}` })
    await deliverPush(page, dashboard.url, push?.text ?? '')
    await until(async () => ((await shown()).length === 1 ? true : undefined), 20_000)
    expect(await shown()).toMatchObject([
      { title: 'Notifications reach this device', body: `For Rosa in ${dashboard.server.tenant}`, tag: 'test' },
    ])
    expect(await click()).toEqual(['focused /settings'])
  })

  test('bring a review to a closed phone, and a click brings its reader to the very review', async () => {
    const before = service.received.length
    const review = await newReview()
    const push = (await service.arrived(before + 1)).at(-1)
    const notice = JSON.parse(push?.text ?? '') as DeviceNotice
    expect(notice).toMatchObject({ title: 'A review waits for your decision', path: `/reviews/${review}`, quiet: false })
    expect(push?.text).not.toMatch(/secret|deploy/)
    await deliverPush(page, dashboard.url, push?.text ?? '')
    await until(async () => ((await shown()).some((one) => one.tag === 'reviews') ? true : undefined), 20_000)
    // An open dashboard goes there.
    expect(await click()).toEqual(['focused /settings'])
    await page.getByRole('button', { name: 'Approve' }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/reviews/${review}`)
    expect(await shown()).toEqual([])
    // Decided elsewhere, what a device shows is replaced without a sound: that this is sent, and when, is said where time moves by hand.
    await deliverPush(page, dashboard.url, push?.text ?? '')
    const over = { ...notice, title: 'No review waits for your decision any more', path: '/reviews', quiet: true }
    await deliverPush(page, dashboard.url, JSON.stringify(over))
    await until(async () => ((await shown())[0]?.silent === true ? true : undefined), 20_000)
    expect(await shown()).toMatchObject([{ title: over.title, tag: 'reviews' }])
  }, 60_000)

  test('lead through the sign-in when the session has ended, and end with a sign-out', async () => {
    const review = await newReview()
    await page.goto(`${dashboard.url}/docs/problems`)
    await deliverPush(
      page,
      dashboard.url,
      JSON.stringify({ tag: 'reviews', title: 'A review waits', body: '', path: `/reviews/${review}`, quiet: false }),
    )
    await until(async () => ((await shown())[0]?.silent === false ? true : undefined), 20_000)
    // No dashboard is open: one is opened.
    expect(await click()).toEqual([`opened /reviews/${review}`])
    await page.evaluate(async () => fetch('/api/v1/sessions/current', { method: 'DELETE', headers: { 'x-modelreins-request': '1' } }))
    expect(await dashboard.call('GET', '/api/v1/devices', undefined, rosa)).toMatchObject({ items: [] })
    await page.goto(`${dashboard.url}/reviews/${review}`)
    await page.getByLabel('Key or one-time link').fill(rosa)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('button', { name: 'Approve' }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/reviews/${review}`)
    // The subscription that the server knows no more has ended in the browser too, and is not made anew by itself.
    await until(async () => ((await page.evaluate(() => localStorage.getItem('test.subscription'))) === null ? true : undefined), 20_000)
    await page.goto(`${dashboard.url}/settings?tab=notifications`)
    await page.getByRole('button', { name: 'Notify me on this device' }).waitFor()
    expect(faults).toEqual([])
  }, 60_000)

  test('go on after a session that grew old, and stop where they are removed from another browser', async () => {
    await page.getByRole('button', { name: 'Notify me on this device' }).click()
    await page.getByText('You are notified on this device').waitFor()
    // The cookie is gone, the session was not ended: as after a night.
    await context.clearCookies()
    await page.goto(`${dashboard.url}/settings?tab=notifications`)
    await page.getByLabel('Key or one-time link').fill(rosa)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('You are notified on this device').waitFor()
    const { items } = (await dashboard.call('GET', '/api/v1/devices', undefined, rosa)) as { items: { device_id: string }[] }
    expect(items).toHaveLength(1)
    await dashboard.call('DELETE', `/api/v1/devices/${items[0]?.device_id ?? ''}`, undefined, rosa)
    await page.getByRole('button', { name: 'Notify me on this device' }).waitFor()
    expect(faults).toEqual([])
  }, 60_000)

  test('say in plain words what stands in the way', async () => {
    const { page: blocked, context: refusing, faults: none } = await dashboard.open('/', { key: rosa })
    await refusing.addInitScript({ content: "Object.defineProperty(Notification, 'permission', { get: () => 'denied' })" })
    await blocked.goto(`${dashboard.url}/settings?tab=notifications`)
    await blocked.getByText('Notifications are blocked in this browser').waitFor()
    const iPhone =
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'
    const phone = await dashboard.visit('/', { userAgent: iPhone, viewport: { width: 390, height: 844 } })
    await phone.context.addInitScript({ content: 'delete window.PushManager' })
    await phone.page.goto(`${dashboard.url}/settings?tab=notifications`)
    await phone.page.getByLabel('Key or one-time link').fill(rosa)
    await phone.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await phone.page.getByText('Add ModelReins to the home screen first').waitFor()
    const viewer = await dashboard.open('/settings?tab=notifications', { key: await dashboard.memberKey('Vera', 'viewer') })
    await viewer.page.getByText('viewers decide no reviews and take no jobs').waitFor()
    expect([...none, ...phone.faults, ...viewer.faults]).toEqual([])
  }, 60_000)
})
