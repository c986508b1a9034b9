/**
 * Responsible for erasing deleted threads outside of the tenant object: output streams and transcripts, large results, archive rows. It
 * records what is gone; a failed erasure stays due in its own row.
 */
import { limits } from '@modelreins/contract'
import { streamName, transcriptKey } from '../../job-stream/gate.ts'
import type { JobStreamGate } from '../../job-stream/gate.ts'
import { Topic } from '../connections/waiters.ts'
import { systemCaller } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
import { forgetArchivedJob } from '../queue/erase-job.ts'
import type { ErasedJob } from '../queue/erased-jobs.ts'
import { erasedReason } from './delete.ts'
import type { Erasure } from './erasure-store.ts'

/** Archive rows that are read in one query. */
const archivedAtOnce = 50
/** Platform limit: R2 deletes at most 1,000 keys in one call. */
const keysAtOnce = 1_000

export class ThreadEraser {
  readonly #host: Host
  readonly #topic: Topic
  readonly #asked = new Set<number>()

  constructor(host: Host) {
    this.#host = host
    this.#topic = new Topic(host.setTimer)
  }

  /** Resolves once the erasure is done, once a part of it has failed for now, or after `ms` milliseconds. */
  finished(erasureId: number, ms: number): Promise<boolean> {
    return this.#topic.wait(erasureId, ms)
  }

  /** Marks that a call that has waited is about to ask again about this erasure. The caller runs the returned function afterwards. */
  asks(erasureId: number): () => void {
    this.#asked.add(erasureId)
    return () => void this.#asked.delete(erasureId)
  }

  /** Whether a call that has waited for this erasure is running again now. */
  isAsked(erasureId: number): boolean {
    return this.#asked.has(erasureId)
  }

  /** Starts erasing these jobs outside of the tenant object, without waiting for it. */
  tendJobs(ids: readonly number[]): void {
    const erasures = ids.flatMap((id) => this.#host.store.erased.get(id)?.erasure_id ?? [])
    this.#behind(() => this.#eraseJobs(ids), erasures)
  }

  /** Starts erasing the archived jobs of this erasure, without waiting for it. */
  tendThread(id: number): void {
    this.#behind(() => this.#eraseThread(id), [id])
  }

  #behind(work: () => Promise<void>, erasures: readonly number[]): void {
    const failed = (error: unknown): void => {
      this.#host.failed('thread.erase', error)
      // The next try comes later, so calls stop waiting now.
      for (const id of new Set(erasures)) this.#topic.tell(id)
    }
    this.#host.waitUntil(work().catch(failed))
  }

  async #eraseJobs(ids: readonly number[]): Promise<void> {
    const { store } = this.#host
    const found = ids.flatMap((id) => store.erased.get(id) ?? [])
    await Promise.all(found.map((job) => this.#eraseOutside(job)))
    await this.#host.live.shipper.eraseJobs(ids)
    const at = this.#host.now()
    for (const job of found) {
      const again = job.state === 'erasing'
      const next_at = again ? at + limits.erase_again_ms : job.erased_at + limits.erased_job_gone_ms
      store.erased.move(job.job_id, { state: again ? 'again' : 'erased', next_at, tries: 0 })
    }
    for (const id of new Set(found.map((job) => job.erasure_id))) this.#tellIfDone(id)
  }

  async #eraseOutside({ job_id, streamed, ran }: ErasedJob): Promise<void> {
    const { tenant, env } = this.#host
    if (streamed) await this.#stream(job_id).erase({ tenant, job_id })
    if (!ran) return
    const { objects } = await env.ARCHIVE.list({ prefix: `results/${tenant}/${job_id}/`, limit: keysAtOnce })
    if (objects.length > 0) await env.ARCHIVE.delete(objects.map(({ key }) => key))
  }

  #stream(jobId: number): Pick<JobStreamGate, 'erase'> {
    const { tenant, env } = this.#host
    // The platform's type of a stub does not have this project's methods.
    return env.JOB_STREAM.get(env.JOB_STREAM.idFromName(streamName(tenant, jobId))) as unknown as Pick<JobStreamGate, 'erase'>
  }

  /** Erases jobs that only the archive has. They ended long ago, so no more data of them arrives. */
  async #eraseThread(id: number): Promise<void> {
    const { store, tenant, env, live } = this.#host
    const erasure = store.erasures.get(id)
    if (erasure === undefined || erasure.stage === 'done') return
    if (erasure.stage === 'archive') {
      for (;;) {
        const found = await live.shipper.archivedOf(erasure.thread_id, erasure.through_id, archivedAtOnce)
        if (found.length === 0) break
        this.#host.run(systemCaller, (ctx) => {
          for (const job of found) forgetArchivedJob(ctx, job.id, id, erasedReason)
          return []
        })
        const keys = found.flatMap((job) => [transcriptKey(tenant, job.id), ...(job.stored_result === null ? [] : [job.stored_result])])
        for (let from = 0; from < keys.length; from += keysAtOnce) await env.ARCHIVE.delete(keys.slice(from, from + keysAtOnce))
        await live.shipper.eraseJobs(found.map((job) => job.id))
      }
      store.erasures.save({ ...(store.erasures.get(id) ?? erasure), stage: 'rest' })
    }
    this.#tellIfDone(id)
  }

  #tellIfDone(id: number): void {
    const { store } = this.#host
    const erasure = store.erasures.get(id)
    if (erasure?.stage !== 'rest' || store.erased.pending(id) > 0) return
    this.#host.run(systemCaller, (ctx) => {
      const done: Erasure = { ...erasure, stage: 'done', next_at: erasure.erased_at + limits.erased_job_gone_ms, tries: 0 }
      ctx.store.erasures.save(done)
      ctx.record({
        action: 'thread.erase',
        subject: `thread:${erasure.thread_id}`,
        summary: `${erasure.jobs} jobs and what the archive had`,
      })
      return []
    })
    this.#topic.tell(id)
  }
}
