/** Responsible for the shapes of the killswitch: levels, who raised it, and who has acknowledged it. */
import * as z from 'zod'
import { flag, integer, refuseMeaningless, text, time } from './fields.ts'

/** 0 clear, 1 hold, 2 drain, 3 stop, 4 halt. */
export const killswitchLevels = ['clear', 'hold', 'drain', 'stop', 'halt'] as const
export const killswitchLevel = integer(0, 4)

/** Part of every reply to a worker and of every push. `active` from level 3 on (seed 001). */
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
    /** Workers that were live in the last day, did not say that they stop, and have not acknowledged. */
    stragglers: z.array(
      witness.extend({
        /** Jobs that were taken from the worker when the level was raised, and whose processes it has not reported as ended. */
        jobs: z.array(z.number().int()).optional(),
      }),
    ),
  })
  .meta({ id: 'Killswitch' })
export type KillswitchState = z.infer<typeof killswitchState>

const raiseFields = z.strictObject({
  level: integer(1, 4).optional(),
  reason: text(500).optional(),
  /** Required to set a level below the present one, so that a raise never lowers the level by accident. */
  lower: flag.optional(),
})
export const killswitchRaise = raiseFields.check(
  refuseMeaningless<z.output<typeof raiseFields>>({
    field: 'lower',
    when: ({ level, lower }) => lower === true && level === undefined,
    message: 'needs level: the level to lower to',
  }),
)
