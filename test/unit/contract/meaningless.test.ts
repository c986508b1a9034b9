/**
 * No field of a request is dropped without a word: each optional field of each operation either always counts, or is refused by its name
 * where it has no meaning. A new field must be put into one of the two tables.
 */
import { operationIds, operations, tenantSettingNames, type OperationId } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import type * as z from 'zod'

const paging = ['limit', 'cursor']
const routing = [
  'capability',
  'target',
  'tags',
  'networks',
  'substrate',
  'provider',
  'model',
  'effort',
  'priority',
  'requires_secrets',
  'timeout',
  'max_attempts',
  'metadata',
  'concurrency',
  'rate',
  'mode',
  'avoid',
  'fallback',
]
const job = ['input', ...routing, 'thread_id', 'session_id', 'silence_timeout', 'expires_in', 'not_before', 'idempotency_key']
const filter = ['status', 'thread_id', 'capability', 'worker', 'effort', 'created_by', 'parent_id', 'error']

/** Fields that mean something in every request of the operation; what the state of things makes of them is the operation's answer. */
const always: Partial<Record<OperationId, readonly string[]>> = {
  'tenants.create': ['name', 'owner_name', 'require_capability'],
  'settings.update': tenantSettingNames,
  'members.rotate': ['keep_running'],
  'workers.rotate': ['keep_running'],
  'views.reveal': ['proof'],
  'tenants.list': paging,
  'members.list': paging,
  'sessions.list': ['member_id'],
  'sessions.end_many': ['others', 'member_id'],
  'workers.register': ['description', 'kind', 'capabilities', 'requires_secrets', 'config', 'may_raise_killswitch'],
  'workers.list': [...paging, 'include_revoked'],
  'workers.update': ['description', 'capabilities', 'requires_secrets', 'config', 'may_raise_killswitch'],
  'presence.report': [
    'machine',
    'config_version',
    'instance',
    'status',
    'tags',
    'networks',
    'substrate',
    'provider',
    'model',
    'slots',
    'details',
    'worker_type',
    'parked_until',
    'worker',
    'leases',
    'takeover',
    'place',
  ],
  'jobs.dispatch': [...job, 'when_offline', 'targets', 'fan_out'],
  'jobs.preview': [...job.filter((name) => name !== 'idempotency_key'), 'when_offline', 'targets', 'fan_out'],
  'work.join': ['name', 'description', 'capabilities'],
  'work.done': ['result'],
  'work.hand_back': ['reason'],
  'work.escalate': ['result'],
  'jobs.retry': ['what', 'target', 'timeout'],
  'jobs.dispatch_batch': ['idempotency_key'],
  'jobs.create': [...job, 'targets', 'fan_out'],
  'jobs.list': [...filter, ...paging],
  'jobs.counts': filter.filter((name) => name !== 'status' && name !== 'error'),
  'jobs.update': ['effort', 'priority', 'target', 'tags', 'networks', 'timeout', 'max_attempts', 'metadata', 'not_before', 'expires_at'],
  'jobs.abort': ['reason'],
  'jobs.abort_many': [...filter, 'reason', 'dry_run'],
  'jobs.retry_many': [...filter, 'dry_run'],
  'jobs.stream': ['after'],
  'schedules.create': ['cron', 'overlap', 'catch_up', 'jitter', 'paused', 'starts_at', 'ends_at', 'max_runs'],
  'schedules.preview': ['cron', 'starts_at', 'ends_at'],
  'schedules.list': paging,
  'schedules.update': ['name', 'cron', 'timezone', 'overlap', 'catch_up', 'jitter', 'paused', 'job', 'starts_at', 'ends_at', 'max_runs'],
  'schedules.runs': paging,
  'schedules.approve': ['expires_in'],
  'director.set_catalogue': ['if_version'],
  'threads.list': [...paging, 'archived', 'text', 'worker', 'member', 'running', 'active_since'],
  'threads.delete': ['abort', 'idempotency_key'],
  'threads.get': paging,
  'threads.update': ['title', 'archived', 'defaults'],
  'threads.abort': ['reason'],
  'claims.inbox': ['worker', 'status', 'wait', 'limit'],
  'claims.claim': ['worker'],
  'claims.close': ['result', 'worker'],
  'claims.poll': ['max', 'wait', 'instance', 'worker'],
  'claims.complete': ['result', 'exit_code', 'usage', 'tail', 'chunks'],
  'claims.fail': ['parked_until', 'exit_code', 'usage', 'tail', 'chunks'],
  'claims.authorize': ['title', 'irreversible', 'wait', 'idempotency_key'],
  'context.get': ['policy', 'budget'],
  'reviews.submit': [
    'type',
    'content',
    'preview',
    'target',
    'payload',
    'capability',
    'irreversible',
    'job_id',
    'created_by',
    'idempotency_key',
  ],
  'reviews.list': ['status', 'job_id', 'capability', 'type', 'created_by', ...paging],
  'reviews.get': ['wait'],
  'reviews.decide': ['comment', 'digest', 'signature'],
  'reviews.signing_options': ['comment'],
  'reviews.decide_many': ['comment'],
  'reviews.withdraw': ['comment'],
  'grants.list': ['session', 'include_ended', ...paging],
  'killswitch.raise': ['level', 'reason'],
  'killswitch.clear': ['resume_all'],
  'killswitch.ack': ['worker'],
  'events.follow': ['after', 'noun', 'id', 'job_id', 'worker_id'],
  'audit.query': ['actor', 'action', 'since', 'until', 'job_id', 'worker', 'capability', 'order', ...paging],
  'audit.heads': paging,
  'audit.export': ['since', 'until', 'from_seq', 'through_seq'],
  'audit.verify': ['from_seq', ...paging],
  'audit.to_look_at': ['include_seen', ...paging],
  'members.revoke': ['stop_jobs'],
  'devices.subscribe': ['name'],
  'webhooks.create': ['events'],
  'webhooks.list': paging,
  'webhooks.deliveries': paging,
  'artifacts.upload': ['filename', 'content_type', 'job_id', 'review_id', 'expires_at', 'share', 'sha256'],
  'artifacts.list': ['job_id', 'review_id', ...paging],
  'artifacts.update': ['share', 'expires_at'],
}

