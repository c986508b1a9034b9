/**
 * Responsible for the effect of a jump of the server's clock on work in flight: lease deadlines in memory are stale, as after a cold start, so every
 * running job gets one fresh lease. The jump itself is detected in kernel/jump-detector.ts.
 */
import { limits } from '@modelreins/contract'
import { leaseUntil } from './commands/attempts.ts'
import { systemActor } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { Jump } from '../kernel/jump-detector.ts'
import { saveJob } from './save-job.ts'

const seconds = (ms: number): number => Math.round(ms / 1000)

export function extendAfterJump(ctx: CommandContext, jump: Jump): void {
  const leases = [...ctx.live.leases.leases()]
  ctx.onCommit(() => {
    if (jump.kind === 'back') ctx.live.presence.setBack(ctx.at)
    ctx.live.due.hint(ctx.at)
  })
  for (const lease of leases) {
    const job = ctx.store.jobs.get(lease.job_id)
    if (job?.status !== 'running') continue
    // When the clock was set back, a start time in the future would postpone the deadline by as much.
    if (job.started_at !== null && job.started_at > ctx.at) saveJob(ctx, { ...job, started_at: ctx.at })
    const { person } = job.spec
    if (person !== undefined) {
      // While the server did not run, a person could not be seen as present, so the gap does not count as absence.
      const seen_at = jump.kind === 'gap' ? ctx.at : Math.min(person.seen_at, ctx.at)
      const woken = saveJob(ctx, { ...job, spec: { ...job.spec, person: { limit_ms: person.limit_ms, seen_at } } })
      ctx.onCommit(() => {
        lease.expires_at = leaseUntil(ctx, woken)
      })
      continue
    }
    const fresh = lease.long ? leaseUntil(ctx, job) : ctx.at + limits.cold_start_grace_ms
    ctx.onCommit(() => {
      lease.expires_at = jump.kind === 'gap' ? Math.max(lease.expires_at, fresh) : Math.min(lease.expires_at, fresh)
    })
  }
  if (leases.length === 0) return
  const what =
    jump.kind === 'gap'
      ? `The server did not run for ${seconds(jump.to - jump.from)} s`
      : `The server's clock was set back by ${seconds(jump.from - jump.to)} s`
  ctx.record({
    action: 'server.jump',
    subject: 'server',
    summary: `${what}: ${leases.length} running job${leases.length === 1 ? '' : 's'} got a fresh lease`,
    actor: systemActor,
  })
}
