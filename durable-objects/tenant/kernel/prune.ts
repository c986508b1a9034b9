/**
 * Responsible for forgetting in the object what D1 keeps for good (old ended jobs, shipped audit rows), and what has had its time: used
 * keys, settled reviews, ended grants, sent deliveries.
 */
import { limits } from '@modelreins/contract'
import type { Store } from './open-store.ts'

/** Deletes are rows written, too: a bounded number at a time. */
const atOnce = 500

export function prune(store: Store, at: number, shippedSeq: number): void {
  const before = at - limits.retention_ms
  // A job that has ended is in D1 once the row of its end is: before that it is here alone.
  const unshipped = store.audit.after(shippedSeq, 1)[0]
  if (unshipped === undefined || Date.parse(unshipped.at) >= before) store.jobs.prune(before, atOnce)
  store.audit.prune(shippedSeq, before, atOnce)
  store.jobs.forgetKeys(at - limits.idempotency_ms)
  store.reviews.prune(at - limits.review_retention_ms, atOnce)
  store.grants.prune(at - limits.review_retention_ms)
  store.grants.forgetSeen(at - limits.review_retention_ms)
  store.webhooks.prune(before)
  store.sessions.prune(at)
}
