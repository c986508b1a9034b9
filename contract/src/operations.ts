/**
 * Responsible for THE table of operations: one row drives the edge's routes, the SDK's client, the CLI, `openapi.json`
 * and the reference. It knows no implementation. Rows are grouped by noun, in the order of protocol.md.
 */
import * as z from 'zod'
import * as artifacts from './artifact.ts'
import * as audit from './audit.ts'
import * as claims from './claim.ts'
import * as context from './context.ts'
import { jobId } from './fields.ts'
import * as jobs from './job.ts'
import * as killswitch from './killswitch.ts'
import { limits } from './limits.ts'
import * as members from './member.ts'
import type { ProblemCode } from './problem.ts'
import * as reviews from './review.ts'
import type { Scope } from './scope.ts'
import * as service from './service.ts'
import * as workers from './worker.ts'
import { workerId } from './ids.ts'

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** The path that is ours: unknown fields are refused. `:name` segments are fields of `input`. */
  readonly path: string
  /** Paths of the seeds: unknown fields are ignored, and null means absent. */
  readonly seedPaths?: readonly string[]
  readonly scope: Scope
  readonly summary: string
  /** One flat object: path parameters, then the query (GET, DELETE) or the JSON body (the rest). */
  readonly input: z.ZodObject
  readonly output: z.ZodType
  readonly status: 200 | 201 | 202 | 204
  /** Codes beyond those that every operation may answer (see `commonProblems`). */
  readonly problems: readonly ProblemCode[]
  /** May be held open: long polls and streams. */
  readonly held?: true
  /** `raw`: the body is bytes or multipart, and `input` is taken from query, headers or parts. */
  readonly body?: 'raw'
  readonly bodyLimit?: number
  /** What it answers when that is not JSON. */
  readonly produces?: string
}

const operation = <const Row extends Operation>(row: Row): Row => row
const ref = { job: z.strictObject({ job_id: jobId }), worker: z.strictObject({ worker_id: workerId }) }
const dispatchProblems = [
  'no-eligible-worker',
  'no-live-worker',
  'capability-not-declared',
  'idempotency-conflict',
  'killswitch',
  'conflict',
] as const
const attemptProblems = ['not-found', 'lease-lost', 'killswitch'] as const

