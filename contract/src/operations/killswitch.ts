/** Responsible for the rows of the operations table about the reins. It knows no implementation. */
import * as z from 'zod'
import * as killswitch from '../killswitch.ts'
import * as service from '../service.ts'
import { operation } from './row.ts'

export const killswitchOperations = {
  'killswitch.get': operation({
    method: 'GET',
    path: '/api/v1/killswitch',
    seedPaths: ['/killswitch'],
    scope: 'killswitch.read',
    summary: 'Level, reason, who acknowledged and who has not',
    input: service.nothing,
    output: killswitch.killswitchState,
    status: 200,
    problems: [],
  }),
  'killswitch.raise': operation({
    method: 'POST',
    path: '/api/v1/killswitch',
    seedPaths: ['/killswitch'],
    scope: 'killswitch.raise',
    summary: 'Raise the killswitch (default: 3, stop)',
    input: killswitch.killswitchRaise,
    output: killswitch.killswitchState,
    status: 200,
    problems: ['wrong-state'],
  }),
  'killswitch.clear': operation({
    method: 'DELETE',
    path: '/api/v1/killswitch',
    seedPaths: ['/killswitch'],
    scope: 'killswitch.clear',
    summary: 'Clear the killswitch; workers stay paused unless resume_all',
    input: z.strictObject({
      resume_all: z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean()).optional(),
    }),
    output: killswitch.killswitchState,
    status: 200,
    problems: [],
  }),
  'killswitch.ack': operation({
    method: 'POST',
    path: '/api/v1/killswitch/ack',
    seedPaths: ['/killswitch/ack'],
    scope: 'work',
    summary: 'A worker confirms that it has stopped for a generation',
    input: z.strictObject({ generation: z.number().int(), worker: z.string().max(255).optional() }),
    output: service.done,
    status: 200,
    problems: ['not-found'],
  }),
} as const
