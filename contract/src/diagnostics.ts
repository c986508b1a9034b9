/** Responsible for what a tenant finds out about itself: whether what must always hold holds now, how much it stores, and how far its limits are. */
import * as z from 'zod'
import { time } from './fields.ts'

/** What must hold at any moment, whoever asks when. */
export const invariants = {
  I2: 'A job has at most one live lease: of the worker, and of the attempt, that its row names.',
  I4: 'A job that has ended stands in no queue, and nobody holds a lease of it.',
  I5: 'A running job has a lease: somebody is believed to be at work.',
  I6: 'No job has had more attempts than it may have.',
  I7: 'A job that a human had to release runs only on an approval that was spent on it, of exactly what runs.',
  I8: 'While the killswitch is at level 3 or above, nothing runs.',
  I12: 'The audit rows in the object follow each other without a gap, and each hash is that of its row.',
  I14: 'A revoked worker holds nothing.',
} as const
export type InvariantId = keyof typeof invariants
export const invariantIds = Object.keys(invariants) as readonly InvariantId[]

const broken = z.object({ job_id: z.number().int().nullable(), detail: z.string() })
const check = z.object({
  id: z.string(),
  says: z.string(),
  /** Jobs, leases or rows that were looked at. */
  checked: z.number().int(),
  holds: z.boolean(),
  /** The first of those that break it. */
  broken: z.array(broken),
})

export const diagnostics = z
  .object({
    at: time,
    /** Whether every check holds. */
    holds: z.boolean(),
    checks: z.array(check),
    /** More runs or waits than one look takes in; the rest was not looked at. */
    partial: z.boolean(),
    storage: z.object({
      bytes: z.number().int(),
      /** Rows of the tenant object by what they are; of jobs and audit rows the span of their numbers. */
      rows: z.record(z.string(), z.number().int()),
    }),
    /** Since midnight UTC. */
    today: z.object({ since: time, jobs: z.number().int(), audit_rows: z.number().int() }),
    outbox: z.object({
      /** Audit rows that the archive has not confirmed since this object's memory began. */
      waiting: z.number().int(),
      oldest_at: time.nullable(),
      /** The first row that the archive holds otherwise: shipping has stopped there. */
      fork_at: z.number().int().nullable(),
    }),
    headroom: z.array(
      z.object({ what: z.string(), used: z.number(), limit: z.number(), unit: z.enum(['bytes', 'count']), source: z.string() }),
    ),
  })
  .meta({ id: 'Diagnostics' })
export type Diagnostics = z.infer<typeof diagnostics>
