/** Responsible for workers, their capabilities and their presence as callers see them. */
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

/** How much friction a human applies before an action runs (seed 000). */
export const riskTiers = ['auto', 'audit', 'approve', 'session'] as const
export const riskTier = z.enum(riskTiers)
export type RiskTier = z.infer<typeof riskTier>

const votes = z.number().int().min(1).max(limits.quorum_max)

/** How reviews of this capability are decided; what is absent is the default (docs/explanation/reviews.md, "Policies"). */
export const reviewPolicy = z
  .strictObject({
    /** Seconds until `on_expiry` happens; at most seven days, when every review that is still undecided expires. */
    ttl: seconds(limits.review_deny_ms).optional(),
    /** `deny`: the review expires. `escalate`: it is announced once more, as escalated. `keep` (default): a reminder. */
    on_expiry: z.enum(['deny', 'escalate', 'keep']).optional(),
    /** How many members must approve, and how many denials end it. 1 and 1 unless said otherwise. */
    quorum: z.strictObject({ approve: votes.optional(), deny: votes.optional() }).optional(),
    /** Whether the member who dispatched the job may approve it. Off by default. */
    self_approval: z.boolean().optional(),
    /** `required`: every decision must be signed with the passkey of the member who decides. `optional` (default): it may be. */
    signed: z.enum(['optional', 'required']).optional(),
    /** Every use counts as irreversible: never decided in bulk. */
    irreversible: z.boolean().optional(),
    /** Tier `session`: seconds that a grant lasts, at most 12 hours, and how often it may be used (default: without bound). */
    grant_ttl: seconds(limits.grant_max_ms).optional(),
    grant_uses: z.number().int().min(1).max(1_000_000).optional(),
  })
  .meta({ id: 'ReviewPolicy' })
export type ReviewPolicy = z.infer<typeof reviewPolicy>

/** A grant is what the tier `session` makes of a yes. */
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

/** What the operator may change while the worker runs; workers apply it and say so (`config:applied`). */
export const workerConfig = z
  .strictObject({
    slots: z.number().int().min(1).max(256).optional(),
    tags: tagList.optional(),
    networks: tagList.optional(),
    model: label.optional(),
    provider: label.optional(),
    poll_ms: z.number().int().min(1_000).max(300_000).optional(),
    /** What the Director is to take it for, before any rule of the catalogue: traits go from 0 (worst) to 1 (best). */
    ...declaredTraits,
    /** Whose quota it uses: workers that name one account are parked together. */
    account: label.optional(),
    /** One job at a time in the directory that it works in, whichever worker of that directory runs it; jobs with a key of their own are not concerned. */
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

/** `keep_running`: attempts that run go on under the lease they have; without it they end, and their jobs are tried again. */
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

/** `parked`: its account is out of quota, so nothing is offered to it. */
export const presenceStates = ['online', 'idle', 'busy', 'deaf', 'parked', 'offline'] as const
export const presenceState = z.enum(presenceStates)
export type PresenceState = z.infer<typeof presenceState>

/** Open: no job is offered to this worker until then. Half-open: one is tried. Jobs are queued for it all the while; resuming it closes it. */
export const breaker = z
  .object({
    state: z.enum(['open', 'half-open']),
    until: time.nullable(),
    /** Ends of attempts in a row that were the worker's own: spawn_failed, auth_failed, worker_lost. */
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
    /** Socket, poll, or none; how the worker was last heard. */
    transport: z.enum(['socket', 'poll', 'none']),
    running: z.number().int(),
    slots: z.number().int(),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    tags: z.array(z.string()),
    networks: z.array(z.string()),
    details: z.json(),
    /** The directory that it works in, with its machine, as far as it has said so. */
    place: z.string().nullable().optional(),
    last_seen: time.nullable(),
    /** Null while its circuit breaker is closed. */
    breaker: breaker.nullable().optional(),
    /** When its account has quota again; null while it has. */
    parked_until: time.nullable().optional(),
    /** Name of its machine, as far as it has said so. */
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
    /** The version that the worker last said it runs with, and when it first said so; null when it never has. */
    config_applied: z.object({ version: z.number().int(), at: time }).nullable().optional(),
    /** Only where one worker is read: when it was there in the last 24 hours. Absences under four minutes are not told. */
    presence_24h: z.array(z.object({ from: time, until: time })).optional(),
    /** Only where one worker is read: the token that is in force; null when none is. */
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
    /** When its account has quota again; null while it has. */
    parked_until: time.nullable().optional(),
    /** Of a person: the member who works as this worker, without a token. Null of every other worker. */
    member_id: z.string().nullable().optional(),
    /** Only in the answer to a change that loosens a tier or policy where others decide: the review that must be approved first. */
    review_id: z.number().int().optional(),
  })
  .meta({ id: 'Worker' })
export type Worker = z.infer<typeof worker>
export const workerList = z.strictObject({ ...paging, include_revoked: flag.optional() })
export const workerPage = page(worker)

/** An attempt that the worker believes it is running; the server answers which ones it should drop. */
export const liveLease = z.object({ job_id: integer(1, Number.MAX_SAFE_INTEGER), attempt: z.number().int() })

export const presenceReport = z.strictObject({
  instance: instanceLabel.optional(),
  /** The seeds' workers send `active`; ours send what they are doing. */
  status: z.string().max(40).optional(),
  tags: tagList.optional(),
  networks: tagList.optional(),
  provider: label.optional(),
  model: label.optional(),
  slots: integer(0, 256).optional(),
  details: jsonValue(4_096).optional(),
  /** Name of the machine that it runs on, by which people group workers; null takes back what was said. */
  machine: label.nullable().optional(),
  /** Version of `config` that it runs with. */
  config_version: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  /** The directory that it works in, with its machine; said when its config has a `concurrency_key`. */
  place: label.optional(),
  worker_type: z.string().max(40).optional(),
  /** With an API key (the companion path of seed 000): which worker this is. A worker token needs none. */
  worker: instanceLabel.optional(),
  leases: z.array(liveLease).max(256).optional(),
  /** The account that the worker runs jobs with is at a limit until then; null: it is not any more; absent: nothing new. */
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
      /** What it was registered with: jobs may ask it for these. */
      requires_secrets: z.array(z.string()).optional(),
    }),
    config: workerConfig,
    config_version: z.number().int(),
    killswitch: killswitchBrief,
    /** Jobs to stop now: aborted, or held by a lease that is lost. */
    aborts: z.array(z.object({ job_id: z.number().int(), attempt: z.number().int(), reason: z.string() })),
    intervals: z.object({ heartbeat_ms: z.number().int(), poll_wait_s: z.number().int() }),
    /** What the server's clock says: times that a worker sends are counted from it, however wrong its own clock is. */
    server_time: time.optional(),
  })
  .meta({ id: 'PresenceReply' })
export type PresenceReply = z.infer<typeof presenceReply>
