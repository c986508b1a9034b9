/** Responsible for the shape of a job's context as a worker reads it (seed 001, `/context`). */
import * as z from 'zod'
import { integer } from './fields.ts'
import { contextPolicy } from './job.ts'

export const contextQuery = z.strictObject({
  job_id: integer(1, Number.MAX_SAFE_INTEGER),
  policy: contextPolicy.optional(),
  /** Maximum number of characters; the oldest turns are dropped first. */
  budget: integer(0, 1_000_000).optional(),
})
export const contextReply = z.object({ policy: z.string(), size: z.number().int(), context: z.string() }).meta({ id: 'Context' })
