/** Responsible for reading jobs wherever they are by now: in the tenant object, in D1 once it has let them go, in R2 when results are large. */
import { type Job, artifactBrief, limits } from '@modelreins/contract'
import { type Result, fail, ok } from '../../domain/result.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { mergePages } from './merge-pages.ts'
import { withRecentOutput } from './recent-output.ts'
import { readStoredResult } from './stored-result.ts'
import { askTenant, perform, tenantOf } from '../tenant-call.ts'

const archive = (exchange: Exchange) => exchange.ports.registry(exchange.env).jobs

/** The object's `not-found` comes after it has let the caller in, so the archive may be asked in its place. */
export async function getJob(exchange: Exchange<'jobs.get'>): Promise<Reply> {
  const live = await perform(exchange, 'jobs.get', exchange.input)
  if (live.ok) return { ...live, value: await withRecentOutput(exchange, live.value) }
  if (live.failure.code !== 'not-found') return live
  const archived = await archivedJob(exchange, exchange.input.job_id)
  if (!archived.ok) return archived
  // Files outlive their job in the object.
  const files = await perform(exchange, 'artifacts.list', { job_id: exchange.input.job_id, limit: 100 })
  const artifacts = files.ok ? files.value.items.map((file) => artifactBrief.parse(file)) : []
  const job = await withRecentOutput(exchange, archived.value)
  return ok(artifacts.length === 0 ? job : { ...job, artifacts })
}

/** The object's jobs and, behind them, those that only D1 has. Without D1 the list is what the object has. */
export async function listJobs(exchange: Exchange<'jobs.list'>): Promise<Reply> {
  const { input } = exchange
  const live = await perform(exchange, 'jobs.list', input)
  if (!live.ok) return live
  const finished = input.status === undefined || input.status.some((status) => status === 'done' || status === 'failed')
  if (!finished) return live
  const archived = await archive(exchange).list(tenantOf(exchange) ?? '', input)
  if (!archived.ok) return live
  const stale = await keptOf(exchange, new Set(live.value.items.map(({ id }) => id)), archived.value.items)
  if (!stale.ok) return stale
  const items = archived.value.items.filter(({ id }) => !stale.value.has(id))
  return ok(mergePages(live.value, { ...archived.value, items }, input.limit ?? limits.list_default))
}

/**
 * Of the archived jobs that the object has not listed, those that are not to be shown: it keeps them all the same (tried again, they no longer
 * fit the filter), or they are erased.
 */
export async function keptOf(
  exchange: Exchange,
  listed: ReadonlySet<number>,
  archived: readonly Job[],
): Promise<Result<ReadonlySet<number>>> {
  const unlisted = archived.filter(({ id }) => !listed.has(id))
  if (unlisted.length === 0) return ok(new Set<number>())
  const threads = await threadsOf(exchange, unlisted)
  if (!threads.ok) return threads
  const { credential } = exchange.caller
  const asked = { credential, ids: unlisted.map(({ id }) => id), threads: threads.value }
  const kept = await askTenant(exchange, (gate) => gate.keptJobs(asked), true)
  return kept.ok ? ok(new Set(kept.value)) : kept
}

/** With which thread each is erased: children and merges of a fan-out with their parent's, which they do not name themselves. */
async function threadsOf(exchange: Exchange, archived: readonly Job[]): Promise<Result<readonly (string | null)[]>> {
  const parents = new Set(archived.flatMap(({ thread_id, parent_id }) => (thread_id === null ? (parent_id ?? []) : [])))
  if (parents.size === 0) return ok(archived.map(({ thread_id }) => thread_id))
  const found = await archive(exchange).threadsOf(tenantOf(exchange) ?? '', [...parents])
  if (!found.ok) return found
  return ok(archived.map(({ thread_id, parent_id }) => thread_id ?? (parent_id == null ? null : (found.value.get(parent_id) ?? null))))
}

/** A job that the archive alone has. One of a deleted thread is gone, though the archive may not know yet. */
export async function archivedJob(exchange: Exchange, id: number): Promise<Result<Job>> {
  const archived = await archive(exchange).get(tenantOf(exchange) ?? '', id)
  if (!archived.ok || (archived.value.thread_id === null && archived.value.parent_id == null)) return archived
  const kept = await keptOf(exchange, new Set(), [archived.value])
  if (!kept.ok) return kept
  return kept.value.has(id) ? fail('gone', `Job ${id} was erased with its thread.`) : archived
}

const asText = (body: string | ReadableStream): Response => new Response(body, { headers: { 'content-type': 'text/plain; charset=utf-8' } })

export async function jobResult(exchange: Exchange<'jobs.result'>): Promise<Reply> {
  const { input, request_id } = exchange
  const { credential } = exchange.caller
  let place = await askTenant(exchange, (gate) => gate.locateResult({ credential, job_id: input.job_id, request_id }), true)
  if (!place.ok && place.failure.code === 'not-found') {
    const archived = await archivedJob(exchange, input.job_id)
    if (!archived.ok) return archived
    const stored = await archive(exchange).storedResult(tenantOf(exchange) ?? '', input.job_id)
    if (!stored.ok) return stored
    place = ok({ text: archived.value.result, stored: stored.value })
  }
  if (!place.ok) return place
  const { text, stored } = place.value
  if (stored === null) return asText(text ?? '')
  const body = await readStoredResult(exchange, tenantOf(exchange) ?? '', stored)
  return body.ok ? asText(body.value) : body
}
