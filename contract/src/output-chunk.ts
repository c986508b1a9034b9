/** Responsible for the shapes of output chunks, as a worker sends them and as viewers of the stream receive them. It decides nothing. */
import * as z from 'zod'
import { integer, text } from './fields.ts'
import { limits } from './limits.ts'

export const outputChunk = z.object({
  seq: integer(0, Number.MAX_SAFE_INTEGER),
  stream: z.enum(['stdout', 'stderr', 'system']).default('stdout'),
  text: text(limits.output_chunk_bytes),
})
export type OutputChunk = z.infer<typeof outputChunk>
/** A chunk as viewers receive it: with the attempt that wrote it. */
export const streamedChunk = z.object({ seq: z.number().int(), attempt: z.number().int(), stream: z.string(), text: z.string() })
export type StreamedChunk = z.infer<typeof streamedChunk>
