/** Responsible for what follows a commit: each effect goes to the rooms that perform its kind, in the order in which commands asked for them. */
import type { Effect } from './context.ts'
import type { Host } from './host.ts'
import { roomsWith } from './rooms-with.ts'

export function performEffects(host: Host, effects: readonly Effect[]): void {
  for (const effect of effects) {
    for (const room of roomsWith(host.rooms, 'effects')) {
      // The kind chooses the handler, and the handler takes what effects of that kind carry: the compiler cannot see the two together.
      const perform = room.effects[effect.kind] as ((host: Host, effect: Effect) => void) | undefined
      perform?.(host, effect)
    }
  }
}
