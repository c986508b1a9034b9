/** Responsible for what callers are told ahead of time: why a job stands where it stands, and what a dispatch would do. It decides nothing. */
import * as z from 'zod'
import { fallbackOutlook } from './fallback.ts'
import { jobHold, jobStatus } from './job.ts'

/** One filter's verdict on one worker, in words. */
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
    /** One sentence: what the job waits for now, or why it does not. */
    answer: z.string(),
    ahead: z.number().int().nullable(),
    workers: z.array(workerVerdict),
    /** Steps of its fallback chain that are still ahead; absent without a chain, or once it has ended. */
    fallback: z.array(fallbackOutlook).optional(),
  })
  .meta({ id: 'Why' })
export type Why = z.infer<typeof why>

/** What a job is likely to cost in US dollars: as recent jobs of the worker reported, or by the catalogue's price and the tokens that they used. */
export const expectedCost = z.object({
  known: z.boolean(),
  /** Null while it is not known. */
  low_usd: z.number().nullable(),
  high_usd: z.number().nullable(),
  from: z.enum(['reported', 'price']).nullable(),
  /** How many jobs it rests on. */
  jobs: z.number().int(),
  /** One phrase: the range and where it comes from, or `unknown` and why. */
  says: z.string(),
})

/** What a dispatch would do now. Nothing is written; the numbers and ids of what it would make are not told. */
export const preview = z
  .object({
    would: z.enum(['queue', 'hold', 'refuse']),
    /** One sentence: who would get it, what it would wait for, or why it would be refused. */
    answer: z.string(),
    /** Of `refuse`: the code of the problem. */
    code: z.string().nullable(),
    hold: jobHold.nullable(),
    /** Who would be asked: one worker, or the targets of a fan-out. */
    choices: z.array(
      z.object({
        worker: z.string(),
        hold: jobHold.nullable(),
        model_class: z.string(),
        /** Seconds that jobs have taken this worker on average; null while nothing is known. */
        expected_seconds: z.number().nullable(),
        cost: expectedCost,
      }),
    ),
    /** Everybody, ranked, with reasons. */
    workers: z.array(workerVerdict),
    /** Steps of its fallback chain that would still be ahead; absent without a chain. */
    fallback: z.array(fallbackOutlook).optional(),
  })
  .meta({ id: 'Preview' })
export type Preview = z.infer<typeof preview>
