/** Responsible for mapping each frame of a worker socket to a command and to the frames that answer it; it has no access to the socket. */
import { limits, parseLeaseToken, problems } from '@modelreins/contract'
import type { Failure, Problem, ServerFrame, WorkerFrame } from '@modelreins/contract'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isMacValid } from '../../../src/domain/access/token.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { completeAttempt, endLostAttempt, failTheAttempt, leaseUntil, noteStopped, startAttempt } from '../queue/commands/attempts.ts'
import type { AttemptLease } from '../queue/commands/attempts.ts'
import { handBackAttempt } from '../queue/commands/hand-back.ts'
import { noteAcknowledgement } from '../killswitch/commands.ts'
import { isLeaseValid } from '../members/authenticate.ts'
import { lostLeases, noteProfile, presenceReply, renewLeases } from '../workers/presence-commands.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'

/** A failure as a problem document inside a frame. */
export const problemOf = (failure: Failure): Problem => {
  const { status, title, retryable } = problems[failure.code]
  return {
    type: `/docs/problems#${failure.code}`,
    title,
    status,
    code: failure.code,
    retryable: failure.retryable ?? retryable,
    detail: failure.detail,
    ...(failure.issues === undefined ? {} : { issues: [...failure.issues] }),
  }
}

const problemFrame = (ref: number | null, failure: Failure): ServerFrame => ({ type: 'problem', ref, problem: problemOf(failure) })

/** The lease in a frame. `lease-lost` unless one of our keys signed it for this worker and it is still valid. */
function leaseOf(ctx: CommandContext, keys: readonly TokenKey[], worker: WorkerRecord, token: string): Result<AttemptLease> {
  const lease = parseLeaseToken(token)
  const known = (): boolean => lease !== undefined && ctx.live.leases.wasIssued(lease.job_id, token)
  const valid =
    lease !== undefined &&
    (known() || isMacValid(lease.signed, lease.mac, keys)) &&
    lease.tenant === ctx.tenant &&
    lease.expires_at > ctx.at
  return valid && lease.worker_id === worker.worker_id && isLeaseValid(ctx.store, lease)
    ? ok(lease)
    : fail('lease-lost', 'This lease token is not valid.')
}

/** Ends the attempts that the worker holds according to the server but does not name: they ended with its previous process. */
function endForgotten(ctx: CommandContext, worker: WorkerRecord, named: readonly { readonly job_id: number }[]): void {
  const ids = new Set(named.map((lease) => lease.job_id))
  for (const lease of ctx.live.leases.heldBy(worker.worker_id)) {
    const job = lease.long || ids.has(lease.job_id) ? undefined : ctx.store.jobs.get(lease.job_id)
    if (job?.status === 'running')
      endLostAttempt(ctx, job, { type: 'worker_lost', message: `${worker.name} was started anew`, retryable: true })
  }
}

export function welcome(
  ctx: CommandContext,
  worker: WorkerRecord,
  frame: Extract<WorkerFrame, { type: 'hello' | 'presence' }>,
): ServerFrame {
  const live = ctx.live.presence.seen(worker.worker_id, ctx.at)
  live.transport = 'socket'
  // A `presence` frame is no answer to an offer; a `hello` resets the count of unanswered offers, because the process is new.
  if (frame.type === 'hello') ctx.live.presence.answered(worker.worker_id)
  if (frame.instance !== undefined) live.instance = frame.instance
  if (frame.details !== undefined) live.details = frame.details
  const after = noteProfile(ctx, worker, frame)
  if (frame.type === 'hello') endForgotten(ctx, after, frame.leases ?? [])
  renewLeases(ctx, after, frame.leases)
  const reply = presenceReply(ctx, after, lostLeases(ctx, after, frame.leases ?? []), limits.heartbeat_socket_ms)
  return { type: 'welcome', ...reply, takes: ['hand_back'] }
}

const settled = (ref: number, result: Result<JobRecord>): ServerFrame =>
  result.ok ? { type: 'settled', ref, job_id: result.value.id, status: result.value.status } : problemFrame(ref, result.failure)

/** Runs the frame's command and returns the answering frame, if any. The owner of the connection handles `hello` and `credit`. */
export function answerFrame(
  ctx: CommandContext,
  keys: readonly TokenKey[],
  worker: WorkerRecord,
  frame: Exclude<WorkerFrame, { type: 'hello' | 'credit' }>,
): ServerFrame | undefined {
  switch (frame.type) {
    case 'start': {
      const lease = leaseOf(ctx, keys, worker, frame.token)
      if (!lease.ok) return problemFrame(frame.ref, lease.failure)
      const started = startAttempt(ctx, worker, lease.value)
      if (!started.ok) return problemFrame(frame.ref, started.failure)
      return { type: 'started', ref: frame.ref, attempt: started.value.attempt, expires_at: isoTime(leaseUntil(ctx, started.value)) }
    }
    case 'decline': {
      const lease = leaseOf(ctx, keys, worker, frame.token)
      const offer = lease.ok ? ctx.live.leases.offer(lease.value.job_id) : undefined
      ctx.live.presence.answered(worker.worker_id)
      if (lease.ok && offer !== undefined && offer.nonce === lease.value.nonce) {
        ctx.live.leases.dropOffer(offer.job_id)
        ctx.after({ kind: 'wake', pool: offer.pool })
      }
      return undefined
    }
    case 'complete': {
      const lease = leaseOf(ctx, keys, worker, frame.token)
      return lease.ok ? settled(frame.ref, completeAttempt(ctx, lease.value, frame)) : problemFrame(frame.ref, lease.failure)
    }
    case 'fail': {
      const lease = leaseOf(ctx, keys, worker, frame.token)
      return lease.ok ? settled(frame.ref, failTheAttempt(ctx, lease.value, frame)) : problemFrame(frame.ref, lease.failure)
    }
    case 'hand_back': {
      const lease = leaseOf(ctx, keys, worker, frame.token)
      return lease.ok ? settled(frame.ref, handBackAttempt(ctx, worker, lease.value)) : problemFrame(frame.ref, lease.failure)
    }
    case 'presence':
      return welcome(ctx, worker, frame)
    case 'killswitch_ack':
      noteAcknowledgement(ctx, worker.worker_id, worker.name, frame.generation)
      return undefined
    case 'abort_ack':
      // The server ended the attempt when it was aborted; this frame confirms that the process has stopped, for the audit trail.
      noteStopped(ctx, worker, frame)
      return undefined
  }
}
