/** Responsible for asking humans from inside a job: submitting reviews, and waiting until an action is allowed or refused. */
import { authorizationReply, limits, operationIds, review, type Input, type OperationId, type Review } from '@modelreins/contract'
import { fullJitter } from '../client/backoff.ts'
import type { Client } from '../client/client.ts'
import { pause, type Clock } from '../client/clock.ts'
import { ModelReinsError } from '../client/error.ts'
import { mayPass } from '../client/retry.ts'
import { ActionRefused, type Authorized, type AuthorizeOptions, type ReviewRequest } from './executor.ts'

export interface AskingJob {
  readonly client: Client
  readonly clock: Clock
  readonly jobId: number
  readonly token: string
  readonly signal: AbortSignal
}

const backoff = { baseMs: 1_000, capMs: 30_000 }

function operation(name: string): OperationId {
  const id = operationIds.find((known) => String(known) === name)
  if (id === undefined) throw new ModelReinsError(`This version knows no operation ${name}`, { code: 'not-found', status: 0 })
  return id
}

export async function submitReview(asking: AskingJob, request: ReviewRequest): Promise<Review> {
  const input = { ...request, job_id: asking.jobId } as Input<OperationId>
  return review.parse(await asking.client.call(operation('reviews.submit'), input, { signal: asking.signal }))
}

/** Waits for as long as the human thinks; a broken connection or a restarted server finds the same review again. */
export async function authorize(asking: AskingJob, capability: string, action: unknown, options: AuthorizeOptions): Promise<Authorized> {
  const input = { job_id: asking.jobId, capability, action, ...options, wait: limits.long_poll_max_s } as Input<OperationId>
  for (let failures = 0; ;) {
    try {
      const answer = await asking.client.call(operation('claims.authorize'), input, {
        token: asking.token,
        signal: asking.signal,
        timeoutMs: (limits.long_poll_max_s + 15) * 1_000,
        retry: false,
      })
      const reply = authorizationReply.parse(answer)
      failures = 0
      if (reply.outcome === 'refused') throw new ActionRefused(capability, reply.review_id, reply.comment)
      if (reply.outcome === 'allowed') return { action: reply.action, reviewId: reply.review_id, comment: reply.comment }
    } catch (error) {
      if (!mayPass(error)) throw error
      await pause(asking.clock, fullJitter(backoff, failures, asking.clock), asking.signal)
      failures += 1
    }
    asking.signal.throwIfAborted()
  }
}
