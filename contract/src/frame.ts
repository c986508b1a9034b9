/**
 * Responsible for the shapes of the frames on the worker socket, `GET /api/v1/connect`. A message is one frame or an array of frames (a batch is
 * committed in one transaction). The platform answers `ping` with `pong` without waking the object.
 */
import * as z from 'zod'
import { instanceLabel, integer } from './fields.ts'
import { attemptCompletion, attemptFailure, offer, startReply } from './claim.ts'
import { killswitchBrief } from './killswitch.ts'
import { limits } from './limits.ts'
import { problemSchema } from './problem.ts'
import { presenceReply, presenceReport, workerConfig } from './worker.ts'

const ref = z.number().int().nonnegative()
const token = z.string().max(400)

export const helloFrame = presenceReport.extend({
  type: z.literal('hello'),
  instance: instanceLabel,
  version: z.string().max(40).optional(),
})
/** How many offers the worker can take now: an absolute number, so that a lost frame causes no lasting error. */
export const creditFrame = z.strictObject({ type: z.literal('credit'), slots: integer(0, limits.claim_max) })
export const startFrame = z.strictObject({ type: z.literal('start'), ref, token })
/** Gives an offer back at once instead of letting it expire, because there is no room for it after all. */
export const declineFrame = z.strictObject({ type: z.literal('decline'), token })
export const completeFrame = attemptCompletion.extend({ type: z.literal('complete'), ref, token })
export const failFrame = attemptFailure.extend({ type: z.literal('fail'), ref, token })
/**
 * Gives back a started attempt that has not begun: the worker started it before it had a slot, and none became free. Answered by `settled` with the
 * status `pending`; refused once the attempt has sent output. A worker sends it only if `takes` of `welcome` contains it.
 */
export const handBackFrame = z.strictObject({ type: z.literal('hand_back'), ref, token })
export const presenceFrame = presenceReport.extend({ type: z.literal('presence') })
export const killswitchAckFrame = z.strictObject({ type: z.literal('killswitch_ack'), generation: z.number().int() })
export const abortAckFrame = z.strictObject({ type: z.literal('abort_ack'), job_id: z.number().int(), attempt: z.number().int() })

/** From worker to server. */
export const workerFrame = z.discriminatedUnion('type', [
  helloFrame,
  creditFrame,
  startFrame,
  declineFrame,
  completeFrame,
  failFrame,
  handBackFrame,
  presenceFrame,
  killswitchAckFrame,
  abortAckFrame,
])
export type WorkerFrame = z.infer<typeof workerFrame>
/** A whole message. The server parses it frame by frame, so that it can name an invalid one. */
export const workerMessage = z.union([workerFrame, z.array(workerFrame).min(1).max(512)])

export const welcomeFrame = presenceReply.extend({
  type: z.literal('welcome'),
  /** Types of frames that this server accepts in addition to those of the first version. */
  takes: z.array(z.string()).optional(),
})
/** Only `status` and not the whole job, because the worker has the job and completions must be fast. */
export const settledReply = z.object({ job_id: z.number().int(), status: z.string() })
export const serverFrame = z.discriminatedUnion('type', [
  welcomeFrame,
  offer.extend({ type: z.literal('offer') }),
  z.object({ type: z.literal('started'), ref, expires_at: z.string(), attempt: startReply.shape.lease.shape.attempt }),
  settledReply.extend({ type: z.literal('settled'), ref }),
  z.object({ type: z.literal('problem'), ref: ref.nullable(), problem: problemSchema }),
  z.object({ type: z.literal('abort'), job_id: z.number().int(), attempt: z.number().int(), reason: z.string() }),
  z.object({ type: z.literal('killswitch'), killswitch: killswitchBrief }),
  z.object({ type: z.literal('config'), config: workerConfig, config_version: z.number().int(), paused: z.boolean() }),
  z.object({ type: z.literal('review'), review_id: z.number().int(), job_id: z.number().int().nullable(), status: z.string() }),
])
export type ServerFrame = z.infer<typeof serverFrame>

/** WebSocket close codes of this protocol (RFC 6455, range 4000-4999). */
export const closeCodes = {
  /** Another process with this name took over, or was connected first. */
  name_taken: 4001,
  revoked: 4003,
  protocol_error: 4000,
  killed: 4004,
} as const
