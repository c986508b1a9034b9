/** Responsible for the shapes of offers and leases, and of the calls that an attempt makes from start to end. */
import * as z from 'zod'
import { flag, givenTime, instanceLabel, integer, jobId, refuseMeaningless, text, time } from './fields.ts'
import { job, usage } from './job.ts'
import { outputChunk } from './output-chunk.ts'
import { killswitchBrief } from './killswitch.ts'
import { limits } from './limits.ts'

export const lease = z.object({ token: z.string(), attempt: z.number().int(), expires_at: time })
export type Lease = z.infer<typeof lease>

/** A provisional lease: if the job is not started within `limits.offer_ms`, it is offered to another worker. */
export const offer = z.object({ job, lease })
export type Offer = z.infer<typeof offer>

export const claimPoll = z.strictObject({
  max: integer(1, limits.claim_max).optional(),
  /** Seconds to hold the request open while there is no offer. */
  wait: integer(0, limits.long_poll_max_s).optional(),
  instance: instanceLabel.optional(),
  worker: instanceLabel.optional(),
})
export const claimPollReply = z.object({ offers: z.array(offer), killswitch: killswitchBrief })
export type ClaimPollReply = z.infer<typeof claimPollReply>

/** The running attempt, in the answer to start and to a claim by id. */
export const startReply = z.object({ job, lease, killswitch: killswitchBrief })

const tail = z.object({ text: text(limits.tail_bytes), truncated: z.boolean().optional() })
export const attemptCompletion = z.strictObject({
  job_id: jobId,
  result: text(limits.result_bytes).nullable().optional(),
  exit_code: z.number().int().optional(),
  usage: usage.optional(),
  /** Output that was never sent as chunks, so that a short job needs no stream object. */
  tail: tail.optional(),
  /**
   * Number of chunks of this attempt that the stream has confirmed; the tail begins after them. When the field is present, chunks were sent and there
   * may be a stream object to close. This includes 0, when no chunk was confirmed.
   */
  chunks: integer(0, Number.MAX_SAFE_INTEGER).optional(),
})
const failureFields = z.strictObject({
  job_id: jobId,
  error: z.object({
    type: z.string().min(1).max(60),
    message: text(limits.error_message_bytes),
    retryable: z.boolean().optional(),
    /** When the rate limit resets, as the provider said. The job waits until then. */
    retry_at: givenTime.nullable().optional(),
  }),
  /** When the quota of the account that this worker uses is available again. No job that needs the account can run there before. */
  parked_until: time.nullable().optional(),
  exit_code: z.number().int().nullable().optional(),
  usage: usage.optional(),
  tail: tail.optional(),
  chunks: integer(0, Number.MAX_SAFE_INTEGER).optional(),
})
/** `retry_at` is only allowed for an error that is retryable. */
export const attemptFailure = failureFields.check((payload) => {
  const { retryable, retry_at } = payload.value.error
  if (retry_at == null || retryable === true) return
  payload.issues.push({ code: 'custom', input: retry_at, path: ['error', 'retry_at'], message: 'goes with retryable: true' })
})
export const attemptOutput = z.strictObject({
  job_id: jobId,
  chunks: z.array(outputChunk).min(1).max(limits.output_chunks_per_call),
})
/** `next_seq`: the first sequence number that the stream has not received. A sender that lost a reply continues there. */
export const outputReply = z.object({ next_seq: z.number().int(), closed: z.boolean() })
export const settleReply = z.object({ job, killswitch: killswitchBrief })

/** The inbox of workers on the compatibility paths (seed 000: "polls its inbox for jobs assigned to its name"). */
export const inbox = z.strictObject({
  worker: z.string().max(255).optional(),
  status: z.string().max(20).optional(),
  wait: integer(0, limits.long_poll_max_s).optional(),
  limit: integer(1, limits.list_max).optional(),
})
export const inboxReply = z.object({ jobs: z.array(job), killswitch: killswitchBrief })

export const claimById = z.strictObject({ job_id: jobId, worker: z.string().max(255).optional() })
const closeFields = z.strictObject({
  job_id: jobId,
  status: z.enum(['done', 'failed', 'escalated']),
  result: text(limits.result_bytes).optional(),
  worker: z.string().max(255).optional(),
  error_type: z.string().max(60).optional(),
  retryable: flag.optional(),
})
const onlyOfFailures = ['error_type', 'retryable'] as const
export const closeById = closeFields.check(
  refuseMeaningless<z.output<typeof closeFields>>(
    ...onlyOfFailures.map((field) => ({
      field,
      when: ({ status }: z.output<typeof closeFields>) => status !== 'failed',
      message: 'goes with the status failed',
    })),
  ),
)
