/** Responsible for members as workers: whether they take jobs, when they stopped, and when they were last heard of. */
import { limits } from '@modelreins/contract'
import type { Parsed, Person } from '@modelreins/contract'
import { roleMay } from '../../../src/domain/access/access.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { nameOfPerson, seen } from '../../../src/domain/work/person.ts'
import type { CommandContext } from '../kernel/context.ts'
import { leaseUntil } from '../queue/commands/attempts.ts'
import { saveJob } from '../queue/save-job.ts'
import { emptyProfile } from '../queue/workforce/worker-store.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'
import { isPaused } from '../queue/workforce/worker-view.ts'

const subject = (worker: WorkerRecord): string => `worker:${worker.worker_id}`

/** How many jobs the person may have at the same time. */
export const slotsOf = (worker: WorkerRecord): number => worker.config.slots ?? worker.profile.slots

export const showPerson = (ctx: CommandContext, worker: WorkerRecord): Person => ({
  worker_id: worker.worker_id,
  name: worker.name,
  description: worker.description,
  taking: worker.profile.left !== true,
  paused: isPaused(ctx, worker),
  capabilities: [...worker.capabilities],
  slots: slotsOf(worker),
})

/** The worker record of the calling member; undefined when they have never taken jobs. */
export const ownWorker = ({ caller, store }: Pick<CommandContext, 'caller' | 'store'>): WorkerRecord | undefined =>
  caller.kind === 'member' ? store.workers.ofMember(caller.member.member_id) : undefined

/** Like `ownWorker`, for calls that require one. Such calls count as a sign that the person is present. */
export function actingPerson(ctx: CommandContext): Result<WorkerRecord> {
  const worker = ownWorker(ctx)
  return worker === undefined
    ? fail('not-found', 'You are not taking jobs. Start taking jobs in My work, or with POST /api/v1/work/join.')
    : ok(heard(ctx, worker))
}

/** Records a sign of the person, from any window or device, and extends the leases of their jobs. */
export function heard(ctx: CommandContext, worker: WorkerRecord): WorkerRecord {
  ctx.live.presence.seen(worker.worker_id, ctx.at)
  for (const lease of ctx.live.leases.heldBy(worker.worker_id)) {
    const job = ctx.store.jobs.get(lease.job_id)
    const after = job === undefined ? undefined : seen(job, ctx.at)
    if (after === undefined || after === job) continue
    const saved = saveJob(ctx, after)
    ctx.onCommit(() => {
      lease.expires_at = leaseUntil(ctx, saved)
    })
  }
  if (ctx.at - (worker.last_seen_at ?? 0) < limits.person_seen_write_ms) return worker
  const after = { ...worker, last_seen_at: ctx.at }
  ctx.store.workers.save(after)
  return after
}

/** A worker name that is not in use, derived from the member's name. */
function freeName(ctx: CommandContext, memberName: string): string {
  const name = nameOfPerson(memberName)
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`
    if (ctx.store.workers.named(candidate) === undefined) return candidate
  }
}

function join(ctx: CommandContext, input: Parsed<'work.join'>): Result<Person> {
  if (ctx.caller.kind !== 'member') return fail('forbidden', 'Only members take jobs as persons.')
  const { member } = ctx.caller
  const known = ownWorker(ctx)
  if (known !== undefined) return rejoin(ctx, known, input)
  if (input.capabilities !== undefined && !roleMay(member.role, 'workers.manage'))
    return fail(
      'forbidden',
      `A ${member.role} declares no capabilities. Take jobs without any, and ask an operator to add them to your worker.`,
    )
  const taken = input.name !== undefined && ctx.store.workers.named(input.name) !== undefined
  if (taken) return fail('name-taken', `A worker named ${input.name} exists. Choose another name.`)
  const worker: WorkerRecord = {
    worker_id: `wk${ctx.randomText(16)}`,
    name: input.name ?? freeName(ctx, member.name),
    kind: 'carbon',
    description: input.description ?? `${member.name}, in person`,
    capabilities: input.capabilities ?? [],
    requires_secrets: [],
    config: {},
    config_version: 1,
    may_raise_killswitch: false,
    paused: false,
    profile: { ...emptyProfile, slots: limits.person_slots },
    companion_of: null,
    member_id: member.member_id,
    created_at: ctx.at,
    last_seen_at: ctx.at,
    revoked_at: null,
  }
  ctx.store.workers.save(worker)
  ctx.live.presence.seen(worker.worker_id, ctx.at)
  const tiers = worker.capabilities.map((item) => `${item.name}=${item.risk_tier}`).join(', ')
  ctx.record({
    action: 'worker.register',
    subject: subject(worker),
    worker_id: worker.worker_id,
    summary: `carbon ${worker.name}${tiers === '' ? '' : `: ${tiers}`}`,
  })
  return ok(showPerson(ctx, worker))
}

function rejoin(ctx: CommandContext, worker: WorkerRecord, input: Parsed<'work.join'>): Result<Person> {
  if (input.name !== undefined && input.name !== worker.name)
    return fail('wrong-state', `You take jobs as ${worker.name}; the name of a worker does not change.`)
  if (input.capabilities !== undefined && JSON.stringify(input.capabilities) !== JSON.stringify(worker.capabilities))
    return fail(
      'wrong-state',
      `Change the capabilities of ${worker.name} as those of any worker: PATCH /api/v1/workers/${worker.worker_id}.`,
    )
  const taking = setTaking(ctx, heard(ctx, worker), true)
  if (input.description === undefined || input.description === taking.description) return ok(showPerson(ctx, taking))
  const after = { ...taking, description: input.description }
  ctx.store.workers.save(after)
  ctx.record({ action: 'worker.update', subject: subject(worker), worker_id: worker.worker_id, summary: 'changed description' })
  return ok(showPerson(ctx, after))
}

function setTaking(ctx: CommandContext, worker: WorkerRecord, taking: boolean): WorkerRecord {
  if (taking === (worker.profile.left !== true)) return worker
  const after = { ...worker, profile: { ...worker.profile, left: !taking } }
  ctx.store.workers.save(after)
  const what = taking ? 'takes jobs again' : 'takes no more jobs'
  ctx.record({ action: 'worker.update', subject: subject(worker), worker_id: worker.worker_id, summary: `${worker.name} ${what}` })
  return after
}

function leave(ctx: CommandContext): Result<Person> {
  const worker = actingPerson(ctx)
  return worker.ok ? ok(showPerson(ctx, setTaking(ctx, worker.value, false))) : worker
}

/**
 * Records that the person is present. Without jobs in hand it writes a row every few minutes at most; for a member who takes no jobs, none.
 */
function here(ctx: CommandContext): Result<{ taking: boolean; claimed: number }> {
  const worker = ownWorker(ctx)
  if (worker === undefined) return ok({ taking: false, claimed: 0 })
  heard(ctx, worker)
  return ok({ taking: worker.profile.left !== true, claimed: ctx.live.leases.running(worker.worker_id) })
}

export const personCommands = { 'work.join': join, 'work.leave': leave, 'work.here': here }
