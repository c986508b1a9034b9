import { runInDurableObject } from 'cloudflare:test'
import type { AuditRow, Input, TenantOperationId } from '@modelreins/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { frozenTime, sha256, TestTenant } from '../harness.ts'

beforeEach(() => void frozenTime())
afterEach(() => void vi.useRealTimers())

/** Text that has no place in the trail, in a shape that no field refuses; each is told apart. */
const canary = (where: string): string => `canary ${where} sings: sk-live-abcdef0123456789`

const rowsOf = (tenant: TestTenant): Promise<AuditRow[]> =>
  runInDurableObject(tenant.raw, (_, state) =>
    state.storage.sql
      .exec<{ row: string }>('SELECT row FROM audit ORDER BY seq')
      .toArray()
      .map(({ row }) => JSON.parse(row)),
  )

const job = (where: string, more: Partial<Input<'jobs.dispatch'>> = {}): Input<'jobs.dispatch'> => ({
  prompt: canary(`${where} prompt`),
  input: { note: canary(`${where} input`) },
  metadata: { note: canary(`${where} metadata`) },
  context: 'inline',
  context_text: canary(`${where} context`),
  idempotency_key: canary(`${where} key`).replaceAll(/[^a-z0-9-]/g, '-'),
  ...more,
})

describe('the audit trail', () => {
  it('holds digests of prompts, results, payloads and comments, and never their text', async () => {
    const tenant = await TestTenant.create()
    const done = new Set<string>()
    const must = async <Id extends TenantOperationId>(operation: Id, input: Input<Id>, credential = tenant.owner) => {
      done.add(operation)
      return tenant.must(operation, input, credential)
    }
    const anna = await tenant.worker('anna', [
      { name: 'plain', risk_tier: 'audit' },
      { name: 'risky', risk_tier: 'approve' },
    ])
    const rosa = await tenant.member('Rosa', 'reviewer')
    await must('presence.report', { instance: 'anna-1', status: 'busy', details: { note: canary('details') } }, anna.credential)
    await must('workers.update', { worker_id: anna.id, description: canary('description') })

    // Attempts that end well, fail, are taken back, handed to a human, lost.
    await must('jobs.dispatch', job('done', { capability: 'plain' }))
    const well = await tenant.start(anna)
    const result = canary('result')
    await must('claims.complete', { job_id: well.id, result, tail: { text: canary('tail') } }, well.lease)
    await must('jobs.dispatch_batch', { jobs: [job('failed')] })
    const badly = await tenant.start(anna)
    const error = { type: canary('error type').slice(0, 60), message: canary('error message'), retryable: false }
    await must('claims.fail', { job_id: badly.id, error, tail: { text: canary('tail') } }, badly.lease)
    await must('jobs.retry', { job_id: badly.id })
    await must('jobs.abort', { job_id: badly.id, reason: canary('abort reason') })
    await must('jobs.create', job('updated'))
    await must('jobs.update', { job_id: 3, metadata: { note: canary('patch') } })
    await must('jobs.abort_many', { all: true, reason: canary('bulk reason') })
    await must('jobs.create', job('closed'))
    await must('claims.claim', { job_id: 4 }, anna.credential)
    await must('claims.close', { job_id: 4, status: 'escalated', result: canary('escalation') }, anna.credential)

    // Reviews: of a job, of an action, submitted; decided in every way.
    const held = await must('jobs.dispatch', job('held', { capability: 'risky' }))
    const edit = { prompt: canary('edited prompt') }
    await must(
      'reviews.decide',
      { review_id: held.review_id ?? 0, verdict: 'edit', payload: edit, comment: canary('edit comment') },
      rosa.credential,
    )
    const risky = await tenant.start(anna)
    const action = { note: canary('action') }
    await must('claims.authorize', { job_id: risky.id, capability: 'risky', action, title: canary('action title') }, risky.lease)
    const submission = {
      type: canary('review type').slice(0, 60),
      title: canary('title'),
      content: canary('content'),
      preview: canary('preview'),
      target: canary('target'),
      payload: { note: canary('payload') },
    }
    const ids: number[] = []
    for (let count = 0; count < 4; count += 1) ids.push((await must('reviews.submit', submission, anna.credential)).id)
    const [denied = 0, answered = 0, bulk = 0, withdrawn = 0] = ids
    await must('reviews.decide', { review_id: denied, verdict: 'deny', comment: canary('deny comment') }, rosa.credential)
    await must('reviews.decide', { review_id: answered, verdict: 'respond', comment: canary('response') }, rosa.credential)
    await must('reviews.decide_many', { review_ids: [bulk], verdict: 'deny', comment: canary('bulk comment') }, rosa.credential)
    await must('reviews.withdraw', { review_id: withdrawn, comment: canary('withdrawal') }, anna.credential)
    const url = `https://hooks.example/${encodeURIComponent(canary('hook path'))}`
    // An event that nothing here sets off: no test calls out.
    const hook = await must('webhooks.create', { url, events: ['review.escalated'] })
    await must('killswitch.raise', { level: 3, reason: 'a reason is for everybody' })
    await must('killswitch.clear', { resume_all: true })

    const rows = await rowsOf(tenant)
    const text = rows.map((row) => JSON.stringify(row))
    expect(text.filter((row) => /canary|sings|sk-live/.test(row))).toEqual([])
    expect(text.filter((row) => row.includes(hook.secret))).toEqual([])
    // A trail that says nothing at all would pass, too.
    expect(rows.length).toBeGreaterThan(30)
    const actions = new Set(rows.map((row) => row.action))
    for (const action of [
      'job.dispatch',
      'job.complete',
      'job.fail',
      'job.abort',
      'job.update',
      'review.open',
      'review.deny',
      'review.edit',
    ])
      expect(actions).toContain(action)
    expect(rows.find((row) => row.action === 'job.complete')?.digest).toBe(sha256(result))
    expect(rows.find((row) => row.action === 'killswitch.raise')?.summary).toContain('a reason is for everybody')
    expect(done.size).toBeGreaterThan(20)
  })
})
