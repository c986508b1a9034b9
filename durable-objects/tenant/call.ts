/**
 * Responsible for the shape of a call from the edge into the tenant object. The edge has checked the token's MAC and parsed
 * the input; the object checks the hash, revocation and scope, and acts. Both ends may be of different versions for minutes
 * after a deploy, so fields are added, never changed.
 */
import type { AuditSeal, Operations, Parsed, Scope, TenantOperationId } from '@modelreins/contract'
import type { Result } from '../../src/domain/result.ts'
import type { ArtifactCalls } from './artifacts/artifact-calls.ts'
import type { AuditGauges, AuditStatus } from './audit/heads-gate.ts'
import type { CallCredential, Minted, Visit } from './kernel/credential.ts'
import type { NoteFence, NoteRequest } from './work/note.ts'
import type { ResultPlace, WatchedJob } from './queue/job-view.ts'

export type { AuditGauges, AuditStatus, CallCredential, Minted, ResultPlace, Visit, WatchedJob }

export interface TenantCall<Id extends TenantOperationId = TenantOperationId> {
  readonly operation: Id
  readonly input: Parsed<Id>
  readonly credential: CallCredential
  readonly request_id: string
  readonly minted?: Minted
  /** Only for sign-ins and passkeys: what the edge knows of the browser. */
  readonly visit?: Visit
  /**
   * `claims.complete`, `claims.close`: R2 holds the whole result under this key, and `input.result` is only its beginning
   * (`limits.result_inline_bytes`, cut between characters). The object keeps the key with the job (and mirrors it to D1) when it
   * accepts the outcome, and shows `result_truncated: true`. The key is unguessable and new for each call, so that a refused
   * completion never touches the result of an accepted one.
   */
  readonly stored_result?: string
  /** The caller only passes the value on, so the object may answer with JSON text (`AnsweredInJson`). Older objects ignore this field. */
  readonly as_json?: true
}

/** The value of an answer: the operation's output without `view_url`, which only the edge can fill in. */
export type TenantReply<Id extends TenantOperationId> = Omit<Operations[Id]['output']['_output'], 'view_url'>

/** The killswitch as every answer to a worker carries it. */
export interface KillswitchVersion {
  readonly level: number
  readonly generation: number
}

/**
 * `replayed`: the idempotency key matched an earlier call, so this call created nothing (200, not 201). `killswitch`: only in answers to a
 * worker.
 */
export type TenantAnswer<Id extends TenantOperationId> = Result<TenantReply<Id>> & {
  readonly replayed?: boolean
  readonly killswitch?: KillswitchVersion
}

/** A value as JSON text: serializing inside the object costs less than the structured clone of the value by the RPC. */
export interface AnsweredInJson {
  readonly ok: true
  readonly json: string
  readonly replayed?: boolean
  readonly killswitch?: KillswitchVersion
}

/** The owner of a valid credential. `id` is a `worker_id` or a `member_id`. */
export interface Authorized {
  readonly kind: 'member' | 'worker'
  readonly id: string
  readonly name: string
}

/** The tenant object as the edge sees it. */
export interface TenantGate extends ArtifactCalls {
  perform<Id extends TenantOperationId>(call: TenantCall<Id>): Promise<TenantAnswer<Id>>
  /** For `jobs.result`: `wrong-state` while the job has not ended, `not-found` when the object does not (or no longer) hold the job. */
  locateResult(request: {
    readonly credential: CallCredential
    readonly job_id: number
    readonly request_id: string
  }): Promise<Result<ResultPlace>>
  /** Checks that the credential has the scope. For operations that need nothing else from the object: audit search, metrics, artifacts. */
  authorize(request: {
    readonly credential: CallCredential
    readonly scope: Scope
    readonly request_id: string
  }): Promise<Result<Authorized>>
  /**
   * Requires `audit.read`. `sign`: first signs a head over the newest row, unless a head covers it already. Ships all rows to D1 before it
   * answers; when D1 is down, it answers without.
   */
  auditStatus(request: {
    readonly credential: CallCredential
    readonly sign: boolean
    readonly request_id: string
  }): Promise<Result<AuditStatus>>
  /** Requires `workers.read`. The metrics of the audit trail. */
  auditGauges(request: { readonly credential: CallCredential; readonly request_id: string }): Promise<Result<AuditGauges>>
  /** Requires `audit.read`. Signs the seal at the end of an export. */
  sealExport(request: {
    readonly credential: CallCredential
    readonly seal: Pick<AuditSeal, 'from_seq' | 'through_seq' | 'rows' | 'sha256'>
    readonly request_id: string
  }): Promise<Result<AuditSeal & { readonly signature: string }>>
  /** Called once by the master: names the tenant and stores its first owner. Repeating it with the same tenant is `name-taken`. */
  provision(request: {
    readonly tenant: string
    readonly name: string
    readonly owner_name: string
    /** Initial value of the setting. Older edges do not send it. */
    readonly require_capability?: boolean
    readonly minted: Minted
    readonly request_id: string
  }): Promise<Result<{ readonly member_id: string; readonly created_at: string; readonly expires_at: string }>>
  setSuspended(request: {
    readonly suspended: boolean
    readonly request_id: string
  }): Promise<Result<{ readonly name: string; readonly created_at: string }>>
  /**
   * Requires `jobs.read`. Returns the ids of the jobs whose row in D1 must not be shown: the object still (or again) holds the job, so the row
   * may be outdated; or the job is erased, or its thread deleted, and D1 is not updated yet. `threads`: the threads of the jobs, in the same
   * order; older edges do not send them.
   */
  keptJobs(request: {
    readonly credential: CallCredential
    readonly ids: readonly number[]
    readonly threads?: readonly (string | null)[]
  }): Promise<Result<readonly number[]>>
  /** Checks that the credential may read the job's stream. Registers the viewer, so that the stream object is told of the job's end. */
  watch(request: { readonly credential: CallCredential; readonly job_id: number; readonly request_id: string }): Promise<Result<WatchedJob>>
  /** Requires `jobs.take`. Records that a person writes a note about the job that they hold; the fence lets the note into the job's stream. */
  noteWork(request: NoteRequest & { readonly credential: CallCredential; readonly request_id: string }): Promise<Result<NoteFence>>
  /** An attempt has written its first output, so its stream must be told of its end. Idempotent; a stale fence changes nothing. */
  noteStream(request: { readonly job_id: number; readonly attempt: number; readonly nonce: string }): Promise<void>
  /** Counts a sign-in from this address that failed before a member was identified, so that the next attempts are delayed. */
  noteFailedSignIn(request: { readonly address: string; readonly request_id: string }): Promise<void>
  /** WebSocket upgrade, with the credential in `x-modelreins-credential` as JSON. */
  fetch(request: Request): Promise<Response>
}