export const operations = {
  // service
  'service.health': operation({
    method: 'GET',
    path: '/api/v1/health',
    seedPaths: ['/health'],
    scope: 'public',
    summary: 'Say whether the service can work',
    input: service.nothing,
    output: service.health,
    status: 200,
    problems: [],
  }),
  'service.openapi': operation({
    method: 'GET',
    path: '/openapi.json',
    scope: 'public',
    summary: 'This interface as OpenAPI 3.1',
    input: service.nothing,
    output: z.unknown(),
    status: 200,
    problems: [],
  }),
  'service.docs': operation({
    method: 'GET',
    path: '/docs',
    scope: 'public',
    summary: 'This interface as a page',
    input: service.nothing,
    output: z.unknown(),
    status: 200,
    problems: [],
    produces: 'text/html',
  }),
  'service.metrics': operation({
    method: 'GET',
    path: '/api/v1/metrics',
    seedPaths: ['/metrics'],
    scope: 'workers.read',
    summary: 'Gauges of the tenant in Prometheus text format',
    input: service.nothing,
    output: z.unknown(),
    status: 200,
    problems: [],
    produces: 'text/plain',
  }),

  // tenants
  'tenants.create': operation({
    method: 'POST',
    path: '/api/v1/tenants',
    scope: 'master',
    summary: 'Create a tenant and its first owner',
    input: members.tenantRequest,
    output: members.tenantCreated,
    status: 201,
    problems: ['name-taken'],
  }),
  'tenants.list': operation({
    method: 'GET',
    path: '/api/v1/tenants',
    scope: 'master',
    summary: 'List tenants',
    input: members.tenantList,
    output: members.tenantPage,
    status: 200,
    problems: [],
  }),
  'tenants.suspend': operation({
    method: 'POST',
    path: '/api/v1/tenants/:tenant/suspend',
    scope: 'master',
    summary: 'Refuse every token of a tenant',
    input: members.tenantRef,
    output: members.tenant,
    status: 200,
    problems: ['not-found'],
  }),
  'tenants.resume': operation({
    method: 'POST',
    path: '/api/v1/tenants/:tenant/resume',
    scope: 'master',
    summary: 'Accept the tokens of a suspended tenant again',
    input: members.tenantRef,
    output: members.tenant,
    status: 200,
    problems: ['not-found'],
  }),

  // members and one-time views
  'members.whoami': operation({
    method: 'GET',
    path: '/api/v1/whoami',
    scope: 'self',
    summary: 'Say whose token this is',
    input: service.nothing,
    output: members.whoami,
    status: 200,
    problems: [],
  }),
  'members.create': operation({
    method: 'POST',
    path: '/api/v1/members',
    scope: 'members.manage',
    summary: 'Add a member; the key is delivered once through view_url',
    input: members.memberRequest,
    output: members.memberCreated,
    status: 201,
    problems: ['name-taken'],
  }),
  'members.list': operation({
    method: 'GET',
    path: '/api/v1/members',
    scope: 'members.manage',
    summary: 'List members',
    input: members.memberList,
    output: members.memberPage,
    status: 200,
    problems: [],
  }),
  'members.revoke': operation({
    method: 'DELETE',
    path: '/api/v1/members/:member_id',
    scope: 'members.manage',
    summary: 'Stop a member key; the row stays',
    input: members.memberRef,
    output: members.member,
    status: 200,
    problems: ['not-found', 'conflict'],
  }),
  'members.rotate': operation({
    method: 'POST',
    path: '/api/v1/members/:member_id/rotate',
    scope: 'members.manage',
    summary: 'Replace a member key; the old one stops at once',
    input: members.memberRef,
    output: members.rotated,
    status: 200,
    problems: ['not-found', 'wrong-state'],
  }),
  'views.reveal': operation({
    method: 'POST',
    path: '/api/v1/views/:view_id/reveal',
    scope: 'public',
    summary: 'Take the ciphertext of a one-time view and erase it',
    input: members.viewRef,
    output: members.sealedView,
    status: 200,
    problems: ['not-found', 'gone'],
  }),

  // workers
  'workers.register': operation({
    method: 'POST',
    path: '/api/v1/workers/register',
    scope: 'workers.manage',
    summary: 'Register a worker; the token is delivered once through view_url',
    input: workers.workerRegistration,
    output: workers.registeredWorker,
    status: 201,
    problems: ['name-taken'],
  }),
  'workers.list': operation({
    method: 'GET',
    path: '/api/v1/workers',
    scope: 'workers.read',
    summary: 'List workers',
    input: workers.workerList,
    output: workers.workerPage,
    status: 200,
    problems: [],
  }),
  'workers.get': operation({
    method: 'GET',
    path: '/api/v1/workers/:worker_id',
    scope: 'workers.read',
    summary: 'Read one worker',
    input: ref.worker,
    output: workers.worker,
    status: 200,
    problems: ['not-found'],
  }),
  'workers.update': operation({
    method: 'PATCH',
    path: '/api/v1/workers/:worker_id',
    scope: 'workers.manage',
    summary: 'Change capabilities, description or config',
    input: workers.workerPatch,
    output: workers.worker,
    status: 200,
    problems: ['not-found', 'wrong-state'],
  }),
  'workers.revoke': operation({
    method: 'DELETE',
    path: '/api/v1/workers/:worker_id',
    scope: 'workers.manage',
    summary: 'Revoke a worker softly: the row stays, the token stops',
    input: ref.worker,
    output: workers.worker,
    status: 200,
    problems: ['not-found'],
  }),
  'workers.pause': operation({
    method: 'POST',
    path: '/api/v1/workers/:worker_id/pause',
    scope: 'workers.manage',
    summary: 'Offer nothing more to a worker',
    input: ref.worker,
    output: workers.worker,
    status: 200,
    problems: ['not-found', 'wrong-state'],
  }),
  'workers.resume': operation({
    method: 'POST',
    path: '/api/v1/workers/:worker_id/resume',
    scope: 'workers.manage',
    summary: 'Offer work to a paused worker again',
    input: ref.worker,
    output: workers.worker,
    status: 200,
    problems: ['not-found', 'wrong-state'],
  }),
  'workers.rotate': operation({
    method: 'POST',
    path: '/api/v1/workers/:worker_id/rotate',
    scope: 'workers.manage',
    summary: 'Replace a worker token; the old one stops at once',
    input: ref.worker,
    output: members.rotated,
    status: 200,
    problems: ['not-found', 'wrong-state'],
  }),

  // presence
  'presence.report': operation({
    method: 'PUT',
    path: '/api/v1/presence',
    seedPaths: ['/presence'],
    scope: 'work',
    summary: 'Heartbeat: renew leases, learn config, aborts and the killswitch',
    input: workers.presenceReport,
    output: workers.presenceReply,
    status: 200,
    problems: ['name-taken', 'not-found'],
  }),
  'presence.list': operation({
    method: 'GET',
    path: '/api/v1/presence',
    seedPaths: ['/presence'],
    scope: 'workers.read',
    summary: 'Who is there, how busy, last seen when',
    input: service.nothing,
    output: z.object({ items: z.array(workers.presence) }),
    status: 200,
    problems: [],
  }),

  // jobs
  'jobs.dispatch': operation({
    method: 'POST',
    path: '/api/v1/dispatch',
    seedPaths: ['/dispatch'],
    scope: 'jobs.dispatch',
    summary: 'Dispatch a job to the worker that the Director picks',
    input: jobs.jobRequest,
    output: jobs.job,
    status: 201,
    problems: dispatchProblems,
  }),
  'jobs.dispatch_batch': operation({
    method: 'POST',
    path: '/api/v1/dispatch/batch',
    scope: 'jobs.dispatch',
    summary: 'Dispatch up to 1,000 jobs, all or none',
    input: z.strictObject({ jobs: z.array(jobs.jobRequest).min(1).max(limits.dispatch_batch_jobs) }),
    output: z.object({ items: z.array(jobs.job) }),
    status: 201,
    problems: dispatchProblems,
    bodyLimit: limits.batch_body_bytes,
  }),
  'jobs.create': operation({
    method: 'POST',
    path: '/api/v1/jobs',
    scope: 'jobs.dispatch',
    summary: 'Queue a job for whichever eligible worker asks first',
    input: jobs.jobRequest,
    output: jobs.job,
    status: 201,
    problems: ['idempotency-conflict', 'killswitch'],
  }),
  'jobs.get': operation({
    method: 'GET',
    path: '/api/v1/jobs/:job_id',
    seedPaths: ['/jobs/:job_id'],
    scope: 'jobs.read',
    summary: 'Read one job',
    input: ref.job,
    output: jobs.job,
    status: 200,
    problems: ['not-found'],
  }),
  'jobs.result': operation({
    method: 'GET',
    path: '/api/v1/jobs/:job_id/result',
    scope: 'jobs.read',
    summary: 'The whole result as text',
    input: ref.job,
    output: z.unknown(),
    status: 200,
    problems: ['not-found', 'wrong-state'],
    produces: 'text/plain',
  }),
  'jobs.list': operation({
    method: 'GET',
    path: '/api/v1/jobs',
    scope: 'jobs.read',
    summary: 'List jobs, newest first',
    input: jobs.jobList,
    output: jobs.jobPage,
    status: 200,
    problems: [],
  }),
  'jobs.update': operation({
    method: 'PATCH',
    path: '/api/v1/jobs/:job_id',
    scope: 'jobs.dispatch',
    summary: 'Change a job that has not started',
    input: jobs.jobPatch,
    output: jobs.job,
    status: 200,
    problems: ['not-found', 'wrong-state', 'no-eligible-worker'],
  }),
  'jobs.abort': operation({
    method: 'POST',
    path: '/api/v1/jobs/:job_id/abort',
    seedPaths: ['/jobs/:job_id/abort'],
    scope: 'jobs.abort',
    summary: 'Abort one job',
    input: z.strictObject({ job_id: jobId, reason: z.string().max(500).optional() }),
    output: jobs.job,
    status: 200,
    problems: ['not-found', 'wrong-state'],
  }),
  'jobs.abort_many': operation({
    method: 'POST',
    path: '/api/v1/jobs/abort',
    scope: 'jobs.abort',
    summary: 'Abort every job that a filter matches; `dry_run` counts first',
    input: jobs.bulkAbort,
    output: jobs.bulkResult,
    status: 200,
    problems: [],
  }),
  'jobs.retry': operation({
    method: 'POST',
    path: '/api/v1/jobs/:job_id/retry',
    seedPaths: ['/jobs/:job_id/retry'],
    scope: 'jobs.dispatch',
    summary: 'Start a new attempt of a failed job',
    input: ref.job,
    output: jobs.job,
    status: 200,
    problems: ['not-found', 'wrong-state', 'killswitch', 'no-eligible-worker'],
  }),
  'jobs.retry_many': operation({
    method: 'POST',
    path: '/api/v1/jobs/retry',
    scope: 'jobs.dispatch',
    summary: 'Retry every failed job that a filter matches',
    input: jobs.bulkRetry,
    output: jobs.bulkResult,
    status: 200,
    problems: ['killswitch'],
  }),
  'jobs.why': operation({
    method: 'GET',
    path: '/api/v1/jobs/:job_id/why',
    seedPaths: ['/jobs/:job_id/why'],
    scope: 'jobs.read',
    summary: 'Why the job waits, computed now',
    input: ref.job,
    output: jobs.why,
    status: 200,
    problems: ['not-found'],
  }),
  'jobs.stream': operation({
    method: 'GET',
    path: '/api/v1/jobs/:job_id/stream',
    seedPaths: ['/jobs/:job_id/stream'],
    scope: 'jobs.read',
    summary: 'Output as it happens, resumable by Last-Event-ID',
    input: z.strictObject({
      job_id: jobId,
      after: z.preprocess((value) => (typeof value === 'string' ? Number(value) : value), z.number().int().min(-1)).optional(),
    }),
    output: z.unknown(),
    status: 200,
    problems: ['not-found'],
    held: true,
    produces: 'text/event-stream',
  }),

  // claims
  'claims.inbox': operation({
    method: 'GET',
    path: '/api/v1/my-jobs',
    seedPaths: ['/my-jobs'],
    scope: 'work',
    summary: 'Jobs this worker may claim by id',
    input: claims.inbox,
    output: claims.inboxReply,
    status: 200,
    problems: ['not-found'],
    held: true,
  }),
  'claims.claim': operation({
    method: 'POST',
    path: '/api/v1/jobs/:job_id/claim',
    seedPaths: ['/jobs/:job_id/claim'],
    scope: 'work',
    summary: 'Offer and start in one call, with a long lease',
    input: claims.claimById,
    output: claims.startReply,
    status: 200,
    problems: ['not-found', 'already-claimed', 'wrong-state', 'killswitch', 'forbidden'],
  }),
  'claims.close': operation({
    method: 'POST',
    path: '/api/v1/jobs/:job_id/close',
    seedPaths: ['/jobs/:job_id/close'],
    scope: 'work',
    summary: 'Settle a job claimed by id',
    input: claims.closeById,
    output: jobs.job,
    status: 200,
    problems: ['not-found', 'wrong-state', 'lease-lost'],
    bodyLimit: limits.result_bytes + 64 * 1024,
  }),
  'claims.poll': operation({
    method: 'POST',
    path: '/api/v1/claims',
    scope: 'work',
    summary: 'Ask for offers, waiting for up to 25 seconds',
    input: claims.claimPoll,
    output: claims.claimPollReply,
    status: 200,
    problems: ['not-found'],
    held: true,
  }),
  'claims.start': operation({
    method: 'POST',
    path: '/api/v1/claims/:job_id/start',
    scope: 'attempt',
    summary: 'Start an offered job: the attempt begins',
    input: ref.job,
    output: claims.startReply,
    status: 200,
    problems: attemptProblems,
  }),
  'claims.output': operation({
    method: 'POST',
    path: '/api/v1/claims/:job_id/output',
    scope: 'attempt',
    summary: 'Append output by sequence; repeating a chunk changes nothing',
    input: claims.attemptOutput,
    output: claims.outputReply,
    status: 200,
    problems: attemptProblems,
  }),
  'claims.complete': operation({
    method: 'POST',
    path: '/api/v1/claims/:job_id/complete',
    scope: 'attempt',
    summary: 'Complete an attempt; repeating it changes nothing',
    input: claims.attemptCompletion,
    output: claims.settleReply,
    status: 200,
    problems: attemptProblems,
    bodyLimit: limits.result_bytes + 256 * 1024,
  }),
  'claims.fail': operation({
    method: 'POST',
    path: '/api/v1/claims/:job_id/fail',
    scope: 'attempt',
    summary: 'Fail an attempt; a retryable error puts the job into retry',
    input: claims.attemptFailure,
    output: claims.settleReply,
    status: 200,
    problems: attemptProblems,
  }),
  'claims.connect': operation({
    method: 'GET',
    path: '/api/v1/connect',
    scope: 'work',
    summary: 'The worker socket',
    input: service.nothing,
    output: z.unknown(),
    status: 200,
    problems: ['upgrade-required'],
    held: true,
    produces: 'websocket',
  }),

  // context
  'context.get': operation({
    method: 'GET',
    path: '/api/v1/context',
    seedPaths: ['/context'],
    scope: 'work',
    summary: 'What a worker may know of the surroundings of a job',
    input: context.contextQuery,
    output: context.contextReply,
    status: 200,
    problems: ['not-found'],
  }),

  // killswitch
  'killswitch.get': operation({
    method: 'GET',
    path: '/api/v1/killswitch',
    seedPaths: ['/killswitch'],
    scope: 'killswitch.read',
    summary: 'Level, reason, who acknowledged and who has not',
    input: service.nothing,
    output: killswitch.killswitchState,
    status: 200,
    problems: [],
  }),
  'killswitch.raise': operation({
    method: 'POST',
    path: '/api/v1/killswitch',
    seedPaths: ['/killswitch'],
    scope: 'killswitch.raise',
    summary: 'Raise the killswitch (default: 3, stop)',
    input: killswitch.killswitchRaise,
    output: killswitch.killswitchState,
    status: 200,
    problems: ['wrong-state'],
  }),
  'killswitch.clear': operation({
    method: 'DELETE',
    path: '/api/v1/killswitch',
    seedPaths: ['/killswitch'],
    scope: 'killswitch.clear',
    summary: 'Clear the killswitch; workers stay paused unless resume_all',
    input: z.strictObject({
      resume_all: z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean()).optional(),
    }),
    output: killswitch.killswitchState,
    status: 200,
    problems: [],
  }),
  'killswitch.ack': operation({
    method: 'POST',
    path: '/api/v1/killswitch/ack',
    seedPaths: ['/killswitch/ack'],
    scope: 'work',
    summary: 'A worker confirms that it has stopped for a generation',
    input: z.strictObject({ generation: z.number().int(), worker: z.string().max(255).optional() }),
    output: service.done,
    status: 200,
    problems: ['not-found'],
  }),

  // audit
  'audit.query': operation({
    method: 'GET',
    path: '/api/v1/audit',
    seedPaths: ['/audit'],
    scope: 'audit.read',
    summary: 'Audit rows by actor, action, time, job, worker',
    input: audit.auditQuery,
    output: audit.auditPage,
    status: 200,
    problems: ['unavailable'],
  }),
  'audit.heads': operation({
    method: 'GET',
    path: '/api/v1/audit/heads',
    seedPaths: ['/audit/heads'],
    scope: 'audit.read',
    summary: 'Signed heads of the audit trail, newest first, and the public key that made them',
    input: audit.auditHeadList,
    output: audit.auditHeadPage,
    status: 200,
    problems: ['unavailable'],
  }),
  'audit.export': operation({
    method: 'GET',
    path: '/api/v1/audit/export',
    seedPaths: ['/audit/export'],
    scope: 'audit.read',
    summary: 'The audit trail with its signed heads as NDJSON, to be verified anywhere',
    input: audit.auditExport,
    output: z.unknown(),
    status: 200,
    problems: ['unavailable'],
    produces: 'application/x-ndjson',
  }),
  'audit.verify': operation({
    method: 'GET',
    path: '/api/v1/audit/verify',
    seedPaths: ['/audit/verify'],
    scope: 'audit.read',
    summary: 'Verify stored rows, MACs and archived heads, step by step; the first bad row is named',
    input: audit.auditVerify,
    output: audit.auditVerification,
    status: 200,
    problems: ['unavailable'],
  }),

  // artifacts
  'artifacts.upload': operation({
    method: 'POST',
    path: '/api/v1/artifacts/upload',
    seedPaths: ['/artifacts/upload'],
    scope: 'artifacts.write',
    summary: 'Store a file: raw body or multipart',
    input: artifacts.artifactUpload,
    output: artifacts.artifact,
    status: 201,
    problems: ['conflict'],
    body: 'raw',
    bodyLimit: limits.artifact_bytes,
  }),
  'artifacts.list': operation({
    method: 'GET',
    path: '/api/v1/artifacts',
    scope: 'artifacts.read',
    summary: 'List artifacts',
    input: artifacts.artifactList,
    output: artifacts.artifactPage,
    status: 200,
    problems: ['unavailable'],
  }),
  'artifacts.download': operation({
    method: 'GET',
    path: '/s/:slug',
    scope: 'public',
    summary: 'Download an artifact; without `share`, members and workers of the tenant only',
    input: artifacts.artifactRef,
    output: z.unknown(),
    status: 200,
    problems: ['not-found', 'gone'],
    produces: 'application/octet-stream',
  }),
  'artifacts.update': operation({
    method: 'PATCH',
    path: '/api/v1/artifacts/:slug',
    scope: 'artifacts.write',
    summary: 'Share an artifact, or stop sharing it',
    input: artifacts.artifactPatch,
    output: artifacts.artifact,
    status: 200,
    problems: ['not-found'],
  }),
  'artifacts.delete': operation({
    method: 'DELETE',
    path: '/api/v1/artifacts/:slug',
    scope: 'artifacts.write',
    summary: 'Delete an artifact',
    input: artifacts.artifactRef,
    output: service.done,
    status: 200,
    problems: ['not-found'],
  }),
} as const satisfies Record<string, Operation>

export type Operations = typeof operations
export type OperationId = keyof Operations
/** What a caller passes. */
export type Input<Id extends OperationId> = z.input<Operations[Id]['input']>
/** What an implementation gets: parsed, defaults filled. */
export type Parsed<Id extends OperationId> = z.output<Operations[Id]['input']>
export type Output<Id extends OperationId> = z.output<Operations[Id]['output']>

export const operationIds = Object.keys(operations) as readonly OperationId[]

/** Codes that any operation with this scope may answer. */
export const commonProblems = (row: Operation): readonly ProblemCode[] => [
  'invalid-request',
  ...(row.scope === 'public' ? [] : (['unauthorized', 'forbidden', 'rate-limited'] as const)),
  ...(row.method === 'GET' || row.method === 'DELETE' ? [] : (['too-large', 'unsupported-media-type'] as const)),
  'unavailable',
]
