/**
 * Responsible for notifying people's devices of jobs that are offered to them or that they have had for too long, and for withdrawing those
 * notifications.
 */
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { membersWithDevices, tellDevices, untellDevices } from '../devices/tell.ts'
import type { CommandContext } from '../kernel/context.ts'
import { isOpenTo } from '../queue/offers.ts'

/** Called for every job that is written, so it returns early while no device is registered or nobody takes jobs. */
export function tellPersons(ctx: CommandContext, job: JobRecord): void {
  const { devices, workers } = ctx.store
  if (devices.isEmpty() || !workers.hasPeople()) return
  for (const memberId of membersWithDevices(ctx)) {
    const worker = workers.ofMember(memberId)
    if (worker === undefined) continue
    const waits = job.status === 'pending' && job.hold === null
    const offered = waits && worker.profile.left !== true && isOpenTo(ctx, worker, job)
    const reminded = job.status === 'running' && job.worker_id === worker.worker_id && job.spec.person?.reminded_at !== undefined
    for (const [what, is] of [
      ['offer', offered],
      ['in-hand', reminded],
    ] as const) {
      const thing = { what, id: job.id }
      if (is) tellDevices(ctx, thing, (one) => one === memberId)
      else untellDevices(ctx, thing, memberId)
    }
  }
}
