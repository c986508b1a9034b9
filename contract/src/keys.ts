/** Responsible for what a job may share with others by a key: how many of them run at once, and how many start in a while. It decides nothing. */
import * as z from 'zod'
import { label, seconds } from './fields.ts'
import { limits } from './limits.ts'

export const keyConflicts = ['wait', 'replace', 'reject'] as const

/** At most `limit` jobs of this key at once. */
export const concurrency = z
  .strictObject({
    key: label,
    limit: z.number().int().min(1).max(limits.concurrency_max).default(1),
    /**
     * When the key is taken: `wait` for it (the default); `replace`: wait, and abort the jobs of this key that have not started; `reject`: refuse
     * the dispatch.
     */
    on_conflict: z.enum(keyConflicts).default('wait'),
  })
  .meta({ id: 'Concurrency' })
export type Concurrency = z.output<typeof concurrency>

/** At most `max` attempts of this key start within any `per_seconds`. */
export const rate = z
  .strictObject({
    key: label,
    max: z.number().int().min(1).max(limits.rate_starts_max),
    per_seconds: seconds(limits.rate_window_max_ms),
  })
  .meta({ id: 'Rate' })
export type Rate = z.output<typeof rate>
