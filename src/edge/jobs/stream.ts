/** Responsible for a viewer's way to a job's output: straight from the tenant object when it ended without a stream, else the stream object's. */
import type { Job } from '@modelreins/contract'
import type { ViewerIdentity } from '../../../durable-objects/job-stream/gate.ts'
import type { WatchedJob } from '../../../durable-objects/tenant/call.ts'
import { type Result, ok } from '../../domain/result.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { archivedJob } from './routes.ts'
import { fanOutStream, readCursor } from '../jobs/fan-out-stream.ts'
import { askTenant, callObject, failureIn, tenantOf } from '../tenant-call.ts'

const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }

/** The sequence after which to go on: `Last-Event-ID` of a reconnecting viewer, else `after`, else from the beginning. */
function startAfter(request: Request, after: number | undefined): number {
  const last = request.headers.get('last-event-id')
  return last !== null && /^\d{1,15}$/.test(last) ? Number(last) : (after ?? -1)
}

/** Output that travelled in the completion is one chunk, sequence 0. */
function wholeStream(job: WatchedJob, after: number): string {
  const chunk = { seq: 0, attempt: job.attempt, stream: 'stdout', text: job.output }
  const output = job.output === '' || after >= 0 ? '' : `event: output\nid: 0\ndata: ${JSON.stringify(chunk)}\n\n`
  return `${output}event: end\ndata: ${JSON.stringify(job.end)}\n\n`
}

/** An archived job that was streamed has its transcript behind the stream object; `output` is what its completion brought. */
const fromArchive = (job: Job): WatchedJob => ({
  status: job.status,
  ended: true,
  streamed: job.output_truncated,
  attempt: job.attempt,
  output: job.output,
  end: { status: job.status, result: job.result, error: job.error },
})

/** What the viewer begins with; `not-found` of the object comes after it has let the caller in, so the archive may be asked in its place. */
async function watch(exchange: Exchange<'jobs.stream'>, job_id: number): Promise<Result<WatchedJob>> {
  const { request_id } = exchange
  const { credential } = exchange.caller
  const watched = await askTenant(exchange, (gate) => gate.watch({ credential, job_id, request_id }), true)
  if (watched.ok || watched.failure.code !== 'not-found') return watched
  const archived = await archivedJob(exchange, job_id)
  return archived.ok ? ok(fromArchive(archived.value)) : archived
}

/** Says to the stream object who watches; a header of this name from outside never gets there. */
const viewerHeader = 'x-modelreins-viewer'

/** So that the stream object can ask again whether the viewer still may. */
function viewerOf({ caller }: Exchange<'jobs.stream'>): Record<string, string> {
  if (caller.kind !== 'member' && caller.kind !== 'worker') return {}
  const { credential } = caller
  return { [viewerHeader]: JSON.stringify({ id: credential.credential, credential } satisfies ViewerIdentity) }
}

/** The output of one job after this sequence, as the tenant object has let the viewer in to it. */
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

/** All jobs of a fan-out in one connection; each of them is watched as it would be by itself. */
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
