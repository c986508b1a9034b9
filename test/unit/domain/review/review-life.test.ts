import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attach,
  consume,
  decide,
  applyTime,
  openReview,
  isApprovalValid,
  supersede,
  withdraw,
} from '../../../../src/domain/review/review.ts'
import type { ReviewRecord } from '../../../../src/domain/review/review.ts'
import { policyOf } from '../../../../src/domain/review/risk.ts'

const members = ['olga', 'rosa', 'ruth', 'sven'] as const
const at = 1_000_000
const week = 7 * 86_400_000

type Step =
  | {
      readonly do: 'say'
      readonly who: string
      readonly verdict: 'approve' | 'deny' | 'edit' | 'respond'
      readonly to: string
      readonly stale: boolean
    }
  | { readonly do: 'consume' | 'withdraw' | 'supersede' | 'attach' | 'wait' }
  | { readonly do: 'revoke'; readonly who: string }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      who: fc.constantFrom(...members),
      verdict: fc.constantFrom('approve', 'approve', 'deny', 'edit', 'respond'),
      to: fc.constantFrom('b', 'c'),
      stale: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('consume', 'withdraw', 'supersede', 'attach', 'wait') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revoke' as const), who: fc.constantFrom(...members) }) },
)

interface World {
  review: ReviewRecord
  readonly revoked: Set<string>
  readonly selfApproval: boolean
  spent: number
}

const mayDecide =
  (world: World) =>
  (member: string): boolean =>
    !world.revoked.has(member)

/** Independent of the code under test: who approves exactly what would run now. */
function approvers(world: World): readonly string[] {
  const last = new Map<string, string>()
  for (const word of world.review.decisions) {
    const yes = word.verdict === 'approve' || word.verdict === 'edit'
    last.set(word.member_id, yes && word.digest === world.review.digest ? 'yes' : 'no')
  }
  return [...last].filter(([member, says]) => says === 'yes' && !world.revoked.has(member)).map(([member]) => member)
}

function act(world: World, one: Step): void {
  const { review } = world
  const set = (result: { readonly ok: true; readonly value: ReviewRecord } | { readonly ok: false }): boolean => {
    if (result.ok) world.review = result.value
    return result.ok
  }
  switch (one.do) {
    case 'say': {
      if (world.revoked.has(one.who)) return
      const self = review.requested_by.includes(one.who) && !world.selfApproval
      const done = decide(
        review,
        {
          verdict: one.verdict,
          comment: 'because',
          by: { member_id: one.who, name: one.who },
          at,
          digest: one.stale ? 'stale' : review.digest,
          edit: { payload: one.to, digest: one.to },
        },
        { selfRefusal: self ? 'not yourself' : null, mayDecide: mayDecide(world) },
      )
      if (one.stale && done.ok) expect(done.value.change).toBe('none')
      if (done.ok) world.review = done.value.review
      return
    }
    case 'consume':
      // As the start does: it looks whether the approval still stands.
      if (isApprovalValid(review, mayDecide(world)) && set(consume(review, 'x', at))) world.spent += 1
      return
    case 'withdraw':
      set(withdraw(review, at))
      return
    case 'supersede':
      set(supersede(review, 2, at))
      return
    case 'attach':
      set(attach(review, { slug: `s${review.artifacts.length}`, sha256: 'x' }, `${review.digest}+`))
      return
    case 'wait': {
      const elapsed = applyTime(review, at + week)
      if (elapsed !== undefined) world.review = elapsed.review
      return
    }
    case 'revoke':
      world.revoked.add(one.who)
  }
}

const allowed: Readonly<Record<string, readonly string[]>> = {
  pending: ['pending', 'approved', 'denied', 'withdrawn', 'expired', 'superseded'],
  approved: ['approved', 'consumed', 'withdrawn', 'superseded'],
}

describe('the life of a review', () => {
  it('whatever is said and done, in whatever order: settled is final, an approval is real, and is spent at most once', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 2 }),
        fc.boolean(),
        (steps, approve, deny, selfApproval) => {
          const policy = policyOf({ quorum: { approve, deny }, self_approval: selfApproval })
          const review = openReview(
            {
              id: 1,
              type: 'dispatch',
              title: '',
              content: '',
              preview: null,
              target: null,
              capability: 'x',
              payload: 'a',
              digest: 'a',
              risk_tier: 'approve',
              session: null,
              policy,
              irreversible: false,
              job_id: 1,
              worker_id: null,
              attempt: null,
              created_by: '',
              requested_by: ['olga'],
            },
            at,
          )
          const world: World = { review, revoked: new Set(), selfApproval, spent: 0 }
          for (const one of steps) {
            const before = world.review
            act(world, one)
            const { status, decisions, digest } = world.review
            expect(allowed[before.status] ?? [before.status]).toContain(status)
            // What was said is never unsaid, and what was decided on never changes afterwards.
            expect(decisions.slice(0, before.decisions.length)).toEqual(before.decisions)
            if (before.status !== 'pending') expect(digest).toBe(before.digest)
            const yes = approvers(world)
            if (before.status === 'pending' && status === 'approved') expect(yes.length).toBeGreaterThanOrEqual(approve)
            if (before.status === 'approved' && status === 'consumed') expect(yes.length).toBeGreaterThanOrEqual(approve)
            if (!selfApproval) expect(yes).not.toContain('olga')
            expect(world.review.settled_at === null).toBe(status === 'pending')
            expect(world.review.next === null).toBe(status !== 'pending')
          }
          expect(world.spent).toBeLessThanOrEqual(1)
          expect(world.spent === 1).toBe(world.review.status === 'consumed')
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
