/** Responsible for running one real job from dispatch to its audit rows, and reporting each step to the caller. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditRow, Input, Job, StreamEvent } from '@modelreins/contract'
import type { Client } from '../../worker-sdk/src/client/index.ts'

export interface JobWatcher {
  readonly dispatched: (job: Job) => void
  readonly event: (event: StreamEvent) => void
}

export interface JobRun {
  readonly job: Job
  /** From the dispatch call to the end event, milliseconds. */
  readonly tookMs: number
  readonly rows: readonly AuditRow[]
}

/** Longest wait for the last audit row, in milliseconds: rows reach the registry a second or two after the job ends. */
const auditLimitMs = 8_000

async function auditRows(client: Client, job: Job, signal: AbortSignal): Promise<readonly AuditRow[]> {
  const ended = job.ended_at === null ? Number.POSITIVE_INFINITY : Date.parse(job.ended_at)
  for (let waited = 0; ; waited += 100) {
    const { items } = await client.audit.query({ job_id: job.id, order: 'asc' }, { signal })
    if (waited >= auditLimitMs || items.some((row) => Date.parse(row.at) >= ended)) return items
    await sleep(100, undefined, { signal })
  }
}

/** Dispatches the job, follows its output to the end, and waits for its audit rows. */
export async function runJob(client: Client, request: Input<'jobs.dispatch'>, watcher: JobWatcher, signal: AbortSignal): Promise<JobRun> {
  const started = performance.now()
  const dispatched = await client.jobs.dispatch(request, { signal })
  watcher.dispatched(dispatched)
  for await (const event of client.stream(dispatched.id, { signal })) watcher.event(event)
  const tookMs = performance.now() - started
  const job = await client.jobs.get({ job_id: dispatched.id }, { signal })
  return { job, tookMs, rows: await auditRows(client, job, signal) }
}
