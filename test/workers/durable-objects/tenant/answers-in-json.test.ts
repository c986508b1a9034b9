/** An answer that is only passed on comes as the JSON of the very value that it would have been. */
import { describe, expect, it } from 'vitest'
import type { AnsweredInJson, CallCredential } from '../../../../durable-objects/tenant/call.ts'
import { TestTenant } from './harness.ts'

const inJson = (
  tenant: TestTenant,
  operation: 'jobs.get' | 'jobs.dispatch' | 'claims.poll',
  input: object,
  credential: CallCredential = tenant.owner,
) =>
  tenant.stub.perform({
    operation,
    input: input as never,
    credential,
    request_id: 'in-json',
    as_json: true,
  }) as Promise<unknown> as Promise<AnsweredInJson | { readonly ok: false; readonly failure: object }>

describe('an answer in JSON', () => {
  it('says what the value says', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    const { id } = await tenant.must('jobs.dispatch', { prompt: 'p', metadata: { of: [1, null, 'ü'] } })
    const answer = await inJson(tenant, 'jobs.get', { job_id: id })
    expect(Object.keys(answer).toSorted()).toEqual(['json', 'ok'])
    expect(answer.ok && JSON.parse(answer.json)).toEqual(await tenant.must('jobs.get', { job_id: id }))
  })

  it('has beside it what the answer has beside its value', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const dispatch = () => inJson(tenant, 'jobs.dispatch', { prompt: 'p', idempotency_key: 'once' })
    expect([await dispatch(), await dispatch()]).toEqual([
      { ok: true, json: expect.any(String) },
      { ok: true, replayed: true, json: expect.any(String) },
    ])
    expect(await inJson(tenant, 'claims.poll', { max: 1 }, anna.credential)).toEqual({
      ok: true,
      killswitch: { level: 0, generation: 0 },
      json: expect.stringContaining('"prompt":"p"'),
    })
  })

  it('is a failure as ever when there is none', async () => {
    const tenant = await TestTenant.create()
    expect(await inJson(tenant, 'jobs.get', { job_id: 7 })).toMatchObject({ ok: false, failure: { code: 'not-found' } })
    const nobody: CallCredential = { kind: 'member', credential: 'nobody', hash: 'f'.repeat(64) }
    expect(await inJson(tenant, 'jobs.get', { job_id: 7 }, nobody)).toMatchObject({ ok: false, failure: { code: 'unauthorized' } })
  })
})
