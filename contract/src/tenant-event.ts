/**
 * Responsible for the table of events of a tenant: one row per audit action, with the fields that its rows carry. The shipper and the readers of the
 * audit trail decide by this table and never by the name of an action.
 */
import type { Actor } from './audit.ts'
import type { DecisionProof } from './signed-decision.ts'

/** Fields of an audit row in addition to its number, time, actor, action, subject and summary. */
export interface EventFields {
  readonly job_id: number | null
  readonly worker_id: string | null
  readonly capability: string | null
  /** The tier that required a review, or that allowed the action. */
  readonly risk_tier: string | null
  /** SHA-256 in hex of the subject matter: prompt, result, reviewed payload, or bytes of a file. */
  readonly digest: string | null
}

export interface EventRow {
  /** One sentence for people. */
  readonly says: string
  /** Fields that a row of this action states; null when there is no value. All other fields are null. */
  readonly fields: readonly (keyof EventFields)[]
  /** What the action can change in listings, which is copied to D1 with the row: the ended job, or the worker. */
  readonly mirrors?: 'job' | 'worker'
}

const job = ['job_id', 'worker_id', 'capability'] as const
const unassigned = ['job_id', 'capability'] as const
const full = ['job_id', 'worker_id', 'capability', 'risk_tier', 'digest'] as const
const worker = ['worker_id'] as const
const file = ['job_id', 'worker_id', 'digest'] as const
const none = [] as const

