/** Responsible for the shapes of explanations and previews: why a job is where it is, and what a dispatch would do. It decides nothing. */
import * as z from 'zod'
import { fallbackOutlook } from './fallback.ts'
import { time } from './fields.ts'
import { jobHold, jobStatus } from './job.ts'

/** Whether one worker passes the filters, explained in words. */
export const workerVerdict = z.object({
  worker_id: z.string(),
  name: z.string(),
  eligible: z.boolean(),
  live: z.boolean(),
  score: z.number().nullable(),
  reasons: z.array(z.string()),
})
export const why = z
  .object({
    job_id: z.number().int(),
    status: jobStatus,
    /** One sentence: what the job waits for now, or why it waits for nothing. */
    answer: z.string(),
    ahead: z.number().int().nullable(),
    workers: z.array(workerVerdict),
    /** When its timeout ends the running attempt; absent while none runs. */
    timeout_at: time.optional(),
    /** Steps of its fallback chain that are still ahead; absent without a chain, or when the job has ended. */
    fallback: z.array(fallbackOutlook).optional(),
  })
  .meta({ id: 'Why' })
export type Why = z.infer<typeof why>

/** The likely cost of a job in US dollars: as recent jobs of the worker reported it, or the catalogue's price times the tokens that they used. */
export const expectedCost = z.object({
  known: z.boolean(),
  /** Null when unknown. */
  low_usd: z.number().nullable(),
  high_usd: z.number().nullable(),
  from: z.enum(['reported', 'price']).nullable(),
  /** Number of jobs that the estimate is based on. */
  jobs: z.number().int(),
  /** One phrase: the range and its source, or `unknown` and the reason. */
  says: z.string(),
})

/** What a dispatch would do now. Nothing is written, and the ids that a dispatch would create are not included. */
export const preview = z
  .object({
    would: z.enum(['queue', 'hold', 'refuse']),
    /** One sentence: which worker would get it, what it would wait for, or why it would be refused. */
    answer: z.string(),
    /** Only with `refuse`: the code of the problem. */
    code: z.string().nullable(),
    hold: jobHold.nullable(),
    /** The workers that would be asked: one worker, or the targets of a fan-out. */
    choices: z.array(
      z.object({
        worker: z.string(),
        hold: jobHold.nullable(),
        model_class: z.string(),
        /** Average duration of this worker's jobs in seconds; null when unknown. */
        expected_seconds: z.number().nullable(),
        cost: expectedCost,
      }),
    ),
    /** All workers, ranked, with reasons. */
    workers: z.array(workerVerdict),
    /** Steps of its fallback chain that would still be ahead; absent without a chain. */
    fallback: z.array(fallbackOutlook).optional(),
  })
  .meta({ id: 'Preview' })
export type Preview = z.infer<typeof preview>
