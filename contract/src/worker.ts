/** Responsible for the shapes of workers, their capabilities and their presence. */
import * as z from 'zod'
import { declaredTraits } from './catalogue.ts'
import {
  capabilityName,
  flag,
  instanceLabel,
  integer,
  jsonValue,
  label,
  page,
  paging,
  seconds,
  tagList,
  text,
  time,
  workerName,
} from './fields.ts'
import { workerId } from './ids.ts'
import { secretReference } from './job.ts'
import { killswitchBrief } from './killswitch.ts'
import { limits } from './limits.ts'
import { keyInForce } from './member.ts'

export const workerKinds = ['silicon', 'carbon', 'xenon', 'companion'] as const
export const workerKind = z.enum(workerKinds)
export type WorkerKind = z.infer<typeof workerKind>

/** How much human control an action needs before it runs (seed 000). */
export const riskTiers = ['auto', 'audit', 'approve', 'session'] as const
export const riskTier = z.enum(riskTiers)
export type RiskTier = z.infer<typeof riskTier>

const votes = z.number().int().min(1).max(limits.quorum_max)

/** How reviews of this capability are decided; absent fields have their defaults (docs/explanation/reviews.md, "Policies"). */
export const reviewPolicy = z
  .strictObject({
    /** Seconds until `on_expiry` happens; at most seven days, after which every undecided review expires. */
    ttl: seconds(limits.review_deny_ms).optional(),
    /** `deny`: the review expires. `escalate`: it is announced once more, as escalated. `keep` (default): a reminder is sent. */
    on_expiry: z.enum(['deny', 'escalate', 'keep']).optional(),
    /** How many members must approve, and how many denials end the review. Default: 1 and 1. */
    quorum: z.strictObject({ approve: votes.optional(), deny: votes.optional() }).optional(),
    /** Whether the member who dispatched the job may approve it. Off by default. */
    self_approval: z.boolean().optional(),
    /** `required`: every decision must be signed with the passkey of the member who decides. `optional` (default): it may be. */
    signed: z.enum(['optional', 'required']).optional(),
    /** Every use counts as irreversible and is never decided in bulk. */
    irreversible: z.boolean().optional(),
    /** Tier `session`: how many seconds a grant lasts, at most 12 hours, and how often it may be used (default: unlimited). */
    grant_ttl: seconds(limits.grant_max_ms).optional(),
    grant_uses: z.number().int().min(1).max(1_000_000).optional(),
  })
  .meta({ id: 'ReviewPolicy' })
export type ReviewPolicy = z.infer<typeof reviewPolicy>

/** Only an approval in the tier `session` makes a grant. */
const grantFields = ['grant_ttl', 'grant_uses'] as const
export const capability = z
  .strictObject({
    name: capabilityName,
    risk_tier: riskTier,
    requires_secrets: z.array(secretReference).max(32).optional(),
    policy: reviewPolicy.optional(),
  })
  .check(({ value, issues }) => {
    if (value.risk_tier === 'session') return
    for (const field of grantFields) {
      const input = value.policy?.[field]
      if (input !== undefined) issues.push({ code: 'custom', input, path: ['policy', field], message: 'goes with the tier session' })
    }
  })
  .meta({ id: 'Capability' })
export type Capability = z.infer<typeof capability>

export const capabilities = z
  .array(capability)
  .max(200)
  .refine((list) => new Set(list.map((item) => item.name)).size === list.length, 'names a capability twice')

/** Settings that the operator may change while the worker runs. Workers apply them and report it (`config:applied`). */
export const workerConfig = z
  .strictObject({
    slots: z.number().int().min(1).max(256).optional(),
    tags: tagList.optional(),
    networks: tagList.optional(),
    model: label.optional(),
    provider: label.optional(),
    poll_ms: z.number().int().min(1_000).max(300_000).optional(),
    /** Traits for the Director, which take precedence over the rules of the catalogue: from 0 (worst) to 1 (best). */
    ...declaredTraits,
    /** The account whose quota the worker uses: workers with the same account are parked together. */
    account: label.optional(),
    /** Only one job at a time runs in the worker's directory, by any worker of that directory. Jobs with their own key are not affected. */
    concurrency_key: z.literal('workdir').optional(),
  })
  .meta({ id: 'WorkerConfig' })
export type WorkerConfig = z.infer<typeof workerConfig>

export const workerRegistration = z.strictObject({
  name: workerName,
  description: text(2_000).optional(),
  kind: workerKind.optional(),
  capabilities: capabilities.optional(),
  requires_secrets: z.array(secretReference).max(32).optional(),
  config: workerConfig.optional(),
  may_raise_killswitch: flag.optional(),
})
export const workerPatch = z.strictObject({
  worker_id: workerId,
  description: text(2_000).optional(),
  capabilities: capabilities.optional(),
  requires_secrets: z.array(secretReference).max(32).optional(),
  config: workerConfig.optional(),
  may_raise_killswitch: flag.optional(),
})

/** `keep_running`: running attempts go on under their leases. Without it they end, and their jobs are tried again. */
export const workerRotation = z.strictObject({ worker_id: workerId, keep_running: flag.optional() })

export const registeredWorker = z
  .object({
    worker_id: z.string(),
    name: z.string(),
    kind: workerKind,
    capabilities: z.array(capability),
    view_url: z.string(),
    expires_at: time,
  })
  .meta({ id: 'RegisteredWorker' })

