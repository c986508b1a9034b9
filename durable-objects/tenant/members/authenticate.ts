/**
 * Responsible for turning a call's credential into a caller. It compares the hash and checks revocation on every call, so a revocation
 * applies at once.
 */
import type { Scope } from '@modelreins/contract'
import { roleMay, workerMay } from '../../../src/domain/access/access.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isSessionActive } from '../../../src/domain/session/session.ts'
import { equalInConstantTime } from '../../../src/domain/access/token.ts'
import type { CallCredential } from '../kernel/credential.ts'
import type { Caller } from '../kernel/context.ts'
import type { Store } from '../kernel/context.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'
import type { MemberRow } from './credential-store.ts'
import type { AttemptLease } from '../queue/commands/attempts.ts'

/** The same failure for every cause, so that callers cannot tell the causes apart; the edge returns it as the uniform 401. */
const refused = fail('unauthorized', 'The token is not valid: unknown, expired, rotated or revoked.')

const actorOf = (member: MemberRow): Caller['actor'] => ({ kind: 'member', id: member.member_id, name: member.name })

const asWorker = (worker: WorkerRecord): Caller['actor'] => ({ kind: 'worker', id: worker.worker_id, name: worker.name })

/**
 * When the current token of this worker was issued, or the current key of its member if it is a companion, in milliseconds since 1970;
 * infinity without one.
 */
export function tokenSince(store: Store, workerId: string): number {
  const owner = store.workers.get(workerId)?.companion_of ?? workerId
  return store.credentials.issuedAt(owner) ?? Number.POSITIVE_INFINITY
}

/**
 * Whether the worker and the token under which this lease was given are still valid. A lease older than the current token is valid only for
 * an attempt that still runs, that is, one that a rotation has kept running.
 */
export function isLeaseValid(store: Store, lease: AttemptLease): boolean {
  const worker = store.workers.get(lease.worker_id)
  if (worker === undefined || worker.revoked_at !== null) return false
  const owner = worker.companion_of
  if (owner !== null && store.credentials.member(owner)?.revoked_at !== null) return false
  const since = store.credentials.issuedAt(owner ?? worker.worker_id)
  if (since === undefined) return false
  if (lease.offered_at >= since) return true
  const job = store.jobs.get(lease.job_id)
  return job?.status === 'running' && job.attempt === lease.attempt && job.nonce === lease.nonce
}

/** The caller behind a credential, or the uniform failure. `at` in milliseconds since 1970. */
export function authenticate(store: Store, credential: CallCredential, at: number): Result<Caller> {
  const identity = store.identity.get()
  if (identity === undefined) return refused
  if (credential.kind === 'none') return ok({ kind: 'none', actor: { kind: 'system', id: 'anonymous', name: 'anonymous (link)' } })
  if (credential.kind === 'master') return ok({ kind: 'master', actor: { kind: 'master', id: 'master', name: 'master' } })
  if (identity.suspended) return refused
  if (credential.kind === 'lease') {
    const worker = store.workers.get(credential.lease.worker_id)
    if (worker === undefined || !isLeaseValid(store, credential.lease)) return refused
    return ok({ kind: 'lease', worker, lease: credential.lease, actor: asWorker(worker) })
  }
  if (credential.kind === 'session') {
    const session = store.sessions.find(credential.credential)
    if (session === undefined || !equalInConstantTime(session.hash, credential.hash) || !isSessionActive(session, at)) return refused
    const member = store.credentials.member(session.member_id)
    if (member === undefined || member.revoked_at !== null) return refused
    return ok({ kind: 'member', member, actor: actorOf(member), session: session.session_id })
  }
  const row = store.credentials.find(credential.credential)
  if (row === undefined || row.kind !== credential.kind || row.revoked_at !== null || !equalInConstantTime(row.hash, credential.hash))
    return refused
  if (credential.kind === 'member') {
    const member = store.credentials.member(row.subject)
    if (member === undefined || member.revoked_at !== null) return refused
    return ok({ kind: 'member', member, actor: actorOf(member) })
  }
  const worker = store.workers.get(row.subject)
  if (worker === undefined || worker.revoked_at !== null) return refused
  return ok({ kind: 'worker', worker, actor: asWorker(worker) })
}

/** Whether the caller has the scope that the operation requires. */
export function mayCall(caller: Caller, scope: Scope): boolean {
  switch (caller.kind) {
    case 'member':
      // A browser session never acts as a worker, whatever its member's role allows.
      if (caller.session !== undefined && scope === 'work') return false
      return scope === 'public' || roleMay(caller.member.role, scope)
    case 'worker':
      return scope === 'public' || workerMay(scope, caller.worker.may_raise_killswitch)
    case 'lease':
      // A lease may also upload files of its own attempt.
      return scope === 'attempt' || scope === 'artifacts.write'
    case 'master':
      return scope === 'master'
    case 'none':
      return scope === 'public'
    case 'system':
      return true
  }
}
