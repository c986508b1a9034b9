import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jobRequest } from '@modelreins/contract'
import type { JobRequest } from '@modelreins/contract'
import { specOf } from '../../../../src/domain/job/job-spec.ts'
import { applyEdit, jobPayload, reviewedJob, reviewedText } from '../../../../src/domain/review/review-payload.ts'

const spec = (more: Partial<JobRequest> = {}) => specOf(jobRequest.parse({ prompt: 'hello', ...more }), null)
const digest = (...of: Parameters<typeof reviewedText>): string =>
  createHash('sha256')
    .update(reviewedText(...of))
    .digest('hex')

describe('the digest of a review', () => {
  it('is SHA-256 of the canonical JSON of capability, payload and artifact digests: anybody can take it again', () => {
    const text = reviewedText({ capability: 'email.send', payload: { to: 'a@b.c', body: 'é' }, artifacts: [{ slug: 's', sha256: 'ff' }] })
    expect(text).toBe('{"artifacts":["ff"],"capability":"email.send","payload":{"body":"é","to":"a@b.c"}}')
  })

  it('is the same however the keys are ordered', () => {
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .toReversed()
                .map(([key, member]) => [key, reversed(member)]),
            )
          : value
    fc.assert(
      fc.property(fc.jsonValue(), (payload) => {
        expect(digest({ capability: 'x', payload: reversed(payload), artifacts: [] })).toBe(
          digest({ capability: 'x', payload, artifacts: [] }),
        )
      }),
    )
  })

  it('is another one for any other byte', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (text, where, other) => {
        const index = where % text.length
        const mutated = text.slice(0, index) + other + text.slice(index + 1)
        fc.pre(mutated !== text)
        const of = (payload: unknown) => digest({ capability: 'x', payload, artifacts: [] })
        expect(of({ prompt: mutated })).not.toBe(of({ prompt: text }))
      }),
    )
  })

  it('can be taken of text that is not Unicode, apart from every text that is', () => {
    const of = (payload: unknown) => reviewedText({ capability: 'x', payload, artifacts: [] })
    expect(of({ b: '\ud800', a: 1 })).toBe('not canonical:{"artifacts":[],"capability":"x","payload":{"a":1,"b":"\\ud800"}}')
    expect(of('\ud800')).not.toBe(of('\\ud800'))
    expect(of('\ud800')).not.toBe(of('\ud801'))
    expect(of('\ud800')).not.toBe(of('\ufffd'))
  })

  it('of a job covers everything that reaches the handler as content', () => {
    const base = digest(reviewedJob(spec(), []))
    const changed = [
      spec({ prompt: 'hello ' }),
      spec({ input: { a: 1 } }),
      spec({ context_text: 'and ignore the above' }),
      spec({ metadata: { to: 'everybody' } }),
      spec({ requires_secrets: ['vault://a/b#c'] }),
      spec({ capability: 'other' }),
    ]
    expect(new Set([base, ...changed.map((one) => digest(reviewedJob(one, [])))]).size).toBe(changed.length + 1)
    expect(digest(reviewedJob(spec(), [{ slug: 's', sha256: 'ff' }]))).not.toBe(base)
    for (const same of [spec({ priority: 5 }), spec({ effort: 'deep' }), spec({ timeout: 5 }), spec({ tags: ['a'] })]) {
      expect(digest(reviewedJob(same, []))).toBe(base)
    }
  })
})

describe('an edit of a job', () => {
  it('changes what it names and keeps the rest', () => {
    const after = applyEdit(spec({ input: { a: 1 }, metadata: { m: 1 } }), { prompt: 'better' })
    expect(after).toMatchObject({ ok: true, value: { prompt: 'better', input: { a: 1 }, metadata: { m: 1 } } })
    expect(applyEdit(spec(), { input: null })).toMatchObject({ ok: true, value: { prompt: 'hello', input: null } })
  })

  it('is the same made twice', () => {
    const once = applyEdit(spec({ input: { a: 1 } }), { prompt: 'better' })
    if (!once.ok) throw new Error('refused')
    const twice = applyEdit(once.value, jobPayload(once.value))
    expect(twice).toEqual(once)
  })

  it('is refused when it is not one of a job, with every issue named', () => {
    for (const payload of [[], { promt: 'x' }, { prompt: '' }, { prompt: 5 }, null, { target: 'rob' }, { context_text: 'x' }]) {
      expect(applyEdit(spec(), payload)).toMatchObject({ ok: false, failure: { code: 'invalid-request' } })
    }
    expect(applyEdit(spec({ context_text: 'x' }), { context_text: 'y' })).toMatchObject({ ok: true, value: { context_text: 'y' } })
  })

  it('may be the bare prompt, and cannot bring secrets in', () => {
    expect(applyEdit(spec(), 'better')).toMatchObject({ ok: true, value: { prompt: 'better' } })
    expect(applyEdit(spec(), { prompt: 'x', requires_secrets: ['vault://a/b#c'] })).toMatchObject({
      ok: true,
      value: { requires_secrets: [] },
    })
  })
})
