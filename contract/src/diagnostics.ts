/** Responsible for the shapes of a tenant's self-check: whether its invariants hold now, how much it stores, and how close it is to its limits. */
import * as z from 'zod'
import { time } from './fields.ts'

/** What must hold at every moment. */
export const invariants = {
  I2: 'A job has at most one live lease, held by the worker and for the attempt that the row of the job names.',
  I4: 'A job that has ended is in no queue and has no lease.',
  I5: 'Every running job has a lease.',
  I6: 'No job has had more attempts than its maximum.',
  I7: 'A job that needs a human approval runs only after an approval of exactly what runs was spent on it.',
  I8: 'While the killswitch is at level 3 or above, nothing runs.',
  I12: 'The audit rows in the object follow each other without a gap, and each hash is that of its row.',
  I14: 'A revoked worker has no lease.',
} as const
export type InvariantId = keyof typeof invariants
export const invariantIds = Object.keys(invariants) as readonly InvariantId[]

const broken = z.object({ job_id: z.number().int().nullable(), detail: z.string() })
const check = z.object({
  id: z.string(),
  says: z.string(),
  /** Number of jobs, leases or rows that were checked. */
  checked: z.number().int(),
  holds: z.boolean(),
  /** The first violations. */
  broken: z.array(broken),
})

export const diagnostics = z
  .object({
    at: time,
    /** Whether every check holds. */
    holds: z.boolean(),
    checks: z.array(check),
    /** There are more running or waiting jobs than one call checks; the rest was not checked. */
    partial: z.boolean(),
    storage: z.object({
      bytes: z.number().int(),
      /** Number of rows of the tenant object by kind. For jobs and audit rows: the length of the range of their numbers, gaps included. */
      rows: z.record(z.string(), z.number().int()),
    }),
    /** Since midnight UTC. */
    today: z.object({ since: time, jobs: z.number().int(), audit_rows: z.number().int() }),
    outbox: z.object({
      /** Audit rows that the archive has not confirmed since the object was last loaded into memory. */
      waiting: z.number().int(),
      oldest_at: time.nullable(),
      /** The first row that differs in the archive. Shipping has stopped there. */
      fork_at: z.number().int().nullable(),
    }),
    headroom: z.array(
      z.object({ what: z.string(), used: z.number(), limit: z.number(), unit: z.enum(['bytes', 'count']), source: z.string() }),
    ),
  })
  .meta({ id: 'Diagnostics' })
export type Diagnostics = z.infer<typeof diagnostics>
