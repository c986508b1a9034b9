/** Frames of a server of another version. */
import { serverFrame } from '@modelreins/contract'
import { expect, it } from 'vitest'
import { readFrame } from '../../../../../worker-sdk/src/worker/link/read-frame.ts'
import { jobOf } from '../../support/job.ts'

const lease = { token: 'mrl_x', attempt: 1, expires_at: '2026-01-01T00:00:00Z' }

it('passes over fields that it does not know', () => {
  const read = readFrame({ type: 'offer', job: { ...jobOf(), mood: 'good' }, lease, why: 'because' })
  expect(read).toMatchObject({ ok: true, frame: { type: 'offer', job: { id: 1 } } })
})

it('takes an offer that lacks what an earlier server does not send, or names a status of a later one', () => {
  const { silence_timeout: _, context: _context, ...earlier } = jobOf()
  expect(readFrame({ type: 'offer', job: earlier, lease })).toMatchObject({ ok: true, frame: { job: { id: 1, context: 'none' } } })
  expect(readFrame({ type: 'offer', job: { ...jobOf(), status: 'napping' }, lease })).toMatchObject({
    ok: true,
    frame: { job: { status: 'napping' } },
  })
})

it('says which frame it cannot read, and why', () => {
  expect(readFrame({ type: 'hug' })).toMatchObject({ ok: false, why: expect.stringContaining('hug') })
  expect(readFrame({ type: 'offer', job: {}, lease })).toMatchObject({ ok: false, why: expect.stringContaining('offer: job.') })
  expect(readFrame('nonsense')).toMatchObject({ ok: false })
})

it.each([
  ['started', { type: 'started', ref: 1, attempt: 1, expires_at: '2026-01-01T00:00:30Z' }],
  ['settled', { type: 'settled', ref: 1, job_id: 1, status: 'done' }],
])('takes of %s what the schema takes, field by field', (_, frame) => {
  for (const field of Object.keys(frame)) {
    for (const value of [undefined, null, -1, 0, 1, 1.5, 2 ** 60, '1', '', [], {}, true]) {
      const changed = { ...frame, [field]: value }
      expect(readFrame(changed).ok, `${field}: ${JSON.stringify(value)}`).toBe(serverFrame.safeParse(changed).success)
    }
  }
})

it('takes no offer without what running its job needs', () => {
  const offer = { type: 'offer', job: jobOf(), lease }
  expect(readFrame(offer)).toEqual({ ok: true, frame: offer })
  for (const job of [
    null,
    [],
    { ...jobOf(), id: 1.5 },
    { ...jobOf(), prompt: 1 },
    { ...jobOf(), timeout: '1' },
    { ...jobOf(), requires_secrets: [1] },
  ])
    expect(readFrame({ ...offer, job }).ok).toBe(false)
  for (const other of [null, { ...lease, token: 1 }, { ...lease, attempt: null }])
    expect(readFrame({ ...offer, lease: other }).ok).toBe(false)
})
