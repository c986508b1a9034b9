/** Responsible for giving viewers a job's output: from the tenant object when the job ended without a stream, else from the stream object. */
import type { Job } from '@modelreins/contract'
import type { ViewerIdentity } from '../../../durable-objects/job-stream/gate.ts'
import type { WatchedJob } from '../../../durable-objects/tenant/call.ts'
import { type Result, ok } from '../../domain/result.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { archivedJob } from './routes.ts'
import { fanOutStream, readCursor } from '../jobs/fan-out-stream.ts'
import { askTenant, callObject, failureIn, tenantOf } from '../tenant-call.ts'

const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }

/** The number after which to continue: `Last-Event-ID` of a reconnecting viewer, else `after`, else from the beginning. */
function startAfter(request: Request, after: number | undefined): number {
  const last = request.headers.get('last-event-id')
  return last !== null && /^\d{1,15}$/.test(last) ? Number(last) : (after ?? -1)
}

/** The stream of output that came with the completion: one chunk with number 0, and the end. */
function wholeStream(job: WatchedJob, after: number): string {
  const chunk = { seq: 0, attempt: job.attempt, stream: 'stdout', text: job.output }
  const output = job.output === '' || after >= 0 ? '' : `event: output\nid: 0\ndata: ${JSON.stringify(chunk)}\n\n`
  return `${output}event: end\ndata: ${JSON.stringify(job.end)}\n\n`
}

/** For an archived job that streamed, the stream object reads the transcript; `output` is only the output of its completion. */
const fromArchive = (job: Job): WatchedJob => ({
  status: job.status,
  ended: true,
  streamed: job.output_truncated,
  attempt: job.attempt,
  output: job.output,
  end: { status: job.status, result: job.result, error: job.error },
})

/** The job at the start of a stream. The object answers `not-found` only after it has authorized the caller, so D1 may be read then. */
async function watch(exchange: Exchange<'jobs.stream'>, job_id: number): Promise<Result<WatchedJob>> {
  const { request_id } = exchange
  const { credential } = exchange.caller
  const watched = await askTenant(exchange, (gate) => gate.watch({ credential, job_id, request_id }), true)
  if (watched.ok || watched.failure.code !== 'not-found') return watched
  const archived = await archivedJob(exchange, job_id)
  return archived.ok ? ok(fromArchive(archived.value)) : archived
}

/** Tells the stream object who the viewer is; a header of this name in the client's request is not passed on. */
const viewerHeader = 'x-modelreins-viewer'

/** The header with the viewer's identity, with which the stream object checks the viewer's right again. */
function viewerOf({ caller }: Exchange<'jobs.stream'>): Record<string, string> {
  if (caller.kind !== 'member' && caller.kind !== 'worker') return {}
  const { credential } = caller
  return { [viewerHeader]: JSON.stringify({ id: credential.credential, credential } satisfies ViewerIdentity) }
}

/** Opens the output of one job after number `after`, once the tenant object has authorized the viewer. */
async function openStream(exchange: Exchange<'jobs.stream'>, jobId: number, job: WatchedJob, after: number): Promise<Result<Response>> {
  const { request, env, ports } = exchange
  if (job.ended && !job.streamed) return ok(new Response(wholeStream(job, after)))
  const tenant = tenantOf(exchange) ?? ''
  const query = new URLSearchParams({ after: String(after), tenant, job_id: String(jobId), ended: job.ended ? '1' : '0' })
  const about = { object: 'job-stream', operation: exchange.id, idempotent: true } as const
  const streamed = await callObject(exchange, about, () =>
    ports
      .jobStream(env, tenant, jobId)
      .fetch(new Request(`https://job-stream/?${query}`, { signal: request.signal, headers: viewerOf(exchange) })),
  )
  if (!(streamed instanceof Response)) return streamed
  return streamed.status === 200 ? ok(streamed) : failureIn(streamed)
}

/** Streams all jobs of a fan-out in one connection; each job is watched as if it were streamed alone. */
function streamFanOut(exchange: Exchange<'jobs.stream'>, parent: WatchedJob): Response {
  const { input, request } = exchange
  const look = async (): Promise<WatchedJob | undefined> => {
    const seen = await watch(exchange, input.job_id)
    return seen.ok ? seen.value : undefined
  }
  const open = async (jobId: number, after: number): Promise<ReadableStream<Uint8Array> | undefined> => {
    const job = await watch(exchange, jobId)
    const opened = job.ok ? await openStream(exchange, jobId, job.value, after) : job
    return opened.ok ? (opened.value.body ?? undefined) : undefined
  }
  const cursor = readCursor(request.headers.get('last-event-id'))
  return new Response(fanOutStream({ look, open, signal: request.signal }, parent, cursor), { headers })
}

export async function streamJob(exchange: Exchange<'jobs.stream'>): Promise<Reply> {
  const { input, request } = exchange
  const watched = await watch(exchange, input.job_id)
  if (!watched.ok) return watched
  if (request.method === 'HEAD') return new Response(null, { headers })
  if (watched.value.children !== undefined) return streamFanOut(exchange, watched.value)
  const opened = await openStream(exchange, input.job_id, watched.value, startAfter(request, input.after))
  return opened.ok ? new Response(opened.value.body, { headers }) : opened
}
