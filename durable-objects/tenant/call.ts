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
  /** Of a browser: sign-ins and passkeys. */
  readonly visit?: Visit
  /**
   * `claims.complete`, `claims.close`: the whole result lies in R2 under this key and `input.result` is only its beginning
   * (`limits.result_inline_bytes`, cut between characters). The object keeps the key with the job (and mirrors it to D1) when it
   * accepts the outcome, and shows `result_truncated: true`. The key is unguessable and new for each call, so that a refused
   * completion never touches the result of an accepted one.
   */
  readonly stored_result?: string
  /** The caller only passes the value on: it may come as JSON (`AnsweredInJson`). An object of before does not look at this. */
  readonly as_json?: true
}

/** What the object answers: the operation's output, less what only the edge can fill in (`view_url`). */
export type TenantReply<Id extends TenantOperationId> = Omit<Operations[Id]['output']['_output'], 'view_url'>

/** The killswitch as every answer to a worker carries it. */
export interface KillswitchVersion {
  readonly level: number
  readonly generation: number
}

/** `replayed`: an idempotency key answered what an earlier call made; nothing was created now (200, not 201). `killswitch`: in answers to a worker. */
export type TenantAnswer<Id extends TenantOperationId> = Result<TenantReply<Id>> & {
  readonly replayed?: boolean
  readonly killswitch?: KillswitchVersion
}

/** A value as JSON text: making it where the value is costs the runtime less than copying the value across. */
export interface AnsweredInJson {
  readonly ok: true
  readonly json: string
  readonly replayed?: boolean
  readonly killswitch?: KillswitchVersion
}

/** Who a credential in force belongs to. `worker_id` or `member_id` in `id`. */
export interface Authorized {
  readonly kind: 'member' | 'worker'
  readonly id: string
  readonly name: string
}

/** The tenant object as the edge sees it. */
export interface TenantGate extends ArtifactCalls {
  perform<Id extends TenantOperationId>(call: TenantCall<Id>): Promise<TenantAnswer<Id>>
  /** `jobs.result`: `wrong-state` while the job has not ended, `not-found` when it is no longer (or never was) kept here. */
  locateResult(request: {
    readonly credential: CallCredential
    readonly job_id: number
    readonly request_id: string
  }): Promise<Result<ResultPlace>>
  /** May this credential do what the scope names? For operations that need nothing else of the object: audit search, metrics, artifacts. */
  authorize(request: {
    readonly credential: CallCredential
    readonly scope: Scope
    readonly request_id: string
  }): Promise<Result<Authorized>>
  /** Takes `audit.read`. `sign`: signs a head of the newest row first, when none covers it. D1 is brought up to date when it answers. */
  auditStatus(request: {
    readonly credential: CallCredential
    readonly sign: boolean
    readonly request_id: string
  }): Promise<Result<AuditStatus>>
  /** Takes `workers.read`. What monitoring watches of the audit trail. */
  auditGauges(request: { readonly credential: CallCredential; readonly request_id: string }): Promise<Result<AuditGauges>>
  /** Takes `audit.read`. Signs the end of an export. */
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
    /** The setting; an edge of before does not say. */
    readonly require_capability?: boolean
    readonly minted: Minted
    readonly request_id: string
  }): Promise<Result<{ readonly member_id: string; readonly created_at: string; readonly expires_at: string }>>
  setSuspended(request: {
    readonly suspended: boolean
    readonly request_id: string
  }): Promise<Result<{ readonly name: string; readonly created_at: string }>>
  /**
   * Takes `jobs.read`. Which of these jobs are not to be shown as D1 has them: they are (still, or again) kept here, so that it may be old; or
   * they are erased, or of a deleted thread, and D1 does not know yet. `threads`: their threads, in the same order; an older edge does not say.
   */
  keptJobs(request: {
    readonly credential: CallCredential
    readonly ids: readonly number[]
    readonly threads?: readonly (string | null)[]
  }): Promise<Result<readonly number[]>>
  /** May this credential read this job's stream? Registers the viewer, so that the end reaches the stream object. */
  watch(request: { readonly credential: CallCredential; readonly job_id: number; readonly request_id: string }): Promise<Result<WatchedJob>>
  /** Takes `jobs.take`. A person writes a note about the job in their hands: recorded, and what lets it into the job's stream. */
  noteWork(request: NoteRequest & { readonly credential: CallCredential; readonly request_id: string }): Promise<Result<NoteFence>>
  /** An attempt has said its first word: its stream must learn of the end, however that comes. Idempotent; a stale fence changes nothing. */
  noteStream(request: { readonly job_id: number; readonly attempt: number; readonly nonce: string }): Promise<void>
  /** A sign-in from this address has failed before anybody was named: counted, so that the next ones wait. */
  noteFailedSignIn(request: { readonly address: string; readonly request_id: string }): Promise<void>
  /** WebSocket upgrade, with the credential in `x-modelreins-credential` as JSON. */
  fetch(request: Request): Promise<Response>
}
