/** Responsible for registering schedules with the kernel: jobs with `not_before`, and repeated dispatches. */
import { limits } from '@modelreins/contract'
import type { Room } from '../kernel/room.ts'
import { scheduleCommands } from './commands.ts'
import { meetDue } from './due.ts'
import { scheduleHold } from './hold.ts'
import { ScheduleStore } from './schedule-store.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly schedules: ScheduleStore
  }
  interface Effects {
    /** Handles the due schedules. */
    meet_schedules: object
  }
}

export const scheduleRoom = {
  name: 'schedules',
  hold: scheduleHold,
  commands: scheduleCommands,
  tables: ({ db }) => ({ schedules: new ScheduleStore(db) }),
  duties: [
    {
      // Schedules that are due now are handled after the current sweep, so only later ones set the alarm.
      next: ({ at, store }) => store.schedules.nextAfter(at),
      run: (ctx) => {
        if (ctx.store.schedules.due(ctx.at, 1).length > 0) ctx.after({ kind: 'meet_schedules' })
      },
    },
  ],
  effects: { meet_schedules: meetDue },
  prune: ({ at, store, atOnce }) => store.schedules.prune(at - limits.schedule_run_retention_ms, atOnce),
} satisfies Room
