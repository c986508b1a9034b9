/**
 * Responsible for the table of a tenant's settings: what an operator may choose, the default, and the reason for the default. One row drives
 * validation, what callers see, the command line and the reference; it decides nothing.
 */
import * as z from 'zod'
import { fallbackChain } from './fallback.ts'
import { mergeKinds } from './fan-out.ts'
import { capabilityName, flag, seconds } from './fields.ts'
import { effort, mode } from './job.ts'
import { attemptsByEffort, limits } from './limits.ts'
import { reviewPolicy } from './worker.ts'

interface Row<Schema extends z.ZodType> {
  readonly schema: Schema
  /** The default. */
  readonly otherwise: z.output<Schema>
  /** One sentence for people. */
  readonly about: string
  /** Why this default was chosen. */
  readonly reason: string
}
const row = <Schema extends z.ZodType>(schema: Schema, otherwise: z.output<Schema>, about: string, reason: string): Row<Schema> => ({
  schema,
  otherwise,
  about,
  reason,
})

const chain = fallbackChain.optional()
const attempts = z.number().int().min(1).max(limits.attempts_max).optional()

export const tenantSettingRows = {
  require_capability: row(
    flag,
    false,
    'A worker that has a capability with the tier approve or session takes only jobs that name a capability. New tenants start with true.',
    'Off in tenants from before the setting, so that their jobs still run. Turning it off needs a review if the tenant has reviewers.',
  ),
  default_effort: row(effort, 'standard', 'Effort of a job that names none.', 'A balance of quality, cost and speed.'),
  default_mode: row(mode, 'auto', 'Mode of a job that names none.', 'Any other default would refuse jobs that could run.'),
  default_expires_in: row(
    seconds(limits.schedule_to_start_max_ms),
    limits.schedule_to_start_ms / 1000,
    'Seconds that a job may wait for its start, if the job does not say.',
    'After two hours the requester is probably gone, and a late answer may do harm.',
  ),
  when_offline: row(
    z.enum(['reject', 'queue']),
    'reject',
    'What a dispatch does when all eligible workers are offline, if the dispatch does not say.',
    'The requester learns at once that no worker will answer.',
  ),
  attempts: row(
    z.strictObject({ trivial: attempts, quick: attempts, standard: attempts, deep: attempts, critical: attempts }),
    attemptsByEffort,
    'Attempts by effort, for jobs without max_attempts; efforts that are left out keep their default.',
    'An important answer is worth more attempts.',
  ),
  fallback: row(
    z.strictObject({ trivial: chain, quick: chain, standard: chain, deep: chain, critical: chain }),
    {},
    'Fallback chain by effort, for jobs that name no chain, target, provider or model of their own.',
    'Another provider sees the prompt and costs money, so a fallback must be chosen.',
  ),
  default_merge: row(
    z.enum(mergeKinds),
    'worker',
    'How the answers of a fan-out become one, if the fan-out does not say.',
    'The requester expects one answer, and only a worker can write it from several.',
  ),
  merge_deadline: row(
    z
      .number()
      .int()
      .min(0)
      .max(limits.timeout_max_ms / 1000),
    0,
    'Seconds after which a fan-out merges the answers that it has, if the fan-out does not say; 0: it waits for all.',
    'The duration of an answer is unknown, and an answer that arrives after the merge is left out of it.',
  ),
  review_policies: row(
    z
      .record(capabilityName, reviewPolicy)
      .refine((policies) => Object.keys(policies).length <= limits.review_policies, `holds at most ${limits.review_policies} capabilities`),
    {},
    'Review policy by capability (ttl, on_expiry, quorum, self_approval, ...). It fills in what the policy of a worker for this capability leaves out.',
    'One other member approves; members are reminded after a day, and the review expires after seven days. A change that loosens a policy waits for a review if the tenant has reviewers.',
  ),
  lost_worker_timeout: row(
    z.number().int().min(60).max(86_400),
    limits.lost_worker_timeout_ms / 1000,
    'Seconds without a call from a worker after which it has lost a job that it claimed by id.',
    'Such workers are silent while they work; most jobs end within a quarter of an hour.',
  ),
  person_reminder: row(
    z
      .number()
      .int()
      .min(60)
      .max(limits.person_claim_max_ms / 1000),
    limits.person_reminder_ms / 1000,
    'Seconds without a sign of a person after which they are reminded of the jobs that they have in hand.',
    'Half a working day: a person who has forgotten a job can still do it the same day.',
  ),
  person_hand_back: row(
    z
      .number()
      .int()
      .min(60)
      .max(limits.person_claim_max_ms / 1000),
    limits.person_hand_back_ms / 1000,
    'Seconds without a sign of a person after which the jobs that they have in hand go back to the queue.',
    'A job stays with its person overnight; after a day, another person should get it.',
  ),
  person_expires_in: row(
    seconds(limits.schedule_to_start_max_ms),
    limits.person_expires_ms / 1000,
    'Seconds that a job for a person may wait for its start, if the job does not say. A job is for a person by its substrate, its target, or a capability that only people have.',
    'Long enough for a weekend.',
  ),
  retention_days: row(
    z.number().int().min(1).max(365),
    limits.retention_ms / 86_400_000,
    'Days that ended jobs stay in lists, threads and contexts. The registry keeps them for good.',
    'A week is enough for conversations that continue later, and keeps the tenant object small.',
  ),
} as const

type Rows = typeof tenantSettingRows
export type TenantSettingName = keyof Rows
export const tenantSettingNames = Object.keys(tenantSettingRows) as readonly TenantSettingName[]
export type TenantSettingValues = { readonly [Name in TenantSettingName]: z.output<Rows[Name]['schema']> }

const shape = (change: (schema: z.ZodType) => z.ZodType): Readonly<Record<string, z.ZodType>> =>
  Object.fromEntries(Object.entries(tenantSettingRows).map(([name, { schema }]) => [name, change(schema)]))

// `Object.fromEntries` loses the types of the individual rows, so the casts restore them.
const values = shape((schema) => schema) as unknown as { readonly [Name in TenantSettingName]: Rows[Name]['schema'] }
const changes = shape((schema) => schema.nullable().optional()) as unknown as {
  readonly [Name in TenantSettingName]: z.ZodOptional<z.ZodNullable<Rows[Name]['schema']>>
}

export const tenantSettings = z
  .object({
    ...values,
    /** Number of changes so far. */
    version: z.number().int(),
    /** Only in the answer to a change that loosens a rule and that another member must approve: the review for it. */
    review_id: z.number().int().optional(),
  })
  .meta({ id: 'TenantSettings' })
export type TenantSettings = z.infer<typeof tenantSettings>

/** Null restores the default. */
export const settingsPatch = z.strictObject(changes)
