/** Responsible for the due work about artifacts: ending stale uploads, expiring artifacts, retrying erasures, deleting old rows. */
import { systemActor } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { Duty } from '../kernel/room.ts'
import { giveUp, inPlace, recordArtifact } from './commands.ts'

/** The most artifacts per sweep; the next sweep handles the rest. */
const atOnce = 500

function expireArtifacts(ctx: CommandContext): void {
  for (const artifact of ctx.store.artifacts.due(ctx.at, atOnce)) {
    if (artifact.state === 'erased') {
      ctx.store.artifacts.forget(artifact.id)
      continue
    }
    giveUp(ctx, artifact, artifact.state === 'kept' ? 'expired' : null)
    if (artifact.state === 'kept') recordArtifact(ctx, artifact, 'expire', inPlace(artifact), systemActor)
  }
}

export const artifactDuty: Duty = { next: ({ store }) => store.artifacts.nextDue(), run: expireArtifacts }
