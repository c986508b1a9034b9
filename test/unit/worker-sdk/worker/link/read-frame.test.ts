/** Frames of a server of another version. */
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
