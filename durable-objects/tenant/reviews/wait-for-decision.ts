/** Responsible for calls that wait for the decision of a review: reads of a pending review, and authorizations of actions. */
import type { Host } from '../kernel/host.ts'
import type { Caller } from '../kernel/context.ts'
import type { Wait } from '../kernel/room.ts'

async function untilSettled(host: Host, review: number, seconds: number): Wait {
  await host.live.decisions.wait(review, seconds * 1000)
  return undefined
}

function forReview(host: Host, input: object, review: unknown): Wait | undefined {
  const seconds = 'wait' in input && typeof input.wait === 'number' ? input.wait : 0
  return seconds > 0 ? untilSettled(host, Number(review), seconds) : undefined
}

/** For reads of a review: waits up to `wait` seconds while it is pending; undefined when there is nothing to wait for. */
export const waitForDecision = (host: Host, _caller: Caller, input: object, first: object): Wait | undefined =>
  'status' in first && first.status === 'pending' && 'id' in first ? forReview(host, input, first.id) : undefined

/**
 * For authorizations of actions: waits up to `wait` seconds while the outcome is `waiting`; undefined when there is nothing to wait for.
 */
export const waitForAuthorization = (host: Host, _caller: Caller, input: object, first: object): Wait | undefined =>
  'outcome' in first && first.outcome === 'waiting' && 'review_id' in first ? forReview(host, input, first.review_id) : undefined
