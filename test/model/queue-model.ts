/**
 * Responsible for the reference model of a tenant's queue: what must be true after each command, checked only with what a caller can see. It is
 * deliberately simple; the object may be optimised in any way that this model cannot distinguish.
 */
import type { Job } from '@modelreins/contract'
import { limits } from '@modelreins/contract'

export interface Attempt {
  readonly job_id: number
  readonly attempt: number
  readonly worker: string
  /** The lease token that started the attempt: earlier offers of the same attempt are void. */
  readonly token: string
  /** Time of its start or last renewal, milliseconds. */
  renewed_at: number
}

/** What the reference expects of one job. */
export interface Believed {
  readonly id: number
  readonly max_attempts: number
  /** For a job that is held before each start: approvals that no start has used up. */
  approvals: number | undefined
  /** Content that the newest approval was about, as `contentOf` computes it. */
  approved: string | undefined
  /** Attempts whose start the object confirmed, in order. */
  readonly started: Attempt[]
  /** Set when the end was reported to a caller; from then on only a retry may change it. */
  ended: { readonly status: string; readonly result: string | null } | undefined
}

/** The content that reaches the handler, from a job or from a review's payload. */
export const contentOf = (of: { readonly prompt?: unknown; readonly input?: unknown; readonly metadata?: unknown }): string =>
  JSON.stringify([of.prompt, of.input ?? null, of.metadata ?? null])

export class QueueModel {
  readonly jobs = new Map<number, Believed>()
  readonly revoked = new Set<string>()
  now: number
  /** Level of the killswitch. */
  level = 0

  constructor(now: number) {
    this.now = now
  }

  dispatched(job: Job): void {
    if (this.jobs.has(job.id)) throw new Error(`I1: job ${job.id} was handed out twice`)
    const approvals = job.hold === 'review' ? 0 : undefined
    this.jobs.set(job.id, { id: job.id, max_attempts: job.max_attempts, approvals, approved: undefined, started: [], ended: undefined })
  }

  started(job: Job, worker: string, token: string): void {
    const believed = this.of(job.id)
    const last = believed.started.at(-1)
    if (last?.attempt === job.attempt) {
      if (last.worker !== worker || last.token !== token)
        throw new Error(`I2: attempt ${job.attempt} of job ${job.id} started by ${last.worker} and by ${worker}`)
      return
    }
    if (believed.ended !== undefined) throw new Error(`I4: job ${job.id} started after it had ended`)
    if (job.attempt !== (last?.attempt ?? 0) + 1)
      throw new Error(`I6: job ${job.id} went from attempt ${last?.attempt ?? 0} to ${job.attempt}`)
    // A lease that was not renewed may have lapsed; one that was renewed recently has not.
    if (last !== undefined && this.now - last.renewed_at < limits.lease_ms && !this.released.has(`${job.id}/${last.attempt}`)) {
      throw new Error(`I2: job ${job.id} started again while attempt ${last.attempt} held a live lease`)
    }
    if (this.level >= 2) throw new Error(`I8: job ${job.id} started at killswitch level ${this.level}`)
    if (believed.approvals !== undefined) {
      if (believed.approvals < 1) throw new Error(`I7: job ${job.id} started without an approval of its own`)
      if (believed.approved !== contentOf(job))
        throw new Error(`I7: job ${job.id} started with ${contentOf(job)}, approved was ${believed.approved}`)
      believed.approvals -= 1
    }
    believed.started.push({ job_id: job.id, attempt: job.attempt, worker, token, renewed_at: this.now })
  }

  /** Attempts that ended before their lease: failed, aborted, or the worker was revoked. */
  readonly released = new Set<string>()

  release(id: number): void {
    const last = this.of(id).started.at(-1)
    if (last !== undefined) this.released.add(`${id}/${last.attempt}`)
  }

