/** Says that every screen can be used by everybody: axe finds nothing, in both themes, on a phone and on a desk; nothing scrolls sideways. */
import { AxeBuilder } from '@axe-core/playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, openDashboard, type Dashboard } from '../../support/dashboard.ts'
import { livedIn, type LivedIn } from '../../support/lived-in.ts'

const screens = [
  ['/', 'Home'],
  ['/chat?thread=t-release', 'Chat'],
  ['/chat?thread=t-release&compare=7-8', 'Chat'],
  ['/jobs', 'Jobs'],
  ['/jobs/1', 'Job 1'],
  ['/jobs/4', 'Job 4'],
  ['/jobs/6', 'Job 6'],
  ['/reviews', 'Reviews'],
  ['/reviews/1', 'Reviews'],
  ['/workers?group=machine', 'Workers'],
  ['/work', 'My work'],
  ['/schedules', 'Schedules'],
  ['/schedules?edit=new', 'Schedules'],
  ['/threads', 'Threads'],
  ['/threads/t-release', 'Summarise the release notes of version 3'],
  ['/workers/register', 'Register worker'],
  ['/killswitch?level=3', 'Killswitch'],
  ['/audit', 'Audit'],
  ['/audit?row=3', 'Audit'],
  ['/settings', 'Settings'],
  ['/settings?tab=sign-in', 'Settings'],
  ['/settings?tab=notifications', 'Settings'],
  ['/settings?tab=grants', 'Settings'],
  ['/settings?tab=tenant', 'Settings'],
  ['/settings?tab=webhooks', 'Settings'],
  ['/settings?tab=policies', 'Settings'],
  ['/settings?tab=setup', 'Settings'],
  ['/settings?tab=diagnostics', 'Settings'],
] as const

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

describe.skipIf(chromiumPath === undefined)('every screen', () => {
  let dashboard: Dashboard
  let tenant: LivedIn
  /** A job in hand, and one on offer. */
  const persons: (readonly [string, string])[] = []
  const workers: (readonly [string, string])[] = []
  beforeAll(async () => {
    dashboard = await openDashboard()
    tenant = await livedIn(dashboard)
    const { items } = (await dashboard.call('GET', '/api/v1/workers')) as { items: { readonly worker_id: string; readonly name: string }[] }
    for (const { worker_id, name } of items.slice(0, 1)) workers.push([`/workers/${worker_id}`, name])
    await dashboard.call('POST', '/api/v1/work/join', { name: 'olga', capabilities: [{ name: 'contract.sign', risk_tier: 'audit' }] })
    for (const prompt of ['Sign the **contract** with Ada', 'Count the chairs in the hall']) {
      const { id } = await dashboard.call('POST', '/api/v1/dispatch', {
        prompt,
        capability: 'contract.sign',
        thread_id: 't-release',
        context: 'thread',
      })
      persons.push([`/work/${String(id)}`, `Job ${String(id)}`])
    }
    await dashboard.call('POST', `/api${persons[0]?.[0].replace('/work', '/v1/work') ?? ''}/start`, {})
  })
  afterAll(async () => {
    await tenant?.stop()
    await dashboard?.close()
  })

  // One load per screen; layout decides at each width, colours in each theme: what depends on neither is checked once per width.
  test('has no fault that axe finds, 390 and 1280 pixels wide, light and dark', async () => {
    const { page, faults } = await dashboard.open('/', { colorScheme: 'light', viewport: { width: 1280, height: 844 } })
    const found: string[] = []
    const inspect = async (what: string, axe: AxeBuilder): Promise<void> => {
      // Everything is in this frame, so no page needs to be opened to put results of several together.
      const { violations } = await axe.setLegacyMode(true).analyze()
      for (const violation of violations)
        found.push(`${what}: ${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`)
    }
    for (const [path, title] of [...screens, ...persons, ...workers]) {
      await page.goto(dashboard.url + path)
      await page.getByRole('heading', { level: 1, name: title }).waitFor()
      await page.locator('[aria-label$=": loading"]').first().waitFor({ state: 'detached' })
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 844 })
        await inspect(`${path}, ${width}`, new AxeBuilder({ page }).withTags(rules))
        await page.emulateMedia({ colorScheme: 'dark' })
        await inspect(`${path}, ${width}, dark`, new AxeBuilder({ page }).withRules(['color-contrast', 'link-in-text-block']))
        await page.emulateMedia({ colorScheme: 'light' })
        const wide = Number(await page.evaluate('document.documentElement.scrollWidth'))
        if (wide > width) found.push(`${path} is ${wide} pixels wide`)
      }
      await page.setViewportSize({ width: 1280, height: 844 })
    }
    expect(found).toEqual([])
    expect(faults).toEqual([])
  }, 300_000)

  test('signs in without a fault that axe finds', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await dashboard.visit('/', { colorScheme, viewport: { width: 390, height: 844 } })
      await page.getByRole('button', { name: 'Use a passkey' }).waitFor()
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.map((violation) => violation.id)).toEqual([])
    }
  })
})
