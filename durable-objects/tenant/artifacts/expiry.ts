/** Responsible for what time does to artifacts: uploads are given up, artifacts expire, erasures are tried again, what is gone is forgotten. */
import { systemActor } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { Duty } from '../kernel/room.ts'
import { giveUp, inPlace, recordArtifact } from './commands.ts'

/** Artifacts treated in one sweep; the clock comes back for the rest. */
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
