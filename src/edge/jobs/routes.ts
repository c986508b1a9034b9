/** Responsible for reading jobs: from the tenant object, from D1 after the object has dropped them, and large results from R2. */
import { type Job, artifactBrief, limits } from '@modelreins/contract'
import { type Result, fail, ok } from '../../domain/result.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { mergePages } from './merge-pages.ts'
import { withRecentOutput } from './recent-output.ts'
import { readStoredResult } from './stored-result.ts'
import { askTenant, perform, tenantOf } from '../tenant-call.ts'

const archive = (exchange: Exchange) => exchange.ports.registry(exchange.env).jobs

/** The object answers `not-found` only after it has authorized the caller, so D1 may be read then. */
export async function getJob(exchange: Exchange<'jobs.get'>): Promise<Reply> {
  const live = await perform(exchange, 'jobs.get', exchange.input)
  if (live.ok) return { ...live, value: await withRecentOutput(exchange, live.value) }
  if (live.failure.code !== 'not-found') return live
  const archived = await archivedJob(exchange, exchange.input.job_id)
  if (!archived.ok) return archived
  // The object keeps files longer than their job.
  const files = await perform(exchange, 'artifacts.list', { job_id: exchange.input.job_id, limit: 100 })
  const artifacts = files.ok ? files.value.items.map((file) => artifactBrief.parse(file)) : []
  const job = await withRecentOutput(exchange, archived.value)
  return ok(artifacts.length === 0 ? job : { ...job, artifacts })
}

/** The jobs of the object, merged with those that only D1 has. While D1 is down, the list has only the jobs of the object. */
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
 * Returns the archived jobs that must not be shown, out of those that the object has not listed: jobs that the object holds nevertheless
 * (after a retry they no longer match the filter), and erased jobs.
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

/** The thread with which each job is erased. Children and merge jobs of a fan-out name no thread: theirs is the thread of the parent. */
async function threadsOf(exchange: Exchange, archived: readonly Job[]): Promise<Result<readonly (string | null)[]>> {
  const parents = new Set(archived.flatMap(({ thread_id, parent_id }) => (thread_id === null ? (parent_id ?? []) : [])))
  if (parents.size === 0) return ok(archived.map(({ thread_id }) => thread_id))
  const found = await archive(exchange).threadsOf(tenantOf(exchange) ?? '', [...parents])
  if (!found.ok) return found
  return ok(archived.map(({ thread_id, parent_id }) => thread_id ?? (parent_id == null ? null : (found.value.get(parent_id) ?? null))))
}

/** A job that only D1 has. A job of a deleted thread is `gone`, even while D1 still has it. */
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
