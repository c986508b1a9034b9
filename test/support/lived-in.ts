/**
 * Responsible for a tenant with realistic data: workers that answer, jobs in every state, reviews, a webhook, a session grant. It asserts nothing.
 */
import { startWorker, type AnsweringWorker } from './answering-worker.ts'
import type { Dashboard } from './dashboard.ts'
import { until } from './until.ts'

const report = `# Release notes, summarised

Version 3 brings **reviews bound to a digest**: what was approved is what runs.

- Output streams resume where they broke off
- The killswitch is acknowledged by each worker

| change | who notices |
| --- | --- |
| shorter leases | nobody |
| signed heads | auditors |
`

export interface LivedIn {
  readonly workers: readonly AnsweringWorker[]
  readonly stop: () => Promise<void>
}

export async function livedIn(dashboard: Dashboard): Promise<LivedIn> {
  const { call, server, workerToken } = dashboard
  const start = async (name: string, capability: string, answer: (prompt: string) => Promise<string>): Promise<AnsweringWorker> => {
    const token = await workerToken({ name, description: `Takes ${capability}`, capabilities: [{ name: capability, risk_tier: 'auto' }] })
    return startWorker(server.url, token, name, async (job, ctx) => {
      await ctx.output('\u001b[36mreading\u001b[0m the prompt\n')
      return answer(job.prompt)
    })
  }
  const workers = [
    await start('claude-build', 'code.write', async () => report),
    await start('ollama-desk', 'text.summarise', async () => 'Three changes matter: leases, heads, reviews.'),
    await start('codex-tests', 'code.test', () => Promise.reject(new Error('2 of 418 tests failed: leases renew too late'))),
  ]
  await workerToken({
    name: 'newsletter',
    description: 'Sends what a human has released',
    capabilities: [
      { name: 'post.publish', risk_tier: 'approve' },
      { name: 'post.draft', risk_tier: 'audit' },
    ],
  })
  const dispatch = (prompt: string, more: Readonly<Record<string, unknown>> = {}) => call('POST', '/api/v1/dispatch', { prompt, ...more })
  const ids = [
    await dispatch('Summarise the release notes of version 3', { thread_id: 't-release', target: 'claude-build' }),
    await dispatch('Say it in one sentence', { thread_id: 't-release', target: 'ollama-desk', context: 'thread' }),
    await dispatch('Run the tests of the lease book', { target: 'codex-tests', max_attempts: 1 }),
  ]
  await dispatch('Publish: version 3 is out', { capability: 'post.publish', when_offline: 'queue' })
  await dispatch('Publish the post about signed heads', { capability: 'post.publish', when_offline: 'queue', thread_id: 't-release' })
  await call('POST', '/api/v1/reviews', {
    title: 'Look at the draft of the newsletter',
    content: 'It goes to **4,200** readers.',
    type: 'content',
  })
  ids.push(
    await dispatch('Which of these changes needs a migration?', {
      thread_id: 't-release',
      targets: ['claude-build', 'ollama-desk'],
      merge: { by: 'concat' },
    }),
  )
  const nightly = { prompt: 'Report on yesterday', effort: 'quick', when_offline: 'queue' }
  await call('POST', '/api/v1/schedules', { name: 'nightly report', cron: '0 3 * * MON-FRI', timezone: 'Europe/Berlin', job: nightly })
  await call('POST', '/api/v1/members', { name: 'Rosa', role: 'reviewer' })
  await call('POST', '/api/v1/webhooks', { url: 'https://example.com/hooks/reins' })
  await until(async () => {
    const jobs = await Promise.all(ids.map((job) => call('GET', `/api/v1/jobs/${String(job['id'])}`)))
    return jobs.every((job) => job['ended_at'] !== null) ? true : undefined
  }, 30_000)
  return { workers, stop: async () => void (await Promise.all(workers.map((worker) => worker.stop()))) }
}
