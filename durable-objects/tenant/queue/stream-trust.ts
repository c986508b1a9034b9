/**
 * Responsible for telling the streams of jobs that a right has ended: they disconnect viewers, and check their writers again. The caller that ends a
 * right may wait until the streams have been told.
 */
import { streamName } from '../../job-stream/gate.ts'
import type { JobStreamGate } from '../../job-stream/gate.ts'
import type { Host } from '../kernel/host.ts'

/** Most milliseconds that a revocation waits for a stream to be told; a stream also checks by itself soon after. */
const patienceMs = 2_000

/** Whose right has ended: this member's (one key, or all); without a member, everybody's. */
export interface EndedRight {
  readonly member_id?: string
  readonly key?: string
}

export class StreamTrust {
  readonly #host: Host
  readonly #telling = new Set<Promise<void>>()

  constructor(host: Host) {
    this.#host = host
  }

  /** Resolves when the streams have been told of the ended rights, or when the wait is over: a revocation is in force once it is answered. */
  async told(): Promise<void> {
    if (this.#telling.size > 0) await Promise.all(this.#telling)
  }

  distrust({ member_id, key }: EndedRight): void {
    const { live, env, tenant, setTimer, waitUntil, failed } = this.#host
    const { watches, leases } = live
    const running = member_id === undefined ? [...leases.leases()].map((lease) => lease.job_id) : []
    for (const jobId of new Set([...watches.jobsOf(member_id), ...running])) {
      // The type of the platform's stub does not include our methods.
      const stub = env.JOB_STREAM.get(env.JOB_STREAM.idFromName(streamName(tenant, jobId))) as unknown as Pick<JobStreamGate, 'distrust'>
      const viewers = member_id === undefined ? {} : { viewers: watches.keysOf(jobId, member_id).filter((one) => one === (key ?? one)) }
      if (viewers.viewers?.length === 0) continue
      const told = new Promise<void>((resolve) => {
        const stop = setTimer(resolve, patienceMs)
        const telling = stub
          .distrust(viewers)
          .catch((error: unknown) => failed('stream.distrust', error))
          .finally(() => (stop(), resolve()))
        waitUntil(telling)
      })
      this.#telling.add(told)
      void told.then(() => this.#telling.delete(told))
    }
  }
}
