/** Responsible for what the live streams say: job output as server-sent events. */
import * as z from 'zod'
import { jobError, jobStatus, streamedChunk } from './job.ts'

export const streamEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('output'), id: z.number().int(), data: streamedChunk }),
  z.object({ event: z.literal('gap'), data: z.object({ from: z.number().int(), to: z.number().int() }) }),
  z.object({ event: z.literal('end'), data: z.object({ status: jobStatus, result: z.string().nullable(), error: jobError.nullable() }) }),
])
export type StreamEvent = z.infer<typeof streamEvent>
export const endEvent = z.object({ status: jobStatus, result: z.string().nullable(), error: jobError.nullable() })
