/** Responsible for registering reviews and grants with the kernel, and their hold with the queue. */
import { limits } from '@modelreins/contract'
import { Topic } from '../connections/waiters.ts'
import type { Room } from '../kernel/room.ts'
import { endReviewsOf, eraseReviewsOf } from './behind.ts'
import { authorizeCommands } from './commands/authorize.ts'
import { reviewDuty } from './commands/decide.ts'
import { escalateCommands } from './commands/escalate.ts'
import { grantCommands } from './commands/grants.ts'
import { reviewCommands } from './commands/reviews.ts'
import { GrantStore } from './grant-store.ts'
import { waitForAuthorization, waitForDecision } from './wait-for-decision.ts'
import { reviewHold } from './hold.ts'
import { ReviewStore } from './review-store.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly grants: GrantStore
    readonly reviews: ReviewStore
  }
  interface Live {
    /** Calls that wait for the decision of a review. */
    readonly decisions: Topic
  }
  interface Effects {
    /** A review is settled: the calls that wait for it return. */
    settled_review: { readonly review_id: number }
  }
}

export const reviewRoom = {
  name: 'reviews',
  commands: { ...authorizeCommands, ...escalateCommands, ...grantCommands, ...reviewCommands },
  tables: ({ db, forget }) => ({ grants: new GrantStore(db), reviews: new ReviewStore(db, forget) }),
  memory: ({ setTimer }) => ({ decisions: new Topic(setTimer) }),
  duties: [reviewDuty],
  effects: { settled_review: ({ live }, { review_id }) => live.decisions.tell(review_id) },
  prune: ({ at, store, atOnce }) => {
    const before = at - limits.review_retention_ms
    store.reviews.prune(before, atOnce)
    store.grants.prune(before)
    store.grants.forgetSeen(before)
  },
  waits: { 'reviews.get': waitForDecision, 'claims.authorize': waitForAuthorization },
  hold: reviewHold,
  onSettled: endReviewsOf,
  onErased: eraseReviewsOf,
} satisfies Room
