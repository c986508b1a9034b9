/** Responsible for telling the stream object of a job that the job, or an attempt of it, has ended. */
import { streamName } from '../../job-stream/gate.ts'
import type { JobStreamGate, StreamEnd } from '../../job-stream/gate.ts'
import type { Host } from '../kernel/host.ts'

export interface StreamClosing {
  readonly job_id: number
  readonly attempt: number
  readonly end: StreamEnd | null
  readonly tail: string
  readonly chunks?: number | undefined
}

export function closeJobStream(host: Host, { job_id, attempt, end, tail, chunks }: StreamClosing): void {
  const { tenant, env, live } = host
  if (end !== null) live.watches.forget(job_id)
  const stub = env.JOB_STREAM.get(env.JOB_STREAM.idFromName(streamName(tenant, job_id)))
  // The type of the platform's stub does not include our methods.
  const gate = stub as unknown as Pick<JobStreamGate, 'close'>
  host.waitUntil(gate.close({ tenant, job_id, attempt, end, tail, chunks }).catch((error: unknown) => host.failed('stream.close', error)))
}