export const tenantEvents = {
  'tenant.create': { says: 'The tenant was created.', fields: none },
  'tenant.suspend': { says: 'The tenant was suspended: every token is refused.', fields: none },
  'tenant.resume': { says: 'The tenant was resumed.', fields: none },
  'settings.update': { says: 'A setting of the tenant changed.', fields: none },

  'catalogue.update': { says: "The tenant's rules of the Director's catalogue changed.", fields: ['digest'] },

  'server.jump': { says: "The server's clock jumped, or the server did not run: running jobs got a fresh lease.", fields: none },

  'member.create': { says: 'A member was added.', fields: none },
  'member.revoke': { says: "A member's key was stopped.", fields: none },
  'member.rotate': { says: "A member's key was replaced.", fields: none },
  'view.reveal': { says: 'A one-time view was opened.', fields: none },
  'session.create': { says: 'A browser signed in.', fields: none },
  'session.end': { says: 'A browser session ended.', fields: none },
  'passkey.create': { says: 'A passkey was registered.', fields: ['digest'] },
  'passkey.rename': { says: 'A passkey was renamed.', fields: none },
  'passkey.remove': { says: 'A passkey was removed.', fields: none },
  'sign_in.ban': { says: 'Sign-ins by key are refused for a while after failures.', fields: none },
  'sign_in.unban': { says: 'A ban of sign-ins was lifted.', fields: none },

  'worker.register': { says: 'A worker was registered.', fields: worker, mirrors: 'worker' },
  'worker.update': { says: "A worker's capabilities, description or config changed.", fields: worker, mirrors: 'worker' },
  'worker.pause': { says: 'A worker was paused.', fields: worker, mirrors: 'worker' },
  'worker.resume': { says: 'A worker was resumed.', fields: worker, mirrors: 'worker' },
  'worker.park': {
    says: "A worker's account is out of quota: the worker gets no offers until the quota is back.",
    fields: worker,
    mirrors: 'worker',
  },
  'worker.unpark': { says: 'A parked worker is offered work again.', fields: worker, mirrors: 'worker' },
  'worker.rotate': { says: "A worker's token was replaced.", fields: worker, mirrors: 'worker' },
  'worker.revoke': { says: 'A worker was revoked.', fields: worker, mirrors: 'worker' },

  'job.dispatch': { says: 'A job was dispatched to the worker that the Director picked.', fields: full },
  'fan_out.merge': { says: 'The answers of a fan-out went to a worker to be merged.', fields: full },
  'fan_out.pick': {
    says: 'A member picked the answer of one child as the answer of its fan-out.',
    fields: [...job, 'digest'],
    mirrors: 'job',
  },
  'job.create': { says: 'A job was queued for whichever eligible worker asks first.', fields: full },
  'job.update': { says: 'A job that had not started was changed.', fields: unassigned },
  'job.release': { says: 'A hold of a job ended: its time has come, its review is settled, or its key is free.', fields: job },
  'job.stand_back': { says: 'No worker could start a job that held a concurrency key, so other jobs with the key go first.', fields: job },
  'job.start': { says: 'An attempt started.', fields: full },
  'job.complete': { says: 'A job is done.', fields: [...job, 'digest'], mirrors: 'job' },
  'job.fail': { says: 'A job failed and is not tried again.', fields: job, mirrors: 'job' },
  'job.retry_later': { says: 'An attempt failed; another one follows.', fields: job },
  'job.requeue': { says: 'The wait before the next attempt is over.', fields: job },
  'job.fall_back': { says: 'A job goes on at the next step of its fallback chain.', fields: job },
  'job.lose': { says: 'A worker sent no heartbeat before the lease of its attempt expired.', fields: job, mirrors: 'job' },
  'job.resume': { says: 'A lost worker reported again before a new attempt began: its attempt continues.', fields: job },
  'job.timeout': { says: 'An attempt took longer than its timeout.', fields: job, mirrors: 'job' },
  'job.expire': { says: 'No worker started a job in time.', fields: unassigned, mirrors: 'job' },
  'job.abort': { says: 'A job was aborted.', fields: job, mirrors: 'job' },
  'job.abort_acknowledged': { says: 'A worker confirmed that an aborted attempt has stopped.', fields: ['job_id', 'worker_id'] },
  'job.retry': { says: 'A member asked for a new attempt of a failed job.', fields: unassigned },
  'job.escalate': { says: 'A worker gave a job to a human.', fields: [...job, 'digest'] },
  'job.note': { says: 'A person added a note to a job in hand; the note is part of the output.', fields: [...job, 'digest'] },
  'job.remind': { says: 'A person who has a job in hand has not been heard of for a while; they were reminded.', fields: job },
  'job.hand_back': {
    says: 'A job went back to the queue: a person handed it back, or a worker that had started it ahead had not begun it.',
    fields: job,
  },

  'schedule.create': { says: 'A schedule was made.', fields: none },
  'schedule.update': { says: 'A schedule was changed, paused or resumed.', fields: none },
  'schedule.delete': { says: 'A schedule was deleted.', fields: none },
  'schedule.approve': { says: 'A member approved a schedule: its jobs need no further approval.', fields: ['capability', 'digest'] },
  'schedule.revoke_approval': { says: 'The approvals of a schedule were revoked.', fields: ['capability', 'digest'] },
  'schedule.dispatch': { says: 'A schedule dispatched its job.', fields: ['job_id'] },
  'schedule.skip': { says: 'A due time of a schedule was skipped, because the previous job had not ended.', fields: ['job_id'] },
  'schedule.refuse': { says: 'The job of a schedule was refused.', fields: none },
  'schedule.miss': { says: 'Due times of a schedule passed while the server did not run.', fields: none },

  'thread.delete': { says: 'A thread was deleted; the erasure of the contents of its jobs began.', fields: none },
  'thread.erase': { says: 'The data of a deleted thread was erased from output streams, files and the archive.', fields: none },
  'thread.update': { says: 'A thread was named, archived or restored, or its defaults changed.', fields: none },

  'action.allow': { says: 'An action inside a job was allowed.', fields: full },
  'review.open': { says: 'A review was opened.', fields: full },
  'review.ask_again': { says: 'Another attempt asked the same question.', fields: full },
  'review.attach': { says: 'An artifact was attached to a review.', fields: full },
  'review.approve': { says: 'A member approved a review.', fields: full },
  'review.deny': { says: 'A member denied a review.', fields: full, mirrors: 'job' },
  'review.edit': { says: 'A member approved a review with a changed payload.', fields: full },
  'review.respond': { says: 'A member answered a review with text.', fields: full, mirrors: 'job' },
  'review.remind': { says: 'A review is still undecided; a reminder was sent.', fields: full },
  'review.escalate': { says: 'A review was not decided in time and was announced again.', fields: full },
  'review.expire': { says: 'A review expired without a decision.', fields: full, mirrors: 'job' },
  'review.withdraw': { says: 'A review was withdrawn.', fields: full, mirrors: 'job' },
  'review.supersede': { says: 'The subject of a review changed, so the review is no longer valid.', fields: full },
  'review.consume': { says: 'An approval was spent on one attempt.', fields: full },
  'grant.create': { says: 'An approval made a grant for a session.', fields: ['job_id', 'worker_id', 'capability', 'risk_tier'] },
  'grant.revoke': { says: 'A grant was revoked.', fields: ['worker_id', 'capability', 'risk_tier'] },

  'artifact.upload': { says: 'A file was stored.', fields: file },
  'artifact.update': { says: 'The expiry of a file changed.', fields: file },
  'artifact.share': { says: 'A file was shared: readable without a token.', fields: file },
  'artifact.unshare': { says: 'A file is no longer shared.', fields: file },
  'artifact.delete': { says: 'A file was deleted.', fields: file },
  'artifact.expire': { says: 'A file expired.', fields: file },

  'killswitch.raise': { says: 'The killswitch was raised, or its level changed.', fields: none },
  'killswitch.clear': { says: 'The killswitch was cleared.', fields: none },
  'killswitch.acknowledge': { says: 'A worker confirmed that it has stopped.', fields: worker },

  'webhook.create': { says: 'A webhook was created.', fields: none },
  'webhook.resend': { says: 'A delivery of a webhook was sent again.', fields: none },
  'webhook.disable': { says: 'A webhook was disabled: its receiver answered 410.', fields: none },
  'webhook.delete': { says: 'A webhook was deleted.', fields: none },
  'device.add': { says: 'A member is notified on one more device.', fields: none },
  'device.remove': { says: 'A device was removed; it gets no more notifications.', fields: none },
  'audit.seen': { says: 'Rows were marked as reviewed.', fields: none },
} as const satisfies Record<string, EventRow>

export type AuditAction = keyof typeof tenantEvents
export const auditActions = Object.keys(tenantEvents) as readonly AuditAction[]
/** The verbs of one noun: `dispatch`, `create`, ... of `job`. */
export type AuditVerb<Noun extends string> = AuditAction extends infer Action
  ? Action extends `${Noun}.${infer Verb}`
    ? Verb
    : never
  : never

type FieldsOf<Action extends AuditAction> = (typeof tenantEvents)[Action]['fields'][number]

/** An event as the command that caused it states it. `actor`: who did it, if not the caller. */
export type TenantEvent = {
  [Action in AuditAction]: {
    readonly action: Action
    /** What the action changed: `job:12`, `worker:wk...`, `killswitch`. */
    readonly subject: string
    readonly summary: string
    readonly actor?: Actor
    readonly proof?: DecisionProof | undefined
  } & Pick<EventFields, FieldsOf<Action>>
}[AuditAction]

/** What a row may have changed in listings. Unknown actions of a newer version are ignored. */
export function mirrorOf(action: string): EventRow['mirrors'] {
  const row: EventRow | undefined = Object.hasOwn(tenantEvents, action) ? tenantEvents[action as AuditAction] : undefined
  return row?.mirrors
}
