/** Says that calls which share a commit remain calls of their own: each is refused, rolled back and answered by itself. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'

let tenant: TestTenant
beforeEach(async () => {
  frozenTime()
  tenant = await TestTenant.create()
  await tenant.worker('anna')
})
afterEach(() => {
  vi.useRealTimers()
})

const dispatch = (prompt: string, credential = tenant.owner) => tenant.as(credential, 'jobs.dispatch', { prompt, when_offline: 'queue' })

it('does calls that arrive together in the order in which they came', async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => dispatch(`p${index}`)))
  expect(answers.map((answer) => answer.ok && [answer.value.id, answer.value.prompt])).toEqual(
    Array.from({ length: 40 }, (_, index) => [index + 1, `p${index}`]),
  )
})

it('takes back what one of them wrote, and nothing of the others', async () => {
  const [first, refused, last] = await Promise.all([
    dispatch('first'),
    tenant.call('jobs.dispatch', { prompt: 'nobody can', capability: 'unknown' }),
    dispatch('last'),
  ])
  expect([first, refused, last].map((answer) => answer.ok)).toEqual([true, false, true])
  const { items } = await tenant.must('jobs.list', {})
  expect(items.map((job) => job.prompt)).toEqual(['last', 'first'])
})

it('refuses a call that waited for its turn when its caller was revoked meanwhile', async () => {
  const mona = await tenant.member('mona', 'operator')
  const answers = await Promise.all([
    dispatch('before', mona.credential),
    tenant.call('members.revoke', { member_id: mona.id }),
    dispatch('after', mona.credential),
  ])
  expect(answers.map(failureOf)).toEqual(['ok', 'ok', 'unauthorized'])
})
