/** Responsible for the shapes of information about the service itself. */
import * as z from 'zod'
import { time } from './fields.ts'

export const health = z
  .object({ status: z.enum(['ok', 'degraded']), version: z.string(), time, checks: z.record(z.string(), z.string()) })
  .meta({ id: 'Health' })
export const emptyInput = z.strictObject({})
export const okReply = z.object({ ok: z.literal(true) })
