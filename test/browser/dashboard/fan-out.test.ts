/** Says that a person compares the answers of several workers, goes on with one, picks one, stops one, and sees how each job came about. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorker, type AnsweringWorker } from '../../support/answering-worker.ts'
import { chromiumPath, openDashboard, type Dashboard } from '../../support/dashboard.ts'
import { until } from '../../support/until.ts'

const answers: Readonly<Record<string, string>> = {
  anna: 'Release on Tuesday: the tests pass.',
  bert: 'Release on Thursday: the tests pass.',
  cleo: 'Wait for the backup.',
}

describe.skipIf(chromiumPath === undefined)('the dashboard', () => {
  let dashboard: Dashboard
  let owner: Page
  let faults: readonly string[]
  const workers: AnsweringWorker[] = []
  /** By the prompt of a job, the context that its worker read. */
  const contexts = new Map<string, string>()
  const dispatch = (prompt: string, more: Readonly<Record<string, unknown>>) =>
    dashboard.call('POST', '/api/v1/dispatch', { prompt, ...more })
  beforeAll(async () => {
    dashboard = await openDashboard()
    for (const [name, answer] of Object.entries(answers)) {
      const token = await dashboard.workerToken({ name })
      workers.push(
        await startWorker(dashboard.server.url, token, name, async (job, ctx) => {
          if (job.prompt.includes('# The answers')) return 'Thursday [b], once the backup is complete [c]; [z] says nothing.'
          if (job.prompt.startsWith('Hold') && name === 'cleo')
            await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(new Error('stopped'))))
          const { context } = await dashboard.call('GET', `/api/v1/context?job_id=${job.id}`, undefined, token)
          contexts.set(job.prompt, String(context))
          return answer
        }),
      )
    }
    ;({ page: owner, faults } = await dashboard.open('/'))
  })
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()))
    await dashboard?.close()
  })
  const go = (path: string) => owner.goto(dashboard.url + path)
  const card = (name: string, page = owner) => page.getByRole('article', { name: `Answer of ${name}` }).first()
  const dialog = () => owner.getByRole('dialog')

  test('leads from a citation to its answer, compares two, continues with one, and picks one once', async () => {
    await dispatch('When?', { thread_id: 't-when', targets: Object.keys(answers), merge: { by: 'worker', worker: 'anna' } })
    await go('/chat?thread=t-when')
    const merged = owner.getByRole('article', { name: 'Merged answer' })
    await merged.getByRole('link', { name: '[b] the answer of bert' }).first().click()
    expect(await owner.locator(':focus').getAttribute('aria-label')).toMatch(/^Answer of bert/)
    // Letters that name no answer stay as they are.
    await merged.getByText('[z] says nothing').waitFor()

    await owner.getByRole('button', { name: 'Compare two answers' }).click()
    await dialog().getByText('% of the words are in both').waitFor()
    expect(await dialog().getByRole('region', { name: 'What differs' }).locator('del').allTextContents()).toEqual(['Tuesday'])
    await dialog().getByLabel('Compared with').selectOption({ label: '[c] cleo' })
    await owner.reload()
    await dialog().getByRole('region', { name: 'What differs' }).locator('ins', { hasText: 'backup' }).waitFor()
    await owner.keyboard.press('Escape')
    await dialog().waitFor({ state: 'detached' })

    await card('bert').getByRole('button', { name: 'Continue with bert’s answer' }).click()
    await owner.getByText('bert’s answer, job').waitFor()
    await owner.reload()
    await owner.getByText('bert’s answer, job').waitFor()
    await owner.getByRole('textbox', { name: 'Prompt' }).fill('Say why')
    await owner.getByText('It continues with the answer of job').waitFor()
    await owner.getByRole('button', { name: 'Send it' }).click()
    await owner.getByRole('region', { name: 'Prompt: Say why' }).getByText('Done', { exact: true }).waitFor()
    expect(contexts.get('Say why')).toBe('User: When?\nAssistant: Release on Thursday: the tests pass.')
    expect(await owner.getByText('bert’s answer, job').count()).toBe(0)

    const viewer = await dashboard.open('/chat?thread=t-when', { key: await dashboard.memberKey('Vera', 'viewer') })
    await card('bert', viewer.page).waitFor()
    expect(await viewer.page.getByRole('button', { name: /^(?:Pick|Continue|Stop)/ }).count()).toBe(0)
    await card('cleo').getByRole('button', { name: 'Pick this as answer' }).click()
    await dialog().getByText('in place of the one that it has now').waitFor()
    await dialog().getByRole('button', { name: 'Pick it' }).click()
    await owner.getByRole('article', { name: 'Picked answer' }).getByText('Wait for the backup.').waitFor()
    expect(await owner.getByRole('button', { name: 'Pick this as answer' }).count()).toBe(0)
    await viewer.page.getByRole('article', { name: 'Picked answer' }).getByText('of cleo, picked by owner').waitFor()
    await go('/threads/t-when')
    await owner.getByRole('article', { name: 'Answer of job 1' }).getByText('Wait for the backup.').waitFor()
    expect([faults, viewer.faults]).toEqual([[], []])
  })

  test('counts the answers, stops one from the palette, and draws how the job came about', async () => {
    const parent = await dispatch('Hold on', { targets: Object.keys(answers), merge: { by: 'concat', quorum: 3, deadline: 3_600 } })
    const id = String(parent['id'])
    await go(`/jobs/${id}`)
    await owner.getByText('2 of 3 answered, they are merged after 1 more answer (quorum 3)').waitFor()
    await owner.getByText(/at the latest in 59 min/).waitFor()
    expect(await owner.getByRole('meter', { name: 'Answers' }).getAttribute('aria-valuenow')).toBe('2')
    const held = (await card('cleo').getAttribute('aria-label'))?.split(' ').at(-1) ?? ''
    await owner.keyboard.press('Control+k')
    await owner.getByRole('combobox', { name: 'Command' }).fill(`abort ${held}`)
    await owner.getByRole('option', { name: `Abort job ${held}...` }).click()
    await dialog()
      .getByRole('button', { name: `Abort job ${held}` })
      .click()
    await owner.getByText('Aborted').first().waitFor()
    await go(`/jobs/${id}`)
    await owner.getByRole('article', { name: 'Merged answer' }).getByText('2 of 3 answered: from anna, bert; 1 worker failed').waitFor()
    const timeline = owner.locator('section', { has: owner.getByRole('heading', { name: 'Timeline' }) })
    await timeline.getByText('Dispatched').waitFor()
    expect(await timeline.getByRole('link').allTextContents()).toHaveLength(3)

    await dashboard.workerToken({ name: 'absent' })
    const { id: waiting } = await dispatch('Wait', { target: 'absent', when_offline: 'queue' })
    await go(`/jobs/${String(waiting)}`)
    await owner.getByRole('button', { name: 'Let it wait a day longer' }).click()
    await owner.getByText('waits a day longer.').waitFor()
    await owner.getByRole('button', { name: 'Allow other workers than absent' }).click()
    await timeline.getByText('Attempt 1 of 3').waitFor()

    const { id: single } = await dispatch('Once more', { target: 'anna', thread_id: 't-when', context: 'thread' })
    await go(`/jobs/${String(single)}`)
    await timeline.getByText('Attempt 1 of 3').waitFor()
    await timeline.getByText('done,').waitFor()
    await owner.getByRole('button', { name: 'Show it' }).click()
    await owner.getByRole('region', { name: 'Context' }).getByText('Wait for the backup.').waitFor()
    expect(faults).toEqual([])
  })

  test('counts what waits for this person in the title of the tab, and makes a schedule of what stands in Chat', async () => {
    await dashboard.call('POST', '/api/v1/work/join', { name: 'olga', capabilities: [{ name: 'sign', risk_tier: 'auto' }] })
    await dashboard.call('POST', '/api/v1/reviews', { title: 'Look at this', content: 'please' })
    await dispatch('Sign it', { capability: 'sign' })
    await go('/')
    await until(async () => ((await owner.title()) === '(2) Home - ModelReins' ? true : undefined), 10_000)
    await owner.getByText('1 decision, 1 job for you').waitFor()
    await go('/chat')
    await owner.getByRole('textbox', { name: 'Prompt' }).fill('Report on yesterday')
    for (const name of ['anna', 'bert']) await owner.getByRole('checkbox', { name: new RegExp(`^${name}`) }).check({ force: true })
    await owner.getByRole('link', { name: 'Repeat it...' }).click()
    await dialog().getByText('anna, bert', { exact: true }).waitFor()
    expect(await dialog().getByLabel('Prompt').inputValue()).toBe('Report on yesterday')
    await dialog().getByLabel('Name').fill('daily')
    await dialog().getByRole('button', { name: 'Make the schedule' }).click()
    await owner.getByRole('list', { name: 'Schedules' }).getByText('Report on yesterday').waitFor()
    await owner.getByRole('list', { name: 'Schedules' }).getByText('It asks anna, bert.').waitFor()
    expect(faults).toEqual([])
  })
})