/** `parked`: its account is out of quota, so it gets no offers. */
export const presenceStates = ['online', 'idle', 'busy', 'deaf', 'parked', 'offline'] as const
export const presenceState = z.enum(presenceStates)
export type PresenceState = z.infer<typeof presenceState>

/**
 * Open: this worker gets no offers until then. Half-open: it gets one job as a test. In both states jobs are still queued for it. Resuming the worker
 * closes the breaker.
 */
export const breaker = z
  .object({
    state: z.enum(['open', 'half-open']),
    until: time.nullable(),
    /** Consecutive attempts that ended through a fault of the worker: spawn_failed, auth_failed, worker_lost. */
    faults: z.number().int(),
    last_fault: z.string().nullable(),
  })
  .meta({ id: 'Breaker' })

export const presence = z
  .object({
    worker_id: z.string(),
    name: z.string(),
    kind: workerKind,
    state: presenceState,
    instance: z.string().nullable(),
    /** How the worker was last heard from: socket, poll, or none. */
    transport: z.enum(['socket', 'poll', 'none']),
    running: z.number().int(),
    slots: z.number().int(),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    tags: z.array(z.string()),
    networks: z.array(z.string()),
    details: z.json(),
    /** The machine and directory that it works in, if it has reported them. */
    place: z.string().nullable().optional(),
    last_seen: time.nullable(),
    /** Null while its circuit breaker is closed. */
    breaker: breaker.nullable().optional(),
    /** When its account has quota again; null when it has quota now. */
    parked_until: time.nullable().optional(),
    /** Name of its machine, if it has reported one. */
    machine: z.string().nullable().optional(),
  })
  .meta({ id: 'Presence' })
export type Presence = z.infer<typeof presence>

export const worker = z
  .object({
    worker_id: z.string(),
    name: z.string(),
    kind: workerKind,
    description: z.string(),
    capabilities: z.array(capability),
    requires_secrets: z.array(z.string()),
    config: workerConfig,
    config_version: z.number().int(),
    /** The config version that the worker last reported as applied, and when it first reported it; null when it never has. */
    config_applied: z.object({ version: z.number().int(), at: time }).nullable().optional(),
    /** Only where one worker is read: the times in the last 24 hours in which it was live. Absences under four minutes are ignored. */
    presence_24h: z.array(z.object({ from: time, until: time })).optional(),
    /** Only where one worker is read: its valid token; null when it has none. */
    token: keyInForce.nullable().optional(),
    may_raise_killswitch: z.boolean(),
    paused: z.boolean(),
    revoked_at: time.nullable(),
    created_at: time,
    last_seen: time.nullable(),
    state: presenceState,
    running: z.number().int(),
    /** Null while its circuit breaker is closed. */
    breaker: breaker.nullable().optional(),
    /** When its account has quota again; null when it has quota now. */
    parked_until: time.nullable().optional(),
    /** For a person: the member who works as this worker, without a token. Null for every other worker. */
    member_id: z.string().nullable().optional(),
    /** Only in the answer to a change that loosens a tier or policy and that another member must approve: the review for it. */
    review_id: z.number().int().optional(),
  })
  .meta({ id: 'Worker' })
export type Worker = z.infer<typeof worker>
export const workerList = z.strictObject({ ...paging, include_revoked: flag.optional() })
export const workerPage = page(worker)

/** An attempt that the worker believes it is running. The server answers which attempts to stop. */
export const liveLease = z.object({ job_id: integer(1, Number.MAX_SAFE_INTEGER), attempt: z.number().int() })

export const presenceReport = z.strictObject({
  instance: instanceLabel.optional(),
  /** Older workers send `active`; the SDK sends what the worker is doing. */
  status: z.string().max(40).optional(),
  tags: tagList.optional(),
  networks: tagList.optional(),
  provider: label.optional(),
  model: label.optional(),
  slots: integer(0, 256).optional(),
  details: jsonValue(4_096).optional(),
  /** Name of the worker's machine, by which people group workers; null removes the name. */
  machine: label.nullable().optional(),
  /** Version of `config` that the worker runs with. */
  config_version: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  /** The machine and directory that it works in; sent when its config has a `concurrency_key`. */
  place: label.optional(),
  worker_type: z.string().max(40).optional(),
  /** With a member key (the companion path of seed 000): which worker this is. Not needed with a worker token. */
  worker: instanceLabel.optional(),
  leases: z.array(liveLease).max(256).optional(),
  /** When the quota of the account that the worker uses is available again; null: it is available now; absent: unchanged. */
  parked_until: time.nullable().optional(),
  takeover: flag.optional(),
})
export type PresenceReport = z.output<typeof presenceReport>

export const presenceReply = z
  .object({
    worker: z.object({
      worker_id: z.string(),
      name: z.string(),
      paused: z.boolean(),
      capabilities: z.array(capability),
      /** References that it was registered with, which jobs may require. */
      requires_secrets: z.array(z.string()).optional(),
    }),
    config: workerConfig,
    config_version: z.number().int(),
    killswitch: killswitchBrief,
    /** Jobs to stop now: they were aborted, or their lease is lost. */
    aborts: z.array(z.object({ job_id: z.number().int(), attempt: z.number().int(), reason: z.string() })),
    intervals: z.object({ heartbeat_ms: z.number().int(), poll_wait_s: z.number().int() }),
    /** The server's clock: a worker counts its times from it, so that a wrong local clock has no effect. */
    server_time: time.optional(),
  })
  .meta({ id: 'PresenceReply' })
export type PresenceReply = z.infer<typeof presenceReply>
