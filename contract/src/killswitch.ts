/** Responsible for the killswitch as callers see it: levels, who raised it, who has acknowledged. */
import * as z from 'zod'
import { flag, integer, refuseMeaningless, text, time } from './fields.ts'

/** 0 clear, 1 hold, 2 drain, 3 stop, 4 halt. */
export const killswitchLevels = ['clear', 'hold', 'drain', 'stop', 'halt'] as const
export const killswitchLevel = integer(0, 4)

/** Carried on every reply to a worker and on every push. `active` from level 3 on (seed 001). */
export const killswitchBrief = z.object({
  level: z.number().int(),
  active: z.boolean(),
  reason: z.string().nullable(),
  generation: z.number().int(),
})
export type KillswitchBrief = z.infer<typeof killswitchBrief>

const witness = z.object({ worker_id: z.string(), name: z.string(), last_seen: time.nullable() })
export const killswitchState = killswitchBrief
  .extend({
    raised_by: z.string().nullable(),
    raised_at: time.nullable(),
    acknowledged: z.array(witness.extend({ acknowledged_at: time })),
    /** Workers that were there in the day before, have not said that they stop, and have not acknowledged. */
    stragglers: z.array(
      witness.extend({
        /** Jobs that were taken from it when the level was raised, and whose processes it has not said to have ended. */
        jobs: z.array(z.number().int()).optional(),
      }),
    ),
  })
  .meta({ id: 'Killswitch' })
export type KillswitchState = z.infer<typeof killswitchState>

const raiseFields = z.strictObject({
  level: integer(1, 4).optional(),
  reason: text(500).optional(),
  /** Says that a level below the one in force is meant: without it a raise never loosens the reins. */
  lower: flag.optional(),
})
export const killswitchRaise = raiseFields.check(
  refuseMeaningless<z.output<typeof raiseFields>>({
    field: 'lower',
    when: ({ level, lower }) => lower === true && level === undefined,
    message: 'needs level: which one is meant',
  }),
)
