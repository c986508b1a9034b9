/** Responsible for the shapes of live streams: job output as server-sent events. */
import * as z from 'zod'
import { jobError, jobStatus } from './job.ts'
import { streamedChunk } from './output-chunk.ts'

/** In the stream of a fan-out: the job that an event is about. */
const speaker = { job_id: z.number().int().optional(), worker: z.string().optional() }
const jobEnd = { status: jobStatus, result: z.string().nullable(), error: jobError.nullable() }
const ofFanOut = { job_id: z.number().int(), worker: z.string() }

export const streamEvent = z.discriminatedUnion('event', [
  /** `id`: the position to resume from. A sequence number, or in the stream of a fan-out a cursor over all of its jobs. */
  z.object({ event: z.literal('output'), id: z.union([z.number().int(), z.string()]), data: streamedChunk.extend(speaker) }),
  z.object({ event: z.literal('gap'), data: z.object({ from: z.number().int(), to: z.number().int(), ...speaker }) }),
  /** A job of a fan-out has ended. */
  z.object({ event: z.literal('child'), data: z.object({ ...ofFanOut, role: z.enum(['child', 'merge']), ...jobEnd }) }),
  /** This job is merging the answers of a fan-out. */
  z.object({ event: z.literal('merge'), data: z.object(ofFanOut) }),
  z.object({ event: z.literal('end'), data: z.object(jobEnd) }),
])
export type StreamEvent = z.infer<typeof streamEvent>
export const endEvent = z.object({ status: jobStatus, result: z.string().nullable(), error: jobError.nullable() })