  /** Whether the attempt may still settle the job. Undefined: it depends on timing, which the reference does not model. */
  maySettle(id: number, attempt: number): boolean | undefined {
    const believed = this.of(id)
    if (this.level >= 3) return undefined
    const last = believed.started.at(-1)
    if (last === undefined || last.attempt !== attempt || believed.ended !== undefined || this.revoked.has(last.worker)) return false
    if (this.released.has(`${id}/${attempt}`)) return undefined
    return this.now - last.renewed_at < limits.lease_ms ? true : undefined
  }

  settled(job: Job): void {
    const believed = this.of(job.id)
    if (believed.ended !== undefined && (believed.ended.status !== job.status || believed.ended.result !== job.result)) {
      throw new Error(`I4: job ${job.id} was ${believed.ended.status} and became ${job.status}`)
    }
    if (job.status === 'done' || job.status === 'failed') believed.ended = { status: job.status, result: job.result }
    else this.release(job.id)
  }

  renewed(worker: string): void {
    for (const { started, ended } of this.jobs.values()) {
      const last = started.at(-1)
      if (
        last?.worker === worker &&
        ended === undefined &&
        !this.released.has(`${last.job_id}/${last.attempt}`) &&
        this.now - last.renewed_at < limits.lease_ms
      ) {
        last.renewed_at = this.now
      }
    }
  }

  /** From level 3 on nothing runs: running attempts have ended, and the object reports how. */
  raised(level: number): void {
    this.level = level
    if (level < 3) return
    for (const id of this.jobs.keys()) this.release(id)
  }

  approved(id: number, content: string): void {
    const believed = this.of(id)
    believed.approvals = (believed.approvals ?? 0) + 1
    believed.approved = content
  }

  /** The content differs from what was approved: no approval remains. */
  changed(id: number): void {
    const believed = this.of(id)
    if (believed.approvals !== undefined) believed.approvals = 0
  }

  /** The member who approved has lost the right to decide. Returns the number of unused approvals that ended with it. */
  disowned(): number {
    const unspent = [...this.jobs.values()].filter((job) => (job.approvals ?? 0) > 0)
    for (const job of unspent) job.approvals = 0
    return unspent.length
  }

  revived(id: number): void {
    this.of(id).ended = undefined
    this.release(id)
  }

  of(id: number): Believed {
    const believed = this.jobs.get(id)
    if (believed === undefined) throw new Error(`The reference knows no job ${id}`)
    return believed
  }

  /** Compares the object's list of jobs with the reference. */
  check(listed: readonly Job[]): void {
    const byId = new Map(listed.map((job) => [job.id, job]))
    for (const believed of this.jobs.values()) {
      const job = byId.get(believed.id)
      if (job === undefined) throw new Error(`I1: job ${believed.id} is lost`)
      if (job.attempt > job.max_attempts) throw new Error(`I6: job ${job.id} is at attempt ${job.attempt} of ${job.max_attempts}`)
      if (believed.ended !== undefined && (job.status !== believed.ended.status || job.result !== believed.ended.result)) {
        throw new Error(`I4: job ${job.id} was ${believed.ended.status} and is ${job.status}`)
      }
      const last = believed.started.at(-1)
      if (job.target !== null && this.revoked.has(job.target) && job.status !== 'failed' && job.status !== 'done')
        throw new Error(`I14: job ${job.id} is ${job.status}, and its target ${job.target} is revoked`)
      if (job.status === 'running') {
        if (this.level >= 3) throw new Error(`I8: job ${job.id} runs at killswitch level ${this.level}`)
        if (last === undefined || last.attempt !== job.attempt)
          throw new Error(`I2: job ${job.id} runs attempt ${job.attempt} that nobody started`)
        if (this.revoked.has(last.worker)) throw new Error(`I14: job ${job.id} runs on a revoked worker`)
      }
      // An end that only time caused (expiry, last attempt lost) is final from when it was first observed.
      if ((job.status === 'done' || job.status === 'failed') && believed.ended === undefined) {
        believed.ended = { status: job.status, result: job.result }
      }
    }
    if (byId.size !== this.jobs.size) throw new Error(`The object has ${byId.size} jobs, ${this.jobs.size} were dispatched`)
  }
}
