/** Responsible for a diagnosis of the tenant: its invariants, its storage, the backlog of shipping to D1, and the use of its limits. */
import { invariantIds, invariants, limits } from '@modelreins/contract'
import type { Diagnostics } from '@modelreins/contract'
import { genesis, verifyRows } from '../../../src/domain/audit/audit-chain.ts'
import { checkQueue } from '../../../src/domain/diagnostics/invariants.ts'
import type { Check, Picture, SeenLease, SeenRelease } from '../../../src/domain/diagnostics/invariants.ts'
import { places } from '../../../src/domain/job/queue.ts'
import { ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { fitsJob } from '../reviews/clearance.ts'

/** Limits of one diagnosis (jobs of each kind, audit rows, approvals compared with running jobs), so that it does not block the queue. */
const jobsSeen = 2_000
const auditRowsSeen = 500
const releasesSeen = 200
const brokenShown = 20

const dayMs = 24 * 3_600_000
const platform = 'https://developers.cloudflare.com/durable-objects/platform/limits/'
const sockets = 'https://developers.cloudflare.com/durable-objects/best-practices/websockets/'
const ours = 'docs/reference/limits.md'

function picture(ctx: CommandContext): { readonly seen: Picture; readonly partial: boolean } {
  const { jobs, partial } = ctx.store.diagnostics.jobs(jobsSeen)
  const leases: readonly SeenLease[] = [...ctx.live.leases.all()]
  const holders = new Set(leases.map((lease) => lease.worker_id))
  const known = new Set(jobs.map((job) => job.id))
  const others = ctx.store.diagnostics.jobsById(leases.map((lease) => lease.job_id).filter((id) => !known.has(id)))
  const releases = jobs
    .filter((job) => job.pool === places.running)
    .slice(0, releasesSeen)
    .flatMap((job) => releaseOf(ctx, job.id) ?? [])
  return {
    seen: {
      jobs: [...jobs, ...others],
      leases,
      releases,
      revoked: new Set([...holders].filter((id) => ctx.store.workers.get(id)?.revoked_at !== null)),
      killLevel: ctx.store.killswitch.state().level,
    },
    partial,
  }
}

/** The review that gates this job; undefined for a review of a session to which the job belongs. */
function releaseOf(ctx: CommandContext, jobId: number): SeenRelease | undefined {
  const job = ctx.store.jobs.get(jobId)
  const review = job?.review_id == null ? undefined : ctx.store.reviews.get(job.review_id)
  if (job === undefined || review === undefined || review.type !== 'dispatch' || review.job_id !== job.id || review.session !== null)
    return undefined
  const worker = job.worker_id === null ? undefined : ctx.store.workers.get(job.worker_id)
  return { job_id: job.id, review_id: review.id, status: review.status, fits: fitsJob(ctx, review, job, worker) }
}

/** Checks only the newest rows: older ones are shipped, and `audit.verify` checks the whole trail. */
function checkChain(ctx: CommandContext): Check {
  const { seq } = ctx.live.auditWriter.head
  const rows = ctx.store.audit.after(Math.max(0, seq - auditRowsSeen), auditRowsSeen)
  const [first] = rows
  if (first === undefined) return { id: 'I12', checked: 0, broken: [] }
  const from = first.seq === 1 ? genesis : { seq: first.seq - 1, hash: first.prev_hash }
  const verdict = verifyRows(rows, { from, sha256: ctx.sha256 })
  const broken = verdict.ok ? [] : [{ job_id: null, detail: `row ${verdict.seq}: ${verdict.fault}, ${verdict.detail}` }]
  return { id: 'I12', checked: rows.length, broken }
}

function headroom(ctx: CommandContext, bytes: number, rows: Readonly<Record<string, number>>): Diagnostics['headroom'] {
  return [
    { what: 'storage of the tenant object', used: bytes, limit: 10_000_000_000, unit: 'bytes', source: platform },
    { what: 'worker connections', used: [...ctx.live.sockets.all()].length, limit: 32_768, unit: 'count', source: sockets },
    { what: 'schedules', used: rows['schedules'] ?? 0, limit: limits.schedules, unit: 'count', source: ours },
    { what: 'webhooks', used: rows['webhooks'] ?? 0, limit: limits.webhooks, unit: 'count', source: ours },
  ]
}

function run(ctx: CommandContext): Result<Diagnostics> {
  const { seen, partial } = picture(ctx)
  const found = [...checkQueue(seen), checkChain(ctx)]
  const checks = invariantIds.flatMap((id) =>
    found
      .filter((check) => check.id === id)
      .map(({ checked, broken }) => ({
        id,
        says: invariants[id],
        checked,
        holds: broken.length === 0,
        broken: broken.slice(0, brokenShown),
      })),
  )
  const { shipper, auditWriter } = ctx.live
  const since = ctx.at - (ctx.at % dayMs)
  const bytes = ctx.store.diagnostics.bytes()
  const rows = ctx.store.diagnostics.rows()
  const oldest = shipper.shipped === auditWriter.head.seq ? undefined : ctx.store.audit.after(shipper.shipped, 1)[0]
  return ok({
    at: isoTime(ctx.at),
    holds: checks.every((check) => check.holds),
    checks,
    partial,
    storage: { bytes, rows },
    today: { since: isoTime(since), jobs: ctx.store.diagnostics.jobsSince(since), audit_rows: ctx.store.diagnostics.auditRowsSince(since) },
    outbox: {
      waiting: oldest === undefined ? 0 : auditWriter.head.seq - oldest.seq + 1,
      oldest_at: oldest?.at ?? null,
      fork_at: shipper.fork,
    },
    headroom: headroom(ctx, bytes, rows),
  })
}

export const diagnosticsCommands = { 'diagnostics.run': run }
