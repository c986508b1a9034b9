/**
 * Responsible for the hold `schedule`: a job whose `not_before` is in the future waits until then; the queue's sweep releases it when it is
 * due.
 */
import { holdForSchedule } from '../../../src/domain/job/schedule.ts'
import type { Hold } from '../queue/hold.ts'

export const scheduleHold: Hold = {
  reason: 'schedule',
  // A retry starts at once: `not_before` applies to the first attempt only.
  before: (ctx, job, trigger) =>
    trigger.kind === 'queued' && (trigger.was === null || trigger.was.status === 'pending') ? holdForSchedule(job, ctx.at) : job,
  clear: () => ({ kind: 'pass' }),
  spend: () => ({}),
  pools: { released: () => false, refuses: () => 'none' },
}
