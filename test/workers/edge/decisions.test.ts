/** Says that a decision is about what was read: on our own paths nothing is decided without its digest. */
import type { Job, Review } from '@modelreins/contract'
import { expect, test } from 'vitest'
import { call, json, newTenant, newWorker, problem } from './edge.ts'

test('a decision without a digest is refused on our paths, and taken on that of the seeds', async () => {
  const { owner } = await newTenant()
  const worker = await newWorker({ owner, tenant: '' })
  const submit = (title: string): Promise<Review> =>
    json<Review>(call('POST', '/api/v1/reviews', { token: worker.token, body: { title, content: 'harmless' } }), 201)
  const [one, two, three] = [await submit('one'), await submit('two'), await submit('three')]
  const decide = `/api/v1/reviews/${one.id}/decide`
  expect((await problem(call('POST', decide, { token: owner, body: { verdict: 'approve' } }), 400)).issues).toEqual([
    { path: 'digest', message: 'is required' },
  ])
  await problem(call('POST', decide, { token: owner, body: { verdict: 'approve', digest: null } }), 400)
  await problem(call('POST', decide, { token: owner, body: { verdict: 'approve', digest: two.digest } }), 409)
  const many = '/api/v1/reviews/decide'
  await problem(call('POST', many, { token: owner, body: { verdict: 'approve', review_ids: [one.id] } }), 400)
  await problem(call('POST', many, { token: owner, body: { verdict: 'approve', review_ids: [{ review_id: one.id }] } }), 400)
  expect((await json<Review>(call('POST', decide, { token: owner, body: { verdict: 'approve', digest: one.digest } }))).status).toBe(
    'approved',
  )
  const review_ids = [{ review_id: two.id, digest: two.digest }]
  expect(await json(call('POST', many, { token: owner, body: { verdict: 'approve', review_ids } }))).toMatchObject({ decided: [two.id] })
  expect((await json<Review>(call('POST', `/reviews/${three.id}/decide`, { token: owner, body: { verdict: 'approve' } }))).status).toBe(
    'approved',
  )
})

test('a review that its worker has changed in place is not decided about', async () => {
  const tenant = await newTenant()
  const worker = await newWorker(tenant)
  const review = await json<Review>(
    call('POST', '/api/v1/reviews', { token: worker.token, body: { title: 'look', content: 'harmless' } }),
    201,
  )
  await json<Job>(
    call('POST', `/api/v1/artifacts/upload?filename=evil.sh&review_id=${review.id}`, { token: worker.token, body: 'rm -rf /' }),
    201,
  )
  const body = { verdict: 'approve', digest: review.digest }
  await problem(call('POST', `/api/v1/reviews/${review.id}/decide`, { token: tenant.owner, body }), 409)
})
