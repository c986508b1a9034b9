/** Responsible for the views of a person's work: the inbox, and one job with its context and files. */
import { limits } from '@modelreins/contract'
import type { Parsed, PersonClaim, WorkInbox, WorkItem, WorkJob } from '@modelreins/contract'
import { isReadable } from '../../../src/domain/artifact/artifact.ts'
import { requirementsOf, whyPerson } from '../../../src/domain/director/matching.ts'
import { deadlineOf, expiryOf, isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { briefOf } from '../../../src/domain/killswitch.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { handBackAt, remindAt } from '../../../src/domain/work/person.ts'
import { showArtifact } from '../artifacts/commands.ts'
import { isoTime, isoTimeOrNull } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { patienceOf } from '../queue/commands/attempts.ts'
import { contextOf } from '../queue/commands/job-context.ts'
import { showJob } from '../queue/job-view.ts'
import { choose, holdRefused, isOpenTo, refusedTo } from '../queue/offers.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'
import { lately } from './lately.ts'
import { ownWorker, showPerson } from './person.ts'

function claimOf(ctx: CommandContext, job: JobRecord): PersonClaim | null {
  const { person } = job.spec
  if (person === undefined || job.status !== 'running') return null
  const patience = patienceOf(ctx)
  return {
    attempt: job.attempt,
    since: isoTime(job.started_at ?? ctx.at),
    seen_at: isoTime(person.seen_at),
    remind_at: isoTime(remindAt(person, patience)),
    reminded: person.reminded_at !== undefined,
    hand_back_at: isoTime(handBackAt(person, patience)),
    deadline_at: isoTime(deadlineOf(job)),
  }
}

/** The first line that is not blank. */
const titleOf = (prompt: string): string => (/\S.*/.exec(prompt)?.[0] ?? '').trim().slice(0, limits.work_title_chars)

function showItem(ctx: CommandContext, worker: WorkerRecord, job: JobRecord): WorkItem {
  const shown = showJob(ctx, job)
  return {
    job_id: job.id,
    status: job.status,
    title: titleOf(job.spec.prompt),
    why: whyPerson(requirementsOf(job.spec), worker),
    capability: job.spec.capability,
    effort: job.effort,
    priority: job.priority,
    thread_id: job.thread_id,
    created_by: shown.created_by ?? null,
    created_at: shown.created_at,
    expires_at: job.status === 'pending' && job.hold === null ? isoTime(expiryOf(job)) : null,
    claim: job.worker_id === worker.worker_id ? claimOf(ctx, job) : null,
    error: shown.error,
    ended_at: isoTimeOrNull(job.ended_at),
  }
}

const claimedBy = (ctx: CommandContext, worker: WorkerRecord): readonly JobRecord[] =>
  ctx.live.leases
    .heldBy(worker.worker_id)
    .flatMap((lease) => ctx.store.jobs.get(lease.job_id) ?? [])
    .filter((job) => job.status === 'running')
    .toSorted((one, other) => (one.started_at ?? 0) - (other.started_at ?? 0))

/** Reading does not count as a sign that the person is present: an unattended window reads too. */
function list(ctx: CommandContext): Result<WorkInbox> {
  const killswitch = briefOf(ctx.store.killswitch.state())
  const worker = ownWorker(ctx)
  if (worker === undefined) return ok({ person: null, claimed: [], offered: [], ended: [], killswitch })
  const show = (job: JobRecord): WorkItem => showItem(ctx, worker, job)
  const person = showPerson(ctx, worker)
  // Opens reviews for jobs that need an approval before this person may have them.
  if (person.taking && !person.paused) holdRefused(ctx, worker, refusedTo(ctx, worker))
  const offered = person.taking ? choose(ctx, worker, limits.list_default).map((choice) => choice.job) : []
  const claimed = claimedBy(ctx, worker)
  const elsewhere = new Set([...claimed, ...offered].map((job) => job.id))
  const ended = lately(ctx, worker.worker_id).flatMap((id) => (elsewhere.has(id) ? [] : (ctx.store.jobs.get(id) ?? [])))
  return ok({ person, claimed: claimed.map(show), offered: offered.map(show), ended: ended.map(show), killswitch })
}

/** Maximum number of files in one response; `artifacts.list` returns all of them. */
const filesShown = 100

export function showWork(ctx: CommandContext, worker: WorkerRecord, job: JobRecord): WorkJob {
  const context = contextOf(ctx, job)
  const files = ctx.store.artifacts.list({ job_id: job.id }, Number.MAX_SAFE_INTEGER, filesShown)
  return {
    job: showJob(ctx, job),
    item: showItem(ctx, worker, job),
    // If the context cannot be read, the reason is shown in its place.
    context: context.ok ? context.value.context : context.failure.detail,
    files: files.filter((one) => isReadable(one, ctx.at)).map(showArtifact),
    killswitch: briefOf(ctx.store.killswitch.state()),
  }
}

/** Whether the job concerns this person: it is offered to them, or they have it, or had it lately. */
export const concerns = (ctx: CommandContext, worker: WorkerRecord, job: JobRecord): boolean =>
  job.worker_id === worker.worker_id ||
  lately(ctx, worker.worker_id).includes(job.id) ||
  (!isTerminal(job.status) && isOpenTo(ctx, worker, job))

function get(ctx: CommandContext, input: Parsed<'work.get'>): Result<WorkJob> {
  const worker = ownWorker(ctx)
  const job = ctx.store.jobs.get(input.job_id)
  if (worker === undefined || job === undefined || !concerns(ctx, worker, job))
    return fail('not-found', `There is no job ${input.job_id} in your work.`)
  return ok(showWork(ctx, worker, job))
}

export const inboxCommands = { 'work.list': list, 'work.get': get }
