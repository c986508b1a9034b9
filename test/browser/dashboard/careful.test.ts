/** Says that the dashboard puts the focus where one goes on, moves nothing under the pointer, loses no typed text, and says what cannot be before it is sent. */
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorker, type AnsweringWorker } from '../../support/answering-worker.ts'
import { chromiumPath, openDashboard, type Dashboard } from '../../support/dashboard.ts'
import { until } from '../../support/until.ts'

/** Of the command that names a provider, the words of which a part stands on another line. */
const wordsOnTwoLines = `(() => {
  const pre = [...document.querySelectorAll('pre')].find((one) => one.textContent.includes('--provider'))
  const walker = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT)
  const words = []
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
    for (const match of node.textContent.matchAll(/\\S+/g)) {
      const range = document.createRange()
      range.setStart(node, match.index)
      range.setEnd(node, match.index + match[0].length)
      if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) words.push(match[0])
    }
  return words
})()`

describe.skipIf(chromiumPath === undefined)('the dashboard', () => {
  let dashboard: Dashboard
  let owner: Page
  let faults: readonly string[]
  const workers: AnsweringWorker[] = []
  beforeAll(async () => {
    dashboard = await openDashboard()
    for (const name of ['anna', 'bert', 'cleo']) {
      const token = await dashboard.workerToken({ name })
      workers.push(await startWorker(dashboard.server.url, token, name, async () => `answer of ${name}`))
    }
    ;({ page: owner, faults } = await dashboard.open('/'))
  })
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()))
    await dashboard?.close()
  })
  const go = (path: string) => owner.goto(dashboard.url + path)
  const dialog = () => owner.getByRole('dialog')
  const focused = () => owner.locator(':focus')
  const isFocused = (one: Locator) => one.evaluate((element) => element.matches(':focus'))

  test('begins a dialog at its first field, or at the choice that changes nothing, and gives the focus back', async () => {
    await dashboard.workerToken({ name: 'absent' })
    const { id } = await dashboard.call('POST', '/api/v1/dispatch', { prompt: 'Wait', target: 'absent', when_offline: 'queue' })
    await go(`/jobs/${String(id)}`)
    await owner.getByRole('button', { name: 'Abort...' }).click()
    await dialog().waitFor()
    expect(await isFocused(dialog().getByRole('textbox', { name: 'Reason' }))).toBe(true)

    await go('/workers')
    await owner.getByRole('link', { name: 'absent' }).click()
    await owner.getByRole('heading', { level: 1, name: 'absent' }).waitFor()
    const revoke = owner.getByRole('button', { name: 'Revoke...' })
    await revoke.click()
    await dialog().waitFor()
    expect(await focused().textContent()).toBe('Keep it')
    await owner.keyboard.press('Enter')
    await dialog().waitFor({ state: 'detached' })
    expect(await isFocused(revoke)).toBe(true)

    // Where there is only text to read, it begins with its heading.
    await owner.keyboard.press('?')
    await dialog().waitFor()
    expect(await focused().textContent()).toBe('Keyboard shortcuts')
    await owner.keyboard.press('Escape')
    await dialog().waitFor({ state: 'detached' })
    expect(await isFocused(revoke)).toBe(true)
    await owner.keyboard.press('Control+k')
    await owner.getByRole('combobox', { name: 'Command' }).waitFor()
    await owner.keyboard.press('Escape')
    await dialog().waitFor({ state: 'detached' })
    expect(await isFocused(revoke)).toBe(true)
    await dashboard.call('POST', `/api/v1/jobs/${String(id)}/abort`, {})
    expect(faults).toEqual([])
  })

  test('keeps targets in their order when one is chosen, and says at once when more answers are wanted than workers are asked', async () => {
    await go('/chat')
    const targets = owner.getByRole('group', { name: 'Targets' })
    await targets.getByText('cleo').waitFor()
    const order = () => targets.locator('label').allTextContents()
    const before = await order()
    for (const name of ['cleo', 'bert', 'anna']) {
      await targets.getByRole('checkbox', { name: new RegExp(`^${name}`) }).check({ force: true })
      expect(await order()).toEqual(before)
    }

    const quorum = owner.getByLabel('Enough answers')
    await quorum.fill('99')
    await owner.getByText('Only 3 workers are asked.').waitFor()
    await owner.getByLabel('Wait at most, minutes').fill('99999')
    await owner.getByText('At most 1440 minutes.').waitFor()
    await owner.getByRole('textbox', { name: 'Prompt' }).fill('all of you')
    await owner.keyboard.press('Control+Enter')
    expect(await isFocused(quorum)).toBe(true)
    await quorum.fill('2')
    await owner.getByLabel('Wait at most, minutes').fill('')
    await owner.getByRole('button', { name: 'Send it' }).click()
    await owner.getByText('2 of 3').first().waitFor()
    for (const name of ['cleo', 'bert', 'anna'])
      await targets.getByRole('checkbox', { name: new RegExp(`^${name}`) }).uncheck({ force: true })
    expect(faults).toEqual([])
  })

  test('leaves the form of a decision by Escape, and keeps what was written', async () => {
    const ask = { title: 'Deploy it', content: 'please', payload: { version: '1.4.0' } }
    const { id } = await dashboard.call('POST', '/api/v1/reviews', ask)
    await dashboard.call('POST', '/api/v1/reviews', { title: 'Another one', content: 'please' })
    // Whoever asks does not decide.
    const { page, faults: others } = await dashboard.open(`/reviews/${String(id)}`, { key: await dashboard.memberKey('Rita', 'reviewer') })
    const decision = page.getByRole('region', { name: 'Decision' })
    await decision.getByRole('button', { name: 'Edit' }).click()
    const field = decision.getByLabel('What is to run instead (JSON)')
    await field.fill('{"version": "1.4.1"}')
    await page.keyboard.press('Escape')
    await field.waitFor({ state: 'detached' })
    expect(await page.locator(':focus').textContent()).toBe('Edit')
    await decision.getByText('What you wrote is kept').waitFor()
    // Also while another review is looked at.
    await page.keyboard.press('j')
    await page.getByRole('heading', { level: 2, name: 'Another one' }).waitFor()
    await page.keyboard.press('k')
    await page.getByRole('article', { name: `Review ${String(id)}` }).waitFor()
    await decision.getByRole('button', { name: 'Edit' }).click()
    expect(await field.inputValue()).toBe('{"version": "1.4.1"}')
    await decision.getByRole('button', { name: 'Begin again with what is asked' }).click()
    expect(JSON.parse(await field.inputValue())).toEqual(ask.payload)
    expect(await isFocused(field)).toBe(true)

    // A reason for a denial that was not sent is no comment on the approval.
    await page.keyboard.press('Escape')
    await decision.getByRole('button', { name: 'Deny' }).click()
    await decision.getByLabel('Comment').fill('too early')
    await page.keyboard.press('Escape')
    await decision.getByRole('button', { name: 'Approve', exact: true }).click()
    await page.getByText(`Review ${String(id)} is approved.`).waitFor()
    const review = await dashboard.call('GET', `/api/v1/reviews/${String(id)}`)
    expect(review['decisions']).toMatchObject([{ verdict: 'approve', comment: null }])
    expect(others).toEqual([])
  })

  test('marks the icon of the tab while a decision waits', async () => {
    const icon = () => owner.locator('link[rel=icon]').getAttribute('href')
    await go('/')
    await until(async () => ((await icon())?.includes('icon-waiting') === true ? true : undefined), 10_000)
    const { items } = (await dashboard.call('GET', '/api/v1/reviews?status=pending')) as {
      items: { readonly id: number; readonly digest: string }[]
    }
    const decider = await dashboard.memberKey('Ralf', 'reviewer')
    for (const { id, digest } of items)
      await dashboard.call('POST', `/api/v1/reviews/${id}/decide`, { verdict: 'approve', digest }, decider)
    await until(async () => ((await icon())?.includes('icon-waiting') === false ? true : undefined), 10_000)
    expect(faults).toEqual([])
  })

  test('says which rows of the audit trail exist when an address asks for another', async () => {
    await go('/audit?row=99999')
    await owner.getByText('There is no row 99999').waitFor()
    await owner.getByText(/^The trail has the rows 1 to \d+\./).waitFor()
    await owner.getByRole('button', { name: 'Show the list alone' }).click()
    await owner.getByText('There is no row').waitFor({ state: 'detached' })
    expect(new URL(owner.url()).search).toBe('')
    await go('/audit?row=last')
    await owner.getByText('There is no row last').waitFor()
    await go('/audit?row=2')
    await owner.getByRole('dialog', { name: 'Audit row 2' }).waitFor()
    expect(faults).toEqual([])
  })

  test('asks whoever is signed in before a one-time link is used, and says as whom they are', async () => {
    const { view_url } = await dashboard.call('POST', '/api/v1/members', { name: 'Rosa', role: 'reviewer' })
    const link = String(view_url).replace(/^.*\/view\/([a-z0-9]+)#/, '/sign-in#$1.')
    const { page, faults: others } = await dashboard.open('/')
    await page.goto(dashboard.url + link)
    await page.getByText('This browser is signed in as owner').waitFor()
    expect(new URL(page.url()).hash).toBe('')
    await page.getByRole('link', { name: 'Go on as owner' }).click()
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
    await page.goto(dashboard.url + link)
    await page.getByRole('button', { name: 'Sign in with the link instead' }).click()
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
    await page.goto(dashboard.url + link)
    await page.getByText('This browser is signed in as Rosa').waitFor()
    await page.getByRole('button', { name: 'Sign in with the link instead' }).click()
    await page.getByRole('alert').filter({ hasText: 'You are still signed in as Rosa' }).waitFor()
    expect(others).toEqual([])
  })

  test('lets a worker that was just registered be given a job: it is the target', async () => {
    await go('/workers/register')
    await owner.getByLabel('Name', { exact: true }).fill('newcomer')
    await owner.getByRole('button', { name: 'Register worker' }).click()
    const link = await owner.locator('pre', { hasText: '/view/' }).textContent()
    const { redeemView } = await import('../../../worker-sdk/src/client/view.ts')
    workers.push(await startWorker(dashboard.server.url, (await redeemView(link ?? '')).token, 'newcomer', async () => 'here'))
    await owner.getByRole('link', { name: 'Give it a job' }).click()
    await owner.getByText(/^It would (?:be queued for|go to) newcomer/).waitFor()
    expect(await owner.getByRole('checkbox', { name: /^newcomer/ }).isChecked()).toBe(true)
    await owner.getByRole('checkbox', { name: /^newcomer/ }).uncheck({ force: true })
    expect(faults).toEqual([])
  })

  test('breaks a command on a phone between words, never inside a flag or a name', async () => {
    const phone = await dashboard.open('/settings?tab=setup', { viewport: { width: 390, height: 844 } })
    await phone.page.goto(`${dashboard.url}/workers/register`)
    await phone.page.getByLabel('Name', { exact: true }).fill('a-worker-with-a-long-name')
    await phone.page.getByRole('button', { name: 'Register worker' }).click()
    const command = phone.page.locator('pre', { hasText: '--provider' })
    await command.waitFor()
    const broken = await phone.page.evaluate(wordsOnTwoLines)
    expect(broken).toEqual([])
    expect(await command.innerText()).toContain('npx modelreins-worker --name a-worker-with-a-long-name --provider claude')
    expect(phone.faults).toEqual([])
  })

  test('says when the timeout ends an attempt, and offers more time to a job that it has ended', async () => {
    const token = await dashboard.workerToken({ name: 'slow' })
    await dashboard.call('PUT', '/api/v1/presence', { instance: 'one', status: 'idle' }, token)
    const started = async (more: Readonly<Record<string, unknown>>): Promise<readonly [number, string]> => {
      const { id } = await dashboard.call('POST', '/api/v1/dispatch', { prompt: 'Take long', target: 'slow', timeout: 600, ...more })
      const poll = (await dashboard.call('POST', '/api/v1/claims', { max: 1 }, token)) as {
        offers: { readonly lease: { readonly token: string } }[]
      }
      const lease = poll.offers[0]?.lease.token ?? ''
      await dashboard.call('POST', `/api/v1/claims/${Number(id)}/start`, {}, lease)
      return [Number(id), lease]
    }
    const fail = ([id, lease]: readonly [number, string]) =>
      dashboard.call('POST', `/api/v1/claims/${id}/fail`, { error: { type: 'timeout', message: 'too long', retryable: true } }, lease)
    const again = await started({ max_attempts: 3 })
    await go(`/jobs/${again[0]}`)
    await owner.getByText(/The timeout ends this attempt in (?:9|10)m if it is still running\./).waitFor()
    await fail(again)
    await owner.getByRole('button', { name: 'Raise the timeout to 20 min' }).click()
    await owner.getByText(`An attempt of job ${again[0]} may take 20 min`).first().waitFor()
    expect(await dashboard.call('GET', `/jobs/${again[0]}`)).toMatchObject({ timeout: 1_200 })
    await dashboard.call('POST', `/api/v1/jobs/${again[0]}/abort`, {})

    const once = await started({ max_attempts: 1 })
    await fail(once)
    await go(`/jobs/${once[0]}`)
    await owner.getByRole('button', { name: 'Retry with a timeout of 20 min' }).click()
    await owner.getByText(`Job ${once[0]} gets a new attempt.`).waitFor()
    expect(await dashboard.call('GET', `/jobs/${once[0]}`)).toMatchObject({ status: 'pending', timeout: 1_200 })
    await dashboard.call('POST', `/api/v1/jobs/${once[0]}/abort`, {})
    expect(faults).toEqual([])
  })

  test('shows text that is cut off in full under the pointer, and leaves no gap below a short list', async () => {
    const prompt = `Summarise ${'every change of the last week and '.repeat(5)}answer in a table`
    await dashboard.call('POST', '/api/v1/dispatch', { prompt, target: 'anna' })
    await go('/jobs')
    const link = owner.getByRole('grid', { name: 'Jobs' }).getByRole('link', { name: 'Summarise every change' })
    await link.hover()
    expect(await link.getAttribute('title')).toBe(prompt)
    await go('/workers?q=anna')
    await owner.getByRole('grid', { name: 'Workers' }).getByRole('link', { name: 'anna' }).hover()
    expect(await owner.getByRole('link', { name: 'anna' }).getAttribute('title')).toBe('')
    expect((await owner.getByRole('grid', { name: 'Workers' }).boundingBox())?.height).toBeLessThan(120)
    expect(faults).toEqual([])
  })
})