/** A request in which the field has no meaning, by operation and field; the path of the issue when it is not the field's own name. */
const nowhere: readonly (readonly [id: OperationId, field: string, request: Readonly<Record<string, unknown>>, path?: string])[] = [
  ['jobs.dispatch', 'merge', { prompt: 'x', merge: { by: 'concat' } }],
  ['jobs.dispatch', 'target', { prompt: 'x', target: 'a', targets: ['a', 'b'] }],
  ['jobs.dispatch', 'concurrency', { prompt: 'x', targets: ['a', 'b'], concurrency: { key: 'k', on_conflict: 'replace' } }],
  ['jobs.dispatch', 'prefer', { prompt: 'x', target: 'a', prefer: ['b'] }],
  ['jobs.create', 'prefer', { prompt: 'x', prefer: ['b'] }],
  ['jobs.preview', 'merge', { prompt: 'x', merge: { by: 'concat' } }],
  ['jobs.preview', 'context', { prompt: 'x', context: 'thread' }],
  ['jobs.preview', 'context_text', { prompt: 'x', context: 'none', context_text: 'y' }],
  ['jobs.preview', 'prefer', { prompt: 'x', target: 'a', prefer: ['b'] }],
  ['jobs.dispatch', 'context_text', { prompt: 'x', context: 'none', context_text: 'y' }],
  ['jobs.dispatch', 'context_text', { prompt: 'x', context: 'thread', thread_id: 't', context_text: 'y' }],
  ['jobs.dispatch', 'context', { prompt: 'x', context: 'thread' }],
  ['jobs.dispatch', 'context', { prompt: 'x', context: 'last:3' }],
  ['jobs.dispatch', 'context', { prompt: 'x', context: 'job' }],
  ['jobs.dispatch', 'context_from', { prompt: 'x', context_from: 1, context: 'none' }],
  ['jobs.preview', 'context_from', { prompt: 'x', context_from: 1, context_text: 'y' }],
  ['jobs.create', 'context_from', { prompt: 'x', context_from: 1, context_text: 'y' }],
  ['jobs.create', 'merge', { prompt: 'x', merge: { by: 'concat' } }],
  ['jobs.create', 'context_text', { prompt: 'x', context: 'none', context_text: 'y' }],
  ['jobs.create', 'context', { prompt: 'x', context: 'last:3' }],
  ['jobs.create', 'when_offline', { prompt: 'x', when_offline: 'reject' }],
  ['jobs.dispatch_batch', 'context', { jobs: [{ prompt: 'x', context: 'thread' }] }, 'jobs.0.context'],
  ['schedules.create', 'every', { name: 'n', cron: '@daily', every: 60, job: { prompt: 'x' } }],
  ['schedules.create', 'timezone', { name: 'n', every: 60, timezone: 'UTC', job: { prompt: 'x' } }],
  ['schedules.preview', 'every', { cron: '@daily', every: 60 }],
  ['schedules.preview', 'timezone', { every: 60, timezone: 'UTC' }],
  ['schedules.update', 'every', { schedule_id: 'sc0123456789', cron: '@daily', every: 60 }],
  ['threads.list', 'include_archived', { archived: false, include_archived: true }],
  ['jobs.abort_many', 'all', { all: true, thread_id: 't' }],
  ['jobs.retry_many', 'all', { all: true, status: 'failed' }],
  ['claims.fail', 'retry_at', { job_id: 1, error: { type: 'x', message: 'y', retry_at: '2030-01-01T00:00:00Z' } }, 'error.retry_at'],
  ['claims.close', 'error_type', { job_id: 1, status: 'done', error_type: 'x' }],
  ['claims.close', 'retryable', { job_id: 1, status: 'escalated', retryable: true }],
  ['reviews.decide', 'payload', { review_id: 1, verdict: 'approve', payload: { prompt: 'y' } }],
  ['reviews.decide', 'payload', { review_id: 1, verdict: 'deny', comment: 'no', payload: {} }],
  ['reviews.decide', 'payload', { review_id: 1, verdict: 'respond', comment: 'no', payload: null }],
  ['reviews.decide', 'grant', { review_id: 1, verdict: 'deny', comment: 'no', grant: { ttl: 60 } }],
  ['reviews.decide', 'grant', { review_id: 1, verdict: 'respond', comment: 'no', grant: { uses: 1 } }],
  ['reviews.signing_options', 'payload', { review_id: 1, digest: 'a'.repeat(64), verdict: 'approve', payload: { prompt: 'y' } }],
  ['reviews.signing_options', 'grant', { review_id: 1, digest: 'a'.repeat(64), verdict: 'deny', comment: 'no', grant: { ttl: 60 } }],
  ['killswitch.raise', 'lower', { lower: true }],
  [
    'workers.register',
    'grant_ttl',
    { name: 'w', capabilities: [{ name: 'a', risk_tier: 'approve', policy: { grant_ttl: 60 } }] },
    'capabilities.0.policy.grant_ttl',
  ],
  [
    'workers.register',
    'grant_uses',
    { name: 'w', capabilities: [{ name: 'a', risk_tier: 'auto', policy: { grant_uses: 1 } }] },
    'capabilities.0.policy.grant_uses',
  ],
]

const optionalOf = (id: OperationId): readonly string[] => {
  const shape: Readonly<Record<string, { safeParse: (value: unknown) => { success: boolean } }>> = operations[id].input.shape
  return Object.entries(shape).flatMap(([name, schema]) => (schema.safeParse(undefined).success ? [name] : []))
}

describe('every optional field', () => {
  it.each(operationIds)('of %s is known to count always, or is refused where it does not', (id) => {
    const known = new Set([...(always[id] ?? []), ...nowhere.flatMap(([of, field]) => (of === id ? [field] : []))])
    expect(optionalOf(id).filter((name) => !known.has(name))).toEqual([])
  })

  for (const [id, field, request, path] of nowhere)
    it(`of ${id}: ${field} is refused by its name in ${JSON.stringify(request)}`, () => {
      const input: z.ZodType = operations[id].input
      const parsed = input.safeParse(request)
      expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path ?? field])
    })

  it('is refused where nobody knows it, on every operation', () => {
    for (const id of operationIds) {
      const input: z.ZodType = operations[id].input
      const parsed = input.safeParse({ no_such_field: 1 })
      expect(
        parsed.error?.issues.some((issue) => issue.code === 'unrecognized_keys'),
        id,
      ).toBe(true)
    }
  })
})
