/**
 * Responsible for the shapes of keys that jobs share: how many jobs of a key run at once, and how many start within some time. It decides nothing.
 */
import * as z from 'zod'
import { label, seconds } from './fields.ts'
import { limits } from './limits.ts'

export const keyConflicts = ['wait', 'replace', 'reject'] as const

/** At most `limit` jobs with this key run at once. */
export const concurrency = z
  .strictObject({
    key: label,
    limit: z.number().int().min(1).max(limits.concurrency_max).default(1),
    /**
     * What happens when the limit is reached. `wait`: the job waits (the default). `replace`: it waits, and the jobs with this key that have not
     * started are aborted. `reject`: the dispatch is refused.
     */
    on_conflict: z.enum(keyConflicts).default('wait'),
  })
  .meta({ id: 'Concurrency' })
export type Concurrency = z.output<typeof concurrency>

/** At most `max` attempts with this key start within any `per_seconds`. */
export const rate = z
  .strictObject({
    key: label,
    max: z.number().int().min(1).max(limits.rate_starts_max),
    per_seconds: seconds(limits.rate_window_max_ms),
  })
  .meta({ id: 'Rate' })
export type Rate = z.output<typeof rate>
