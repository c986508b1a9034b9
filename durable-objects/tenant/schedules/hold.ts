/** Responsible for the hold `schedule`: a job whose `not_before` is ahead waits until then; the queue's sweep releases it when it is due. */
import { holdForSchedule } from '../../../src/domain/job/schedule.ts'
import type { Hold } from '../queue/hold.ts'

export const scheduleHold: Hold = {
  reason: 'schedule',
  // A retry starts at once: its schedule was for the first attempt.
  before: (ctx, job, trigger) =>
    trigger.kind === 'queued' && (trigger.was === null || trigger.was.status === 'pending') ? holdForSchedule(job, ctx.at) : job,
  clear: () => ({ kind: 'pass' }),
  spend: () => ({}),
  pools: { released: () => false, refuses: () => 'none' },
}
