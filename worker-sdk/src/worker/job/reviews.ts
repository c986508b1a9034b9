/** Responsible for asking humans from inside a job: submitting reviews, and waiting for the decision about an action. */
import { isDeepStrictEqual } from 'node:util'
import { limits, type Input, type Review } from '@modelreins/contract'
import { fullJitter } from '../../client/backoff.ts'
import type { Client } from '../../client/client.ts'
import { pause, type Clock } from '../../client/clock.ts'
import { isTransient } from '../../client/retry.ts'
import type { Redactor } from '../delivery/redactor.ts'
import { ActionRefused, type Authorized, type AuthorizeOptions, type ReviewRequest } from './executor.ts'

export interface ReviewCall {
  readonly client: Client
  readonly clock: Clock
  readonly jobId: number
  readonly token: string
  readonly signal: AbortSignal
  /** Redacts this machine's secrets from the text of reviews, as from output. */
  readonly redactor: Redactor
}

const backoff = { baseMs: 1_000, capMs: 30_000 }

const redacted = (asking: ReviewCall, request: ReviewRequest): object => Object(asking.redactor.redactValue(request))

export const submitReview = (asking: ReviewCall, request: ReviewRequest): Promise<Review> =>
  // The schema checks before sending whether the payload is JSON.
  asking.client.call('reviews.submit', { ...redacted(asking, request), job_id: asking.jobId } as Input<'reviews.submit'>, {
    signal: asking.signal,
  })

/** Waits as long as the human takes. After a broken connection or a restart of the server, the same review is found again. */
export async function authorize(asking: ReviewCall, capability: string, action: unknown, options: AuthorizeOptions): Promise<Authorized> {
  const { client, clock, signal, redactor } = asking
  // The server gets the action without secrets. The executor gets the original action, unless a reviewer edited it.
  const asked = redactor.redactValue(action)
  const input = {
    ...options,
    ...(options.title === undefined ? {} : { title: redactor.redact(options.title) }),
    job_id: asking.jobId,
    capability,
    action: asked,
    wait: limits.long_poll_max_s,
    // The same key for every repetition of this call, and a new one for every other call: a lost answer is given again, while a second action needs
    // its own decision.
    idempotency_key: `${clock.now().toString(36)}-${clock.random().toString(36).slice(2)}`,
  } as Input<'claims.authorize'>
  for (let failures = 0; ;) {
    signal.throwIfAborted()
    try {
      const reply = await client.call('claims.authorize', input, { token: asking.token, signal, retry: false })
      failures = 0
      if (reply.outcome === 'refused') throw new ActionRefused(capability, reply.review_id, reply.comment)
      if (reply.outcome === 'allowed')
        return { action: isDeepStrictEqual(reply.action, asked) ? action : reply.action, reviewId: reply.review_id, comment: reply.comment }
    } catch (error) {
      if (!isTransient(error)) throw error
      await pause(clock, fullJitter(backoff, failures, clock), signal)
      failures += 1
    }
  }
}
