/** Responsible for opening the reviews that turn out to be missing when a worker asks for work: nothing else would ever move those jobs. */
import { mayNeedAsking, unasked } from '../queue/offers.ts'
import type { Choosing, Unasked } from '../queue/offers.ts'
import type { CommandContext } from '../kernel/context.ts'
import { askFor } from './gate.ts'
import { updateJob } from '../queue/save-job.ts'
import type { WorkerRecord } from '../workers/worker-store.ts'

/** Reviews opened in one go: humans read them. */
const atOnce = 20

/** What this worker would have to be asked about. Cheap for workers whose tiers ask for nothing. */
export const unaskedOf = (ctx: Choosing, worker: WorkerRecord): readonly Unasked[] =>
  mayNeedAsking(ctx, worker) ? unasked(ctx, worker, atOnce) : []

/** Holds each of these jobs for a review. */
export function bringBeforeHuman(ctx: CommandContext, found: readonly Unasked[]): void {
  for (const { job, ask } of found) updateJob(ctx, askFor(ctx, job, ask.gate, ask.why))
}
