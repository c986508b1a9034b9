/** Says what a cookie may do for a person who takes jobs, and what it may not: no operation that is made for workers. */
import type { Artifact, Job, WorkInbox, WorkJob } from '@modelreins/contract'
import { operationIds, operations } from '@modelreins/contract'
import { beforeAll, describe, expect, test } from 'vitest'
import { call, json, newTenant, origin, problem, redeem, type TestTenant } from './edge.ts'

const ours = { 'x-modelreins-request': '1', origin }
let tenant: TestTenant
let cookie: string
beforeAll(async () => {
  tenant = await newTenant()
  const made = await json<{ view_url: string }>(
    call('POST', '/api/v1/members', { token: tenant.owner, body: { name: 'Rosa', role: 'reviewer' } }),
    201,
  )
  const { token: key } = await redeem(made.view_url)
  const signedIn = await call('POST', '/api/v1/sessions', { body: { key }, headers: ours, from: '203.0.113.7' })
  cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  await json(asRosa('POST', '/api/v1/work/join', {}))
})

const asRosa = (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  call(method, path, { body, headers: { ...ours, cookie, ...headers } })

async function begun(prompt: string): Promise<number> {
  const { id } = await json<Job>(call('POST', '/dispatch', { token: tenant.owner, body: { prompt, target: 'Rosa' } }), 201)
  await json<WorkJob>(asRosa('POST', `/api/v1/work/${id}/start`, {}))
  return id
}

describe('with the cookie of a person', () => {
  test('a job is taken from the inbox, written about, given files, and ended with a result of any size', async () => {
    const id = await begun('p')
    expect((await json<WorkInbox>(asRosa('GET', '/api/v1/work'))).claimed).toMatchObject([{ job_id: id }])
    // Two tabs at once: every note is kept, in some order.
    const notes = ['one\n', 'two\n', 'three\n']
    await Promise.all(notes.map((text) => json(asRosa('POST', `/api/v1/work/${id}/note`, { attempt: 1, text }))))
    const file = await json<Artifact>(
      asRosa('POST', `/api/v1/artifacts/upload?filename=c.txt&job_id=${id}`, 'signed', { 'content-type': 'text/plain' }),
      201,
    )
    expect(file).toMatchObject({ job_id: id, created_by: 'member:Rosa' })
    const result = 'x'.repeat(200_000)
    const done = await json<WorkJob>(asRosa('POST', `/api/v1/work/${id}/done`, { attempt: 1, result }))
    expect(done.job).toMatchObject({ status: 'done', result_truncated: true })
    // The same again changes nothing; the reply may have been lost.
    await json(asRosa('POST', `/api/v1/work/${id}/done`, { attempt: 1, result }))
    expect(await (await call('GET', `/api/v1/jobs/${id}/result`, { token: tenant.owner })).text()).toBe(result)
    const { output } = await json<Job>(call('GET', `/jobs/${id}`, { token: tenant.owner }))
    expect(output.split('\n').toSorted()).toEqual(['', 'one', 'three', 'two'])
    const late = await problem(asRosa('POST', `/api/v1/work/${id}/note`, { attempt: 1, text: 'late' }), 409)
    expect(late.code).toBe('wrong-state')
  })

  test('nothing that is made for workers is done, not even for their own worker and their own attempt', async () => {
    const id = await begun('p')
    const made = operationIds.filter((one) => operations[one].scope === 'work' || operations[one].scope === 'attempt')
    const inputs: Readonly<Record<string, unknown>> = { worker: 'Rosa', instance: 'Rosa', status: 'done', result: 'x' }
    expect(made.length).toBeGreaterThan(8)
    for (const one of made) {
      const { method, path } = operations[one]
      const query = method === 'GET' ? `?job_id=${id}&worker=Rosa` : ''
      const body = method === 'GET' ? undefined : inputs
      const refused = await asRosa(method, path.replace(':job_id', String(id)) + query, body)
      expect([one, refused.status < 400]).toEqual([one, false])
      await refused.body?.cancel()
    }
    const closed = await problem(asRosa('POST', `/api/v1/jobs/${id}/close`, { worker: 'Rosa', status: 'done', result: 'x' }), 403)
    expect(closed.code).toBe('forbidden')
    expect(await json<Job>(call('GET', `/jobs/${id}`, { token: tenant.owner }))).toMatchObject({ status: 'running' })
  })

  test('nothing is changed from another site, and files go to no other job', async () => {
    const id = await begun('p')
    const foreign = { origin: 'https://evil.example' }
    await problem(asRosa('POST', `/api/v1/work/${id}/done`, { attempt: 1, result: 'x' }, foreign), 403)
    const { id: other } = await json<Job>(call('POST', '/dispatch', { token: tenant.owner, body: { prompt: 'p', target: 'Rosa' } }), 201)
    const plain = { 'content-type': 'text/plain' }
    expect((await problem(asRosa('POST', `/api/v1/artifacts/upload?job_id=${other}`, 'x', plain), 403)).code).toBe('forbidden')
    expect((await problem(asRosa('POST', '/api/v1/artifacts/upload', 'x', plain), 403)).code).toBe('forbidden')
  })
})
